package io.sluice.core.gate;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.GatePolicy.Candidates;
import io.sluice.core.gate.GatePolicy.FirstRun;
import io.sluice.core.gate.GatePolicy.OnDrift;
import io.sluice.core.gate.GatePolicy.Repetition;
import io.sluice.core.gate.Verdict.Basis;
import io.sluice.core.gate.Verdict.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Judges a holdout by a policy. One instance per decision; {@link #decide} is the way in. The
 * procedure, with the reasons for each part, is {@code docs/gate.md}.
 */
public final class Gate {
  private final HoldoutRows rows;
  private final GatePolicy policy;
  private final History history;
  private final long seed;
  private final Metric.Loss metric;
  private final double[] ones;
  private final int[] period;
  private final List<Instant> periods;
  private final long missing;

  /** Losses per row, by model. */
  private final Map<String, double[]> losses = new TreeMap<>();

  /**
   * Decides.
   *
   * <p>The same arguments give the same verdict, bit for bit, in whatever order the rows came.
   *
   * @param seed of sign flips and bootstrap
   * @throws SluiceException SLU-8001 when the policy names a slice column that is not there;
   *     SLU-8004 when the metric cannot judge the actuals; SLU-8005 when the column of the chosen
   *     candidate is not there
   */
  public static Verdict decide(HoldoutRows rows, GatePolicy policy, History history, long seed) {
    String chosen = "candidate:" + rows.evaluation().chosen();
    if (!rows.has(chosen)) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-8005",
              "the holdout has no predictions of the chosen family '"
                  + rows.evaluation().chosen()
                  + "'",
              "its columns are " + String.join(", ", rows.models())));
    }
    for (String slice : policy.find(GatePolicy.SLICES).orElse(List.of())) {
      if (!rows.sliceColumns().contains(slice)) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-8001",
                "gate.slices names '" + slice + "', which is not a slice column of the holdout",
                "it has " + rows.sliceColumns() + "; add it to evaluate's slices"));
      }
    }
    Optional<String> reference = reference(rows, policy);
    BitSet usable = usable(rows, reference, policy.get(GatePolicy.METRIC));
    long missing =
        Math.max(rows.evaluation().rows().expected().orElse(0L), rows.size())
            - usable.cardinality();
    return new Gate(rows.only(usable), policy, history, seed, missing)
        .judge(chosen, reference, HoldoutKeys.of(rows));
  }

  private Gate(HoldoutRows rows, GatePolicy policy, History history, long seed, long missing) {
    this.rows = rows;
    this.policy = policy;
    this.history = history;
    this.seed = seed;
    this.metric = policy.get(GatePolicy.METRIC);
    this.missing = missing;
    long[] ends = Arrays.stream(rows.targetEnd()).distinct().sorted().toArray();
    this.periods = Arrays.stream(ends).mapToObj(Instant::ofEpochMilli).toList();
    this.period =
        Arrays.stream(rows.targetEnd()).mapToInt(end -> Arrays.binarySearch(ends, end)).toArray();
    this.ones = new double[rows.size()];
    Arrays.fill(ones, 1);
  }

  private static Optional<String> reference(HoldoutRows rows, GatePolicy policy) {
    if (rows.has(HoldoutRows.CHAMPION)) {
      return Optional.of(HoldoutRows.CHAMPION);
    }
    return policy.get(GatePolicy.FIRST_RUN) == FirstRun.BEATS_NAIVE
        ? Optional.of("baseline:" + rows.evaluation().bestBaseline()).filter(rows::has)
        : Optional.empty();
  }

  /** Rows on which candidate and reference can be compared. */
  private static BitSet usable(HoldoutRows rows, Optional<String> reference, Metric.Loss metric) {
    double[] other = reference.map(rows::predictions).orElse(new double[rows.size()]);
    BitSet out = new BitSet(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      double actual = rows.actual()[i];
      if (Double.isNaN(actual)) {
        continue;
      }
      Optional<String> objection = metric.objection(actual);
      if (objection.isPresent()) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-8004",
                "the actual "
                    + actual
                    + " of unit "
                    + rows.units().names().get(rows.units().code()[i])
                    + " "
                    + objection.get()
                    + " for "
                    + metric.name(),
                "choose a metric that fits the label, such as mae, or mend the label"));
      }
      if (Double.isFinite(other[i])) {
        out.set(i);
      }
    }
    return out;
  }

  private Verdict judge(String chosen, Optional<String> reference, HoldoutKeys.Cells keys) {
    List<String> candidates =
        policy.get(GatePolicy.CANDIDATES) == Candidates.ALL
            ? rows.models().stream().filter(m -> m.startsWith("candidate:")).toList()
            : List.of(chosen);
    List<String> eligible = candidates.stream().filter(c -> unusable(c) == 0).toList();
    History.Novelty novelty = history.novelty(keys, policy.get(GatePolicy.MIN_NEW_ROWS));
    Verdict.Labels labels = labels(reference);
    Basis basis = labels.stale() ? Basis.NON_INFERIORITY : Basis.SUPERIORITY;
    double level = level(novelty);

    List<Verdict.Test> tests =
        reference.isEmpty() || eligible.isEmpty() || rows.size() == 0
            ? List.of()
            : tests(eligible, reference.get(), basis, level);
    Verdict.Data data = data(candidates, eligible, reference, novelty);

    List<Finding> about = new ArrayList<>(insufficient(data, reference));
    if (rows.context().drift() == DriftStatus.DRIFTED
        && policy.get(GatePolicy.ON_DRIFT) == OnDrift.HOLD) {
      about.add(
          new Finding(
              Reason.GUARD,
              "drift",
              "today's data has drifted from the training data, and the policy holds on drift",
              "train on data that has the change in it, or set onDrift: review"));
    }
    Judged judged = subject(chosen, eligible, reference, tests, basis);
    about.addAll(judged.findings);
    about.sort(Comparator.comparing(Finding::reason));

    String subject = judged.candidate;
    return new Verdict(
        about.isEmpty() ? Decision.PROMOTE : Decision.HOLD,
        about.stream().findFirst().map(Finding::reason),
        subject,
        reference,
        basis,
        periods.size() < Contrast.TWO_WAY_PERIODS,
        List.copyOf(about),
        data,
        rows.evaluation().families().stream()
            .map(Verdict.Family::of)
            .sorted(Comparator.comparing(Verdict.Family::name))
            .toList(),
        models(),
        tests,
        unusable(subject) > 0 ? Optional.empty() : unseen(subject, reference),
        judged.slices,
        unusable(subject) > 0 ? List.of() : gains(subject, reference),
        labels,
        policy,
        seed,
        keys);
  }

  // ---- which candidate

  private record Judged(String candidate, List<Finding> findings, List<Verdict.Slice> slices) {}

  /** The candidate to be judged: the best of those that pass, else the one chosen on validation. */
  private Judged subject(
      String chosen,
      List<String> eligible,
      Optional<String> reference,
      List<Verdict.Test> tests,
      Basis basis) {
    if (!eligible.contains(chosen) && eligible.isEmpty()) {
      return new Judged(chosen, List.of(ineligible(chosen)), List.of());
    }
    if (reference.isEmpty() || tests.isEmpty()) {
      return new Judged(eligible.contains(chosen) ? chosen : eligible.get(0), List.of(), List.of());
    }
    List<Verdict.Test> proven =
        tests.stream()
            .filter(Verdict.Test::proven)
            .sorted(
                Comparator.comparingDouble((Verdict.Test t) -> total(t.candidate()))
                    .thenComparing(Verdict.Test::candidate))
            .toList();
    List<Judged> failed = new ArrayList<>();
    for (Verdict.Test test : proven) {
      Judged judged = assess(test, reference.get(), basis);
      if (judged.findings.isEmpty()) {
        return judged;
      }
      failed.add(judged);
    }
    if (!failed.isEmpty()) {
      return failed.get(0);
    }
    Verdict.Test test =
        tests.stream()
            .filter(t -> t.candidate().equals(chosen))
            .findFirst()
            .orElseGet(() ->
                tests.stream()
                    .min(Comparator.comparingDouble(t -> total(t.candidate())))
                    .orElseThrow());
    return assess(test, reference.get(), basis);
  }

  private Finding ineligible(String candidate) {
    return new Finding(
        Reason.GUARD,
        "predictions",
        unusable(candidate)
            + " predictions of "
            + candidate
            + " are missing, infinite, "
            + (metric.probabilities() ? "or no probabilities" : "or negative"),
        "look at the rows of its column that are, and at the family's output");
  }

  private Judged assess(Verdict.Test test, String reference, Basis basis) {
    List<Finding> findings = new ArrayList<>();
    String candidate = test.candidate();
    String other = Explanation.called(reference);
    if (!test.proven() && test.worseP() <= 1 - policy.get(GatePolicy.CONFIDENCE)) {
      findings.add(
          new Finding(
              Reason.WORSE,
              "worse",
              "its "
                  + metric.title()
                  + " is proven worse than "
                  + other
                  + "'s ("
                  + Explanation.gain(test.improvement())
                  + ", chance finding "
                  + Figures.probability(test.worseP())
                  + ")",
              "look at what changed in data, features or search space since the champion"));
    } else if (!test.proven()) {
      findings.add(inconclusive(test, other, basis));
    }
    List<Verdict.Slice> slices = slices(candidate, reference);
    for (Verdict.Slice slice : slices) {
      if (slice.regression()) {
        findings.add(
            new Finding(
                Reason.WORSE,
                "slice",
                "in "
                    + slice.column()
                    + " = "
                    + slice.value()
                    + " its "
                    + metric.title()
                    + " is proven worse ("
                    + Explanation.gain(slice.improvement())
                    + ", chance finding "
                    + Figures.probability(slice.adjustedP())
                    + " after all slices were looked at)",
                "look at this slice's data and features; the rest may well be better"));
      }
    }
    bias(candidate, reference).ifPresent(findings::add);
    return new Judged(candidate, List.copyOf(findings), slices);
  }

  private Finding inconclusive(Verdict.Test test, String other, Basis basis) {
    boolean unitsDo = test.p() <= test.level();
    String asked =
        basis == Basis.SUPERIORITY
            ? "an improvement above " + Figures.percent(policy.get(GatePolicy.MIN_IMPROVEMENT))
            : "being no more than "
                + Figures.percent(policy.get(GatePolicy.NON_INFERIORITY))
                + " worse";
    String found =
        asked
            + " on "
            + other
            + " is not proven: it measures "
            + Explanation.gain(test.improvement())
            + ", ";
    return new Finding(
        Reason.INCONCLUSIVE,
        "improvement",
        unitsDo
            ? found
                + "which could be the doing of common ups and downs of the periods (p "
                + Figures.probability(test.twoWay().map(Contrast.TwoWay::p).orElse(1.0))
                + ", allowed "
                + Figures.probability(test.level())
                + ")"
            : found
                + "which chance alone could bring (p "
                + Figures.probability(test.p())
                + ", allowed "
                + Figures.probability(test.level())
                + ")",
        unitsDo
            ? "more target periods in the holdout, or a larger gain"
            : "more units or rows in the holdout, or a larger gain");
  }

  // ---- guards and sufficiency

  private Optional<Finding> bias(String candidate, String reference) {
    double bias = bias(candidate);
    if (Double.isNaN(bias) || Math.abs(bias) <= policy.get(GatePolicy.BIAS)) {
      return Optional.empty();
    }
    boolean champion = reference.equals(HoldoutRows.CHAMPION);
    double allowed =
        champion
            ? Math.max(
                policy.get(GatePolicy.BIAS),
                Math.abs(bias(reference)) + policy.get(GatePolicy.BIAS_SLACK))
            : policy.get(GatePolicy.BIAS);
    if (Math.abs(bias) <= allowed) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Reason.GUARD,
            "bias",
            "forecasts are "
                + Figures.percent(Math.abs(bias))
                + (bias < 0 ? " too low" : " too high")
                + " in total (bias "
                + Figures.signed(bias)
                + ", allowed "
                + String.format(java.util.Locale.ROOT, "%.2f", allowed)
                + (champion ? "; the champion's is " + Figures.signed(bias(reference)) : "")
                + ")",
            "a candidate that gets the total right: scale its output on validation, or train it on"
                + " an objective whose mean is unbiased; or a wider guards.bias"));
  }

  private List<Finding> insufficient(Verdict.Data data, Optional<String> reference) {
    List<Finding> out = new ArrayList<>();
    if (reference.isEmpty()) {
      out.add(
          policy.get(GatePolicy.FIRST_RUN) == FirstRun.HOLD
              ? insufficient(
                  "reference",
                  "there is no champion, and the policy leaves the first one to a person",
                  "sluice override, or firstRun: beatsNaive")
              : insufficient(
                  "reference",
                  "there is no champion and no baseline to compare with",
                  "name baselines in the evaluate stage"));
    }
    if (data.missingRows() > 0) {
      out.add(
          insufficient(
              "missingRows",
              data.missingRows()
                  + " holdout rows are missing, or have no actual or no prediction of "
                  + reference.map(Explanation::called).orElse("a reference"),
              "an evaluate stage that scores every model on every holdout row"));
    }
    if (data.units() < policy.get(GatePolicy.MIN_UNITS)) {
      out.add(
          insufficient(
              "units",
              "the holdout has "
                  + data.units()
                  + " units, at least "
                  + policy.get(GatePolicy.MIN_UNITS)
                  + " are needed",
              "a holdout with more units, or a finer unit"));
    }
    if (data.positiveUnits() < policy.get(GatePolicy.MIN_POSITIVE_UNITS)) {
      out.add(
          insufficient(
              "positiveUnits",
              "only "
                  + data.positiveUnits()
                  + " units have anything to predict, at least "
                  + policy.get(GatePolicy.MIN_POSITIVE_UNITS)
                  + " are needed",
              "a longer holdout window, or a coarser unit"));
    }
    if (data.topUnitShare().orElse(0.0) > policy.get(GatePolicy.MAX_UNIT_SHARE)) {
      out.add(
          insufficient(
              "topUnit",
              "unit "
                  + data.topUnit().orElse("")
                  + " alone makes "
                  + Figures.percent(data.topUnitShare().orElse(0.0))
                  + " of the loss, at most "
                  + Figures.percent(policy.get(GatePolicy.MAX_UNIT_SHARE))
                  + " is allowed: the verdict would be about this unit",
              "look at this unit's data; weigh it down or model it apart if it is right"));
    }
    if (policy.get(GatePolicy.REPETITION) == Repetition.HOLD
        && data.newRowShare() < policy.get(GatePolicy.MIN_NEW_ROWS)) {
      out.add(
          insufficient(
              "newRows",
              "only "
                  + Figures.percent(data.newRowShare())
                  + " of the holdout rows are new since earlier gates, at least "
                  + Figures.percent(policy.get(GatePolicy.MIN_NEW_ROWS))
                  + " must be: who asks the same rows often enough gets a yes in the end",
              "newer labels; or repetition: spend, which asks for stronger proof each time"));
    }
    return out;
  }

  private static Finding insufficient(String code, String text, String lift) {
    return new Finding(Reason.INSUFFICIENT, code, text, lift);
  }

  private Verdict.Data data(
      List<String> candidates,
      List<String> eligible,
      Optional<String> reference,
      History.Novelty novelty) {
    int names = rows.units().names().size();
    boolean[] seen = new boolean[names];
    boolean[] positive = new boolean[names];
    for (int i = 0; i < rows.size(); i++) {
      int u = rows.units().code()[i];
      seen[u] = true;
      positive[u] |= rows.actual()[i] > 0;
    }
    List<String> judged = new ArrayList<>(eligible.isEmpty() ? List.of() : candidates);
    judged.retainAll(eligible);
    reference.ifPresent(judged::add);
    int top = -1;
    double share = 0;
    for (String model : judged) {
      double[] byUnit = new double[names];
      double[] loss = losses(model);
      for (int i = 0; i < rows.size(); i++) {
        byUnit[rows.units().code()[i]] += loss[i];
      }
      double all = Arrays.stream(byUnit).map(Math::abs).sum();
      for (int u = 0; u < names && all > 0; u++) {
        if (Math.abs(byUnit[u]) / all > share) {
          share = Math.abs(byUnit[u]) / all;
          top = u;
        }
      }
    }
    return new Verdict.Data(
        rows.size(),
        missing,
        count(seen),
        count(positive),
        periods.size(),
        periods.stream().findFirst(),
        periods.isEmpty() ? Optional.empty() : Optional.of(periods.get(periods.size() - 1)),
        top < 0 ? Optional.empty() : Optional.of(rows.units().names().get(top)),
        top < 0 ? Optional.empty() : Optional.of(share),
        novelty.rows(),
        novelty.share(),
        novelty.looks());
  }

  private static int count(boolean[] flags) {
    return (int) IntStream.range(0, flags.length).filter(i -> flags[i]).count();
  }

  private Verdict.Labels labels(Optional<String> reference) {
    EvaluationReport evaluation = rows.evaluation();
    Instant asOf = rows.context().asOf();
    boolean champion = reference.equals(Optional.of(HoldoutRows.CHAMPION));
    Optional<Instant> its = champion ? championNewestLabel() : Optional.empty();
    Optional<Instant> candidates =
        evaluation.family(evaluation.chosen()).flatMap(EvaluationReport.Family::newestLabel);
    Instant fresh = candidates.orElse(asOf);
    boolean stale =
        its.map(i -> Duration.between(i, fresh).compareTo(policy.get(GatePolicy.STALE_AFTER)) >= 0)
            .orElse(false);
    return new Verdict.Labels(asOf, candidates, its, stale);
  }

  private Optional<Instant> championNewestLabel() {
    return rows.evaluation().champion().flatMap(EvaluationReport.Champion::newestLabel);
  }

  /** The level of this look; see docs/gate.md. */
  private double level(History.Novelty novelty) {
    double level = 1 - policy.get(GatePolicy.CONFIDENCE);
    if (policy.get(GatePolicy.REPETITION) == Repetition.HOLD) {
      return level;
    }
    double look = 1.0 + novelty.looks();
    return level * 6 / (Math.PI * Math.PI * look * look);
  }

  // ---- tests

  private List<Verdict.Test> tests(
      List<String> candidates, String reference, Basis basis, double level) {
    double threshold =
        basis == Basis.SUPERIORITY
            ? policy.get(GatePolicy.MIN_IMPROVEMENT)
            : -policy.get(GatePolicy.NON_INFERIORITY);
    double factor = metric.factor(1 - threshold);
    List<Contrast> contrasts = new ArrayList<>();
    for (String candidate : candidates) {
      contrasts.add(contrast(candidate, reference, factor, null));
    }
    int replicates = Math.max(policy.get(GatePolicy.REPLICATES), SignFlip.replicatesFor(level));
    double[] p = SignFlip.p(contrasts, replicates, seed("test"));
    double[] twoWay =
        Holm.adjusted(
            contrasts.stream()
                .mapToDouble(c -> c.twoWay().map(Contrast.TwoWay::p).orElse(0.0))
                .toArray());
    List<Verdict.Test> out = new ArrayList<>();
    for (int k = 0; k < contrasts.size(); k++) {
      Contrast contrast = contrasts.get(k);
      String candidate = candidates.get(k);
      double adjusted = twoWay[k];
      out.add(
          new Verdict.Test(
              candidate,
              threshold,
              improvement(candidate, reference, null),
              interval(candidate, reference, null, "interval " + candidate),
              contrast.t(),
              p[k],
              replicates,
              contrast.twoWay().map(w -> new Contrast.TwoWay(w.t(), w.df(), adjusted)),
              oneSided(
                      contrast(candidate, reference, 1, null).negated(),
                      "worse " + candidate,
                      1 - policy.get(GatePolicy.CONFIDENCE))
                  .p(),
              level,
              p[k] <= level && adjusted <= level));
    }
    return List.copyOf(out);
  }

  /** The larger of the sign-flip and the two-way p-value. */
  private SignFlip.Refined oneSided(Contrast contrast, String what, double level) {
    SignFlip.Refined flip =
        SignFlip.refined(
            contrast,
            policy.get(GatePolicy.REPLICATES),
            seed(what),
            1 - policy.get(GatePolicy.CONFIDENCE),
            level);
    double both = Math.max(flip.p(), contrast.twoWay().map(Contrast.TwoWay::p).orElse(0.0));
    return new SignFlip.Refined(both, flip.replicates());
  }

  private List<Verdict.Slice> slices(String candidate, String reference) {
    record Part(String column, String value, BitSet rows) {}
    List<Part> parts = new ArrayList<>();
    for (String column :
        policy.find(GatePolicy.SLICES).orElse(rows.sliceColumns()).stream().sorted().toList()) {
      HoldoutRows.Codes codes = rows.slice(column);
      List<BitSet> byValue = new ArrayList<>();
      codes.names().forEach(name -> byValue.add(new BitSet()));
      for (int i = 0; i < rows.size(); i++) {
        byValue.get(codes.code()[i]).set(i);
      }
      for (int v = 0; v < byValue.size(); v++) {
        if (!byValue.get(v).isEmpty()) {
          parts.add(new Part(column, codes.names().get(v), byValue.get(v)));
        }
      }
    }
    double level = (1 - policy.get(GatePolicy.CONFIDENCE)) / Math.max(1, parts.size());
    List<Contrast> contrasts = new ArrayList<>();
    double[] p = new double[parts.size()];
    for (int s = 0; s < p.length; s++) {
      Part part = parts.get(s);
      Contrast contrast = contrast(candidate, reference, 1, part.rows);
      contrasts.add(contrast);
      p[s] = oneSided(contrast.negated(), "slice " + part.column + " " + part.value, level).p();
    }
    double[] adjusted = Holm.adjusted(p);
    List<Verdict.Slice> out = new ArrayList<>();
    for (int s = 0; s < p.length; s++) {
      Part part = parts.get(s);
      out.add(
          new Verdict.Slice(
              part.column,
              part.value,
              part.rows.cardinality(),
              contrasts.get(s).unitCount(),
              improvement(candidate, reference, part.rows),
              p[s],
              adjusted[s],
              adjusted[s] <= 1 - policy.get(GatePolicy.CONFIDENCE)));
    }
    return List.copyOf(out);
  }

  private Contrast contrast(
      String candidate,
      String reference,
      double factor,
      @org.jspecify.annotations.Nullable BitSet part) {
    double[] c = losses(candidate);
    double[] r = losses(reference);
    double[] difference = new double[c.length];
    Arrays.setAll(difference, i -> c[i] - factor * r[i]);
    return Contrast.of(rows.units().code(), period, difference, part);
  }

  // ---- figures

  private List<Verdict.Model> models() {
    List<Verdict.Model> out = new ArrayList<>();
    for (String model : rows.models()) {
      long unusable = unusable(model);
      double[] predicted = rows.predictions(model);
      out.add(
          unusable > 0
              ? new Verdict.Model(model, Optional.empty(), Optional.empty(), unusable)
              : new Verdict.Model(
                  model,
                  figure(metric.value(rows.actual(), predicted, rows.weight())),
                  figure(bias(model)),
                  0));
    }
    return List.copyOf(out);
  }

  private Optional<Verdict.Gain> unseen(String candidate, Optional<String> reference) {
    Optional<Instant> trained = championNewestLabel();
    Optional<HoldoutKeys> chosenOn =
        rows.context().championRun().flatMap(history::promotedBy).map(History.PastGate::keys);
    if (!reference.equals(Optional.of(HoldoutRows.CHAMPION))
        || (trained.isEmpty() && chosenOn.isEmpty())) {
      return Optional.empty();
    }
    record Place(long origin, int horizon) {}
    java.util.Set<Place> seen = new java.util.HashSet<>(); // looked up only
    if (chosenOn.isPresent() && chosenOn.get() instanceof HoldoutKeys.Cells cells) {
      cells.cells().forEach(c -> seen.add(new Place(c.origin().toEpochMilli(), c.horizon())));
    }
    long until = trained.map(Instant::toEpochMilli).orElse(Long.MIN_VALUE);
    BitSet part = new BitSet();
    for (int i = 0; i < rows.size(); i++) {
      if (rows.targetEnd()[i] > until
          && !seen.contains(new Place(rows.origin()[i], rows.horizon()[i]))) {
        part.set(i);
      }
    }
    return Optional.of(
        new Verdict.Gain(
            part.cardinality(),
            Contrast.of(rows.units().code(), period, ones, part).unitCount(),
            improvement(candidate, reference.get(), part),
            interval(candidate, reference.get(), part, "unseen")));
  }

  private List<Verdict.Period> gains(String candidate, Optional<String> reference) {
    if (reference.isEmpty()) {
      return List.of();
    }
    double[] c = losses(candidate);
    double[] r = losses(reference.get());
    double[] candidateSum = new double[periods.size()];
    double[] referenceSum = new double[periods.size()];
    long[] count = new long[periods.size()];
    for (int i = 0; i < rows.size(); i++) {
      candidateSum[period[i]] += c[i];
      referenceSum[period[i]] += r[i];
      count[period[i]]++;
    }
    List<Verdict.Period> out = new ArrayList<>();
    for (int k = 0; k < periods.size(); k++) {
      out.add(
          new Verdict.Period(
              periods.get(k), count[k], improvement(candidateSum[k], referenceSum[k])));
    }
    return List.copyOf(out);
  }

  private Optional<Double> improvement(
      String candidate, String reference, @org.jspecify.annotations.Nullable BitSet part) {
    return improvement(sum(losses(candidate), part), sum(losses(reference), part));
  }

  private Optional<Double> improvement(double candidate, double reference) {
    return reference > 0
        ? figure(metric.improvement(Math.max(candidate, 0) / reference))
        : Optional.empty();
  }

  private Optional<PercentileInterval> interval(
      String candidate,
      String reference,
      @org.jspecify.annotations.Nullable BitSet part,
      String what) {
    int[] unit = rows.units().code();
    return PercentileInterval.of(
        metric,
        Contrast.of(unit, period, losses(candidate), part).units(),
        Contrast.of(unit, period, losses(reference), part).units(),
        policy.get(GatePolicy.CONFIDENCE),
        policy.get(GatePolicy.REPLICATES),
        seed(what));
  }

  private double total(String model) {
    return sum(losses(model), null);
  }

  private static double sum(double[] values, @org.jspecify.annotations.Nullable BitSet part) {
    CompensatedSum sum = new CompensatedSum();
    for (int i = 0; i < values.length; i++) {
      if (part == null || part.get(i)) {
        sum.add(values[i]);
      }
    }
    return sum.value();
  }

  private double[] losses(String model) {
    return losses.computeIfAbsent(
        model, m -> metric.losses(rows.actual(), rows.predictions(m), rows.weight()));
  }

  private double bias(String model) {
    return new Metric.Bias().value(rows.actual(), rows.predictions(model), rows.weight());
  }

  /** Predictions that make a model ineligible. */
  private long unusable(String model) {
    double most = metric.probabilities() ? 1 : Double.MAX_VALUE;
    return Arrays.stream(rows.predictions(model)).filter(p -> !(p >= 0 && p <= most)).count();
  }

  private static Optional<Double> figure(double value) {
    return Double.isFinite(value) ? Optional.of(value) : Optional.empty();
  }

  /** Independent streams for independent uses, whatever the order in which they are drawn. */
  private long seed(String use) {
    return new SplittableRandom(seed ^ (0x9e3779b97f4a7c15L * use.hashCode())).nextLong();
  }
}
