package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Puts a verdict into sentences. Every figure in them is one of the verdict's. */
final class Explanation {
  private final Verdict verdict;
  private final List<String> sentences = new ArrayList<>();

  private Explanation(Verdict verdict) {
    this.verdict = verdict;
  }

  static List<String> of(Verdict verdict) {
    Explanation explanation = new Explanation(verdict);
    explanation.decision();
    explanation.audit();
    explanation.families();
    explanation.comparison();
    explanation.conditions();
    explanation.unseen();
    explanation.floors();
    explanation.numbers();
    explanation.slices();
    explanation.periods();
    explanation.labels();
    return List.copyOf(explanation.sentences);
  }

  private void decision() {
    boolean replaces = verdict.reference().equals(Optional.of(HoldoutRows.CHAMPION));
    String name = Words.called(verdict.candidate());
    boolean promotes = verdict.promotes();
    String does =
        replaces
            ? (promotes ? " replaces the champion. " : " does not replace the champion. ")
            : excluded()
                ? " does not become the champion. "
                : promotes ? " becomes the first champion. " : " does not become champion. ";
    sentences.add(
        (promotes ? "PROMOTE: " : "HOLD (" + verdict.reason().map(Reason::word).orElse("") + "): ")
            + name
            + does
            + bar(name)
            + "."
            + (promotes && !told().isEmpty()
                ? " Part of the audit for leaks could not be made ("
                    + Words.count(told().size(), "check")
                    + ")."
                : ""));
    for (int i = 0; i < verdict.findings().size(); i++) {
      Verdict.Finding finding = verdict.findings().get(i);
      sentences.add(
          (i == 0 ? "Why: " : "Also (" + finding.reason().word() + "): ")
              + finding.text()
              + ". What would lift it: "
              + finding.lift()
              + ".");
    }
  }

  /** Whether there is a champion that no candidate can be compared with yet. */
  private boolean excluded() {
    return verdict.findings().stream().anyMatch(f -> f.code().equals(Gate.CHAMPION_APART));
  }

  /** What was asked of the candidate, why that, and whether it is proven. */
  private String bar(String name) {
    Optional<Verdict.Test> superior = test(Verdict.Basis.SUPERIORITY);
    Optional<Verdict.Test> notInferior = test(Verdict.Basis.NON_INFERIORITY);
    if (verdict.reference().isEmpty()) {
      return "There is no champion yet, and it was compared with nothing";
    }
    String reference = verdict.reference().get();
    if (superior.isEmpty()) {
      return "It was not compared with " + Words.called(reference);
    }
    String asked = " it had to be proven " + Words.asked(superior.get(), reference);
    String spoken = verdict.promotes() ? "" : "; something else speaks against it";
    String outcome = superior.get().proven() ? ", and it is" + spoken : ", and it is not";
    if (notInferior.isPresent()) {
      return "As the champion is stale ("
          + staleness(name)
          + "),"
          + asked
          + " or, failing that, "
          + Words.noMoreThan(-notInferior.get().threshold())
          + (superior.get().proven()
              ? ": the first is proven" + spoken
              : notInferior.get().proven()
                  ? ": the second is proven, the first is not" + spoken
                  : ": neither is proven");
    }
    if (reference.equals(HoldoutRows.CHAMPION)) {
      return "It" + asked.substring(" it".length()) + outcome;
    }
    return excluded()
        ? "As the champion cannot be compared with," + asked + outcome
        : "A first champion must be proven "
            + Words.asked(superior.get(), reference)
            + (superior.get().proven()
                ? ", and " + name + " is" + spoken
                : ", and " + name + " is not");
  }

  private Optional<Verdict.Test> test(Verdict.Basis basis) {
    return verdict.tests().stream()
        .filter(t -> t.candidate().equals(verdict.candidate()) && t.basis() == basis)
        .findFirst();
  }

  private String staleness(String name) {
    Verdict.Labels labels = verdict.labels();
    Instant fresh = labels.candidate().orElse(labels.asOf());
    return "its newest label is "
        + labels.champion().map(c -> days(c, fresh)).orElse("unknown days")
        + " older than "
        + (labels.candidate().isPresent() ? name + "'s" : "the data")
        + "; from "
        + Words.count(verdict.policy().get(GatePolicy.STALE_AFTER).toDays(), "day")
        + " on it counts as stale";
  }

