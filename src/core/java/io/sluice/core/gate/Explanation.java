package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
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
    explanation.slices();
    explanation.periods();
    explanation.labels();
    return List.copyOf(explanation.sentences);
  }

  /** What people call a model's column. */
  static String called(String model) {
    if (model.equals(HoldoutRows.CHAMPION)) {
      return "the champion";
    }
    int colon = model.indexOf(':');
    return model.startsWith("baseline:")
        ? "the baseline " + model.substring(colon + 1)
        : model.substring(colon + 1);
  }

  /** {@code 3.1% better}. */
  static String gain(Optional<Double> improvement) {
    if (improvement.isEmpty()) {
      return "a gain that cannot be computed";
    }
    double gain = improvement.get();
    return gain == 0
        ? "no difference"
        : Figures.percent(Math.abs(gain)) + (gain > 0 ? " better" : " worse");
  }

  private void decision() {
    String name = called(verdict.candidate());
    if (verdict.promotes()) {
      boolean first = !verdict.reference().equals(Optional.of(HoldoutRows.CHAMPION));
      sentences.add(
          "PROMOTE: "
              + name
              + (first ? " becomes the first champion" : " replaces the champion")
              + (verdict.basis() == Verdict.Basis.NON_INFERIORITY
                  ? ": it is fresh, and proven at most "
                      + Figures.percent(verdict.policy().get(GatePolicy.NON_INFERIORITY))
                      + " worse than the stale one; better is not proven"
                  : "")
              + (told().isEmpty()
                  ? "."
                  : "; part of the audit for leaks could not be made (" + told().size() + ")."));
      return;
    }
    for (int i = 0; i < verdict.findings().size(); i++) {
      Verdict.Finding finding = verdict.findings().get(i);
      sentences.add(
          (i == 0 ? "HOLD (" : "Also (")
              + finding.reason().word()
              + "): "
              + finding.text()
              + "; what would lift it: "
              + finding.lift()
              + ".");
    }
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
                        + " "
                        + Figures.number(f.validationLoss().orElse(Double.NaN))
                        + " (on the holdout "
                        + value("candidate:" + f.name())
                        + ")")
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
                    + (passedOver ? " of those that forecast every row" : ""))
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
            : " is the one reported here, since none passed.");
  }

  private void comparison() {
    Verdict.Data data = verdict.data();
    if (data.firstTarget().isPresent() && data.lastTarget().isPresent()) {
      sentences.add(
          "The holdout: "
              + data.rows()
              + " rows of "
              + data.units()
              + " units ("
              + data.positiveUnits()
              + " with anything to predict), targets from "
              + day(data.firstTarget().get())
              + " to "
              + day(data.lastTarget().get())
              + ".");
    }
    String title = verdict.policy().get(GatePolicy.METRIC).title();
    for (Verdict.Test test : verdict.tests()) {
      String reference = verdict.reference().orElse(HoldoutRows.CHAMPION);
      sentences.add(
          called(test.candidate())
              + " has a "
              + title
              + " of "
              + value(test.candidate())
              + ", "
              + called(reference)
              + " of "
              + value(reference)
              + ": "
              + (verdict.policy().get(GatePolicy.METRIC).direction() == Direction.MAXIMIZE
                  ? "its error is "
                  : "")
              + gain(test.improvement())
              + test.interval()
                  .map(i ->
                      " ("
                          + Figures.percent(verdict.policy().get(GatePolicy.CONFIDENCE))
                          + " interval "
                          + Figures.percent(i.low())
                          + " to "
                          + Figures.percent(i.high())
                          + ")")
                  .orElse("")
              + "; asked was "
              + (test.threshold() >= 0
                  ? "more than " + Figures.percent(test.threshold()) + " better"
                  : "at most " + Figures.percent(-test.threshold()) + " worse")
              + ", and chance would show as much with probability "
              + Figures.probability(test.p())
              + test.twoWay()
                  .map(w ->
                      " ("
                          + Figures.probability(w.p())
                          + " when whole periods may go well or badly together)")
                  .orElse("")
              + ", allowed "
              + Figures.probability(test.level())
              + ".");
    }
  }

  private String value(String model) {
    return verdict.models().stream()
        .filter(m -> m.name().equals(model))
        .findFirst()
        .flatMap(Verdict.Model::value)
        .map(Figures::number)
        .orElse("unknown");
  }

  private void conditions() {
    if (verdict.conditional() && !verdict.tests().isEmpty()) {
      sentences.add(
          ShortWindow.of(verdict.data().periods())
              .map(Explanation::conditional)
              .orElse("The verdict is conditional on this window."));
    }
    verdict.models().stream()
        .filter(m -> m.name().equals(verdict.candidate()))
        .findFirst()
        .flatMap(Verdict.Model::bias)
        .ifPresent(bias ->
            sentences.add(
                "In total its forecasts are "
                    + (bias == 0
                        ? "exactly right"
                        : Figures.percent(Math.abs(bias)) + (bias < 0 ? " too low" : " too high"))
                    + " (bias "
                    + Figures.signed(bias)
                    + ")"
                    + notProven()
                    + "."));
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

  private static String conditional(ShortWindow window) {
    return "With "
        + window.periods()
        + (window.periods() == 1 ? " target period" : " target periods")
        + " (fewer than "
        + ShortWindow.ENOUGH
        + ") the verdict is conditional on this window: errors of all units that last longer than"
        + " it look like a gain. Where they are strong, "
        + Figures.number(window.falsePromotions())
        + " of 100 candidates that are no better pass, not 5.";
  }

  /** Why a bias above the bound does not hold. */
  private String notProven() {
    return verdict
        .bias()
        .filter(b -> !b.proven() && !Rounding.atMost(Math.abs(b.value()), b.allowed()))
        .map(b ->
            "; more than the allowed "
                + String.format(Locale.ROOT, "%.2f", b.allowed())
                + ", but units and periods vary so much that it is not proven (p "
                + Figures.probability(b.p())
                + ")")
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
                        + u.rows()
                        + " rows that the champion was neither trained nor chosen on: "
                        + gain(u.improvement())
                        + "."));
  }

  private void slices() {
    if (verdict.slices().isEmpty()) {
      return;
    }
    verdict.slices().stream()
        .filter(s -> s.improvement().isPresent())
        .min(Comparator.comparingDouble(s -> s.improvement().orElse(0.0)))
        .ifPresent(worst ->
            sentences.add(
                verdict.slices().size()
                    + " slices were checked; the least favourable is "
                    + worst.column()
                    + " = "
                    + worst.value()
                    + " ("
                    + gain(worst.improvement())
                    + ", "
                    + (worst.regression() ? "proven" : "within chance, not a proven regression")
                    + ")."));
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
            + " target periods; in the last one ("
            + day(known.get(known.size() - 1).targetEnd())
            + ") "
            + gain(known.get(known.size() - 1).improvement())
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