  /** What nobody could look at and does not hold; what holds is a finding. */
  private void audit() {
    if (!told().isEmpty()) {
      sentences.add("Not audited for leaks: " + AuditRule.listed(told()) + ".");
    }
  }

  private List<EvaluationReport.Unaudited> told() {
    return AuditRule.told(verdict.unaudited(), verdict.policy());
  }

  /** Which families there were, who was picked and why; nothing when there was one and no other. */
  private void families() {
    List<Verdict.Family> all = verdict.families();
    if (all.size() < 2) {
      return;
    }
    List<Verdict.Family> met = all.stream().filter(f -> f.validationLoss().isPresent()).toList();
    Metric.Loss metric = verdict.policy().get(GatePolicy.METRIC);
    String title = metric.title();
    String figures =
        String.join(
            ", ",
            met.stream()
                .map(f ->
                    f.name()
                        + f.validationLoss().map(v -> " " + Figures.number(v)).orElse("")
                        + value("candidate:" + f.name())
                            .map(v -> " (on the holdout " + v + ")")
                            .orElse(""))
                .toList());
    boolean together = verdict.policy().get(GatePolicy.CANDIDATES) == GatePolicy.Candidates.ALL;
    sentences.add(
        "Of "
            + all.size()
            + " families "
            + (met.size() == 1 ? "one has" : met.size() + " have")
            + " a candidate; "
            + title
            + (metric.direction() == Direction.MAXIMIZE ? " (more is better)" : "")
            + " on validation: "
            + figures
            + ". "
            + (together ? together(met.size()) : picked(met)));
    for (Verdict.Family family : all) {
      family
          .trouble()
          .ifPresent(why -> sentences.add("The family " + family.name() + " is out: " + why + "."));
    }
  }

  private String picked(List<Verdict.Family> met) {
    boolean passedOver = met.stream().anyMatch(f -> f.trouble().isPresent()) && met.size() > 1;
    return verdict.family()
        + preferred(met)
            .orElse(
                " was picked as the best there"
                    + (passedOver
                        ? " of those that " + (tabular() ? "predict" : "forecast") + " every row"
                        : ""))
        + (met.size() > 1
            ? ", and it alone meets the gate: the others' holdout figures are shown, not judged."
            : ".");
  }

  /** How the pick came about where simpler families are preferred and one was ahead of another. */
  private Optional<String> preferred(List<Verdict.Family> met) {
    List<Verdict.Family> compared = met.stream().filter(f -> f.behind().isPresent()).toList();
    Optional<Verdict.Family> best =
        compared.stream().min(Comparator.comparingDouble(f -> behind(f).share()));
    if (compared.size() < 2 || best.isEmpty()) {
      return Optional.empty();
    }
    String name = verdict.family();
    if (best.get().name().equals(name)) {
      return Optional.of(
          " was picked as the best there; "
              + String.join(
                  ", ",
                  compared.stream()
                      .filter(f -> !f.name().equals(name))
                      .map(f -> f.name() + " loses " + distance(f))
                      .toList()));
    }
    return compared.stream()
        .filter(f -> f.name().equals(name))
        .map(f ->
            " was picked as the simplest of those that are within one standard error of the best"
                + " there, "
                + best.get().name()
                + ": it loses "
                + distance(f))
        .findFirst();
  }

  private static String distance(Verdict.Family family) {
    return Figures.percent(behind(family).share())
        + " more (standard error "
        + Figures.percent(behind(family).standardError())
        + ")";
  }

  private static EvaluationReport.Behind behind(Verdict.Family family) {
    return family.behind().orElseThrow();
  }

  private String together(int met) {
    String all = met == 1 ? "It meets" : "All of them meet";
    return all
        + " the gate, each p-value corrected for their number; "
        + verdict.family()
        + (verdict.promotes()
            ? " is the best on the holdout of those that passed."
            : " is the one that is judged here.");
  }

  private void comparison() {
    Verdict.Data data = verdict.data();
    if (tabular()) {
      sentences.add(table(data));
    } else if (data.firstTarget().isPresent() && data.lastTarget().isPresent()) {
      sentences.add(
          "The holdout: "
              + Words.count(data.rows(), "row")
              + " of "
              + Words.count(data.units(), "unit")
              + " ("
              + data.positiveUnits()
              + " with anything to predict), targets from "
              + day(data.firstTarget().get())
              + " to "
              + day(data.lastTarget().get())
              + ".");
    }
    // bases of one candidate share figures and interval; what was asked differs
    for (String candidate :
        verdict.tests().stream().map(Verdict.Test::candidate).distinct().toList()) {
      List<Verdict.Test> its =
          verdict.tests().stream().filter(t -> t.candidate().equals(candidate)).toList();
      String reference = verdict.reference().orElse(HoldoutRows.CHAMPION);
      sentences.add(measured(its.getFirst(), reference));
      for (Verdict.Test test : its) {
        sentences.add(tested(test, reference));
        if (test.proven()) {
          break; // what passes the first passes the second
        }
      }
    }
  }

  private boolean tabular() {
    return verdict.policy().task().tabular();
  }

  /** {@code The holdout: 114 rows (42 of the class yes, the rarest).}. */
  private static String table(Verdict.Data data) {
    String unit = data.units() == data.rows() ? "" : " of " + Words.count(data.units(), "unit");
    return "The holdout: "
        + Words.count(data.rows(), "row")
        + unit
        + data.rarestClass()
            .map(c ->
                " ("
                    + data.positiveUnits()
                    + (unit.isEmpty() ? " of" : " with a row of")
                    + " the class "
                    + c
                    + ", the rarest)")
            .orElse("")
        + data.firstTarget()
            .flatMap(first ->
                data.lastTarget()
                    .map(last ->
                        first.equals(last)
                            ? ", of the period up to " + day(last)
                            : ", of periods that end from " + day(first) + " to " + day(last)))
            .orElse("")
        + ".";
  }

  /** {@code Poisson deviance on the holdout: xgboost 1.02, the champion 1.73, so ..}. */
  private String measured(Verdict.Test test, String reference) {
    Metric.Loss metric = verdict.policy().get(GatePolicy.METRIC);
    boolean more = metric.direction() == Direction.MAXIMIZE;
    String name = Words.called(test.candidate());
    return "On the holdout the "
        + metric.title()
        + (more ? " (more is better)" : "")
        + " of "
        + name
        + " is "
        + value(test.candidate()).orElse("not defined")
        + ", that of "
        + Words.called(reference)
        + " "
        + value(reference).orElse("not defined")
        + ": "
        + (more ? "in its error, 1 - " + metric.title() + ", " : "")
        + name
        + " is "
        + Words.gain(test.improvement())
        + test.interval()
            .map(i ->
                " ("
                    + Figures.percent(verdict.policy().get(GatePolicy.CONFIDENCE))
                    + " interval: "
                    + Words.interval(i)
                    + ")")
            .orElse("")
        + ".";
  }

  private String tested(Verdict.Test test, String reference) {
    return "That "
        + Words.called(test.candidate())
        + " is "
        + Words.asked(test, reference)
        + " is "
        + (test.proven() ? "proven" : "not proven")
        + ": a model that is not would look as good by chance in "
        + Words.chance(Math.max(test.p(), test.twoWay().map(Contrast.TwoWay::p).orElse(0.0)))
        + ofSuch()
        + (test.twoWay().map(w -> w.p() > test.p()).orElse(false)
            ? ", errors that whole periods share allowed for"
            : "")
        + "; "
        + Words.chance(test.level())
        + " is allowed.";
  }

  private String ofSuch() {
    return Words.ofSuch(verdict.policy().task());
  }

  private Optional<String> value(String model) {
    return verdict.models().stream()
        .filter(m -> m.name().equals(model))
        .findFirst()
        .flatMap(Verdict.Model::value)
        .map(Figures::number);
  }

  private void conditions() {
    if (verdict.data().timeless().orElse(false) && !verdict.tests().isEmpty()) {
      sentences.add(
          "The rows carry no time, so nothing is known of errors that rows of one period share, nor"
              + " of how the models do on later rows.");
    }
    if (verdict.conditional() && !verdict.tests().isEmpty()) {
      sentences.add(
          ShortWindow.of(verdict.data().periods())
              .map(this::conditional)
              .orElse("The verdict is conditional on this window."));
    }
    verdict.models().stream()
        .filter(m -> m.name().equals(verdict.candidate()))
        .findFirst()
        .flatMap(Verdict.Model::bias)
        .ifPresentOrElse(
            bias ->
                sentences.add(
                    "In total its "
                        + Words.predictions(verdict.policy().task())
                        + " are "
                        + Words.off(bias)
                        + " (bias "
                        + Figures.signed(bias)
                        + ")"
                        + notProven()
                        + "."),
            () -> {
              if (!verdict.tests().isEmpty()
                  && verdict.policy().get(GatePolicy.METRIC).scored()
                  && verdict.policy().find(GatePolicy.BIAS).isPresent()) {
                sentences.add(
                    "The actual values sum to zero, so the guard on bias could not look at the"
                        + " total.");
              }
            });
    verdict
        .rareValues()
        .filter(r -> verdict.findings().stream().noneMatch(f -> f.code().equals("rareValues")))
        .flatMap(RareValues::sentence)
        .ifPresent(sentences::add);
    if (verdict.data().looks() > 0) {
      sentences.add(
          verdict.data().looks()
              + " earlier "
              + (verdict.data().looks() == 1 ? "gate has" : "gates have")
              + " looked at mostly the same rows; "
              + Figures.percent(verdict.data().newRowShare())
              + " are new.");
    }
  }

  private String conditional(ShortWindow window) {
    String few =
        "With "
            + window.periods()
            + (verdict.policy().task().tabular() ? " period" : " target period")
            + (window.periods() == 1 ? "" : "s")
            + " (fewer than "
            + ShortWindow.ENOUGH
            + ") the verdict is conditional on this "
            + (verdict.policy().task().tabular() ? "holdout: " : "window: ");
    if (verdict.policy().task().tabular()) {
      return few
          + "errors that rows of one period share look like a gain, and so few periods do not tell"
          + " them from one, so they are not allowed for.";
    }
    return few
        + "errors of all units that last longer than"
        + " it look like a gain. Where they are strong, "
        + Figures.number(window.falsePromotions())
        + " of 100 candidates that are no better pass at a confidence of 95%, not 5.";
  }

  /** Why a bias above the bound does not hold. */
  private String notProven() {
    return verdict
        .bias()
        .filter(b -> !b.proven() && !Rounding.atMost(Math.abs(b.value()), b.allowed()))
        .map(b ->
            "; that is more than the allowed "
                + Figures.percent(b.allowed())
                + ", but units and periods vary so much that chance would show it in "
                + Words.chance(b.p())
                + ofSuch()
                + ", so it does not hold")
        .orElse("");
  }

  private void unseen() {
    verdict
        .unseen()
        .filter(u -> u.rows() < verdict.data().rows())
        .ifPresent(u ->
            sentences.add(
                u.rows() == 0
                    ? "The champion was trained or chosen on all of these rows, so it looks"
                        + " better here than it is."
                    : "On the "
                        + Words.count(u.rows(), "row")
                        + " that the champion was neither trained nor chosen on, "
                        + Words.called(verdict.candidate())
                        + " is "
                        + Words.gain(u.improvement())
                        + "."));
  }

  private void floors() {
    List<Verdict.FloorResult> all = verdict.floors();
    List<String> met =
        all.stream()
            .filter(r -> r.outcome() == Verdict.FloorResult.Outcome.MET)
            .map(r ->
                r.title()
                    + r.column().map(c -> " " + r.where()).orElse("")
                    + " "
                    + r.figures()
                    + " ("
                    + r.asked()
                    + " is asked)")
            .toList();
    List<String> skipped =
        all.stream()
            .filter(r -> r.outcome() == Verdict.FloorResult.Outcome.SKIPPED)
            .map(r -> r.title() + " " + r.where() + " (" + r.why() + ")")
            .toList();
    if (!met.isEmpty()) {
      sentences.add(
          (all.size() == 1
                  ? "The only floor is met"
                  : "Of " + all.size() + " figures with a floor " + met.size() + " reach it")
              + ": "
              + some(met)
              + ".");
    }
    if (!skipped.isEmpty()) {
      sentences.add("Floors did not judge " + some(skipped) + ".");
    }
  }

  private void numbers() {
    List<NumberResult> all = verdict.numbers();
    List<String> met =
        all.stream()
            .filter(r -> r.outcome() == NumberResult.Outcome.MET)
            .map(r -> r.name() + " " + r.figures() + " (" + r.asked() + ")")
            .toList();
    if (!met.isEmpty()) {
      sentences.add(
          (all.size() == 1
                  ? "The only limit of a number that a stage reported is kept"
                  : "Of "
                      + all.size()
                      + " limits of numbers that stages reported "
                      + met.size()
                      + (met.size() == 1 ? " is kept" : " are kept"))
              + ": "
              + some(met)
              + ".");
    }
    List<String> apart =
        all.stream()
            .filter(r ->
                r.outcome() == NumberResult.Outcome.SKIPPED
                    || (r.outcome() == NumberResult.Outcome.MET && r.because().isPresent()))
            .map(r -> r.name() + " " + r.figures() + " (" + r.because().orElse("") + ")")
            .toList();
    if (!apart.isEmpty()) {
      sentences.add("Not compared with the champion: " + some(apart) + ".");
    }
  }

  private static String some(List<String> all) {
    int most = 6;
    return String.join(", ", all.subList(0, Math.min(most, all.size())))
        + (all.size() > most ? " and " + (all.size() - most) + " more" : "");
  }

  private void slices() {
    verdict.slices().stream()
        .filter(s -> s.improvement().isPresent())
        .min(Comparator.comparingDouble(s -> s.improvement().orElse(0.0)))
        .ifPresent(worst -> {
          long unknown = verdict.slices().stream().filter(s -> s.improvement().isEmpty()).count();
          sentences.add(
              (verdict.slices().size() == 1
                      ? "The only slice is "
                      : "Of "
                          + verdict.slices().size()
                          + " slices "
                          + (worst.improvement().orElse(0.0) >= 0
                              ? "none is worse; the least gain is in "
                              : "the least favourable is "))
                  + worst.column()
                  + " = "
                  + worst.value()
                  + ": "
                  + Words.gain(worst.improvement())
                  + (worst.improvement().orElse(0.0) >= 0
                      ? ""
                      : worst.regression()
                          ? ", which is proven"
                          : ", which is not proven: chance would show it in "
                              + Words.chance(worst.adjustedP())
                              + ofSuch())
                  + "."
                  + (unknown == 0
                      ? ""
                      : " In "
                          + Words.count(unknown, "slice")
                          + " a gain cannot be computed, as "
                          + verdict.reference().map(Words::called).orElse("the other")
                          + " loses nothing there."));
        });
  }

  private void periods() {
    List<Verdict.Period> known =
        verdict.periods().stream().filter(p -> p.improvement().isPresent()).toList();
    if (known.size() < 2) {
      return;
    }
    long better = known.stream().filter(p -> p.improvement().orElse(0.0) > 0).count();
    sentences.add(
        "It is better in "
            + better
            + " of "
            + known.size()
            + (tabular() ? " periods" : " target periods")
            + "; in the last one ("
            + day(known.get(known.size() - 1).targetEnd())
            + ") it is "
            + Words.gain(known.get(known.size() - 1).improvement())
            + ".");
  }

  private void labels() {
    Verdict.Labels labels = verdict.labels();
    labels
        .candidate()
        .ifPresent(newest ->
            sentences.add(
                "The model is served as tested; its newest label is "
                    + days(newest, labels.asOf())
                    + " old"
                    + labels
                        .champion()
                        .map(c -> ", the champion's " + days(c, labels.asOf()))
                        .orElse("")
                    + "."));
  }

  private static String days(Instant from, Instant to) {
    long days = Math.max(0, Duration.between(from, to).toDays());
    return days + (days == 1 ? " day" : " days");
  }

  private static LocalDate day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }
}
