package io.sluice.core.gate;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.gate.Verdict.Basis;
import io.sluice.core.gate.Verdict.Finding;
import io.sluice.core.task.Task;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Judges a holdout by a policy. {@link #decide} is the way in; it puts together what {@link
 * Eligibility}, {@link Proof}, {@link Regressions}, {@link Guards} and {@link Sufficiency} say. The
 * procedure, with the reasons for each part, is {@code docs/gate.md}.
 */
public final class Gate {
  /** Code of the finding that there is a champion which no candidate can be compared with. */
  static final String CHAMPION_APART = "champion";

  /** The most of the loss that one group of rows of a table may make, unless the policy says. */
  private static final double SHARE_OF_GROUPS = 0.2;

  private Gate() {}

  /**
   * Decides.
   *
   * <p>The same arguments give the same verdict, bit for bit, in whatever order the rows came.
   *
   * @param seed of sign flips and bootstrap
   * @throws SluiceException SLU-8001 when the policy names a slice column that is not there, or
   *     does not fit the task of the rows; SLU-8004 when the metric cannot judge the actuals;
   *     SLU-8005 when the column of the chosen candidate is not there
   */
  public static Verdict decide(HoldoutRows found, GatePolicy given, History history, long seed) {
    GatePolicy policy = resolved(found, given);
    HoldoutRows rows = FloorBaseline.in(found, policy);
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
    policy.find(GatePolicy.FLOORS).orElse(List.of()).forEach(floor -> fits(floor, rows, policy));
    Optional<String> reference = Eligibility.reference(rows, policy);
    BitSet usable = Eligibility.usable(rows, reference, policy.get(GatePolicy.METRIC));
    long missing =
        Math.max(rows.evaluation().rows().expected().orElse(0L), rows.size())
            - usable.cardinality();
    Comparison comparison = new Comparison(rows.only(usable), policy, seed);
    return verdict(comparison, chosen, reference, history, HoldoutKeys.of(rows), missing);
  }

  /** The policy with what it leaves to the rows: their task, and whether a unit is a single row. */
  private static GatePolicy resolved(HoldoutRows rows, GatePolicy given) {
    Optional<Task> task = rows.evaluation().task();
    if (given.task().tabular() && task.isPresent() && task.get() != given.task()) {
      throw unfit(
          "the gate judges the task "
              + given.task().word()
              + ", and the rows are of the task "
              + task.get().word(),
          "let evaluate and gate be of one run");
    }
    GatePolicy policy = given.forTask(task.orElse(given.task()));
    Metric.Loss metric = policy.get(GatePolicy.METRIC);
    if (task.isPresent() && !metric.judges(task.get())) {
      throw unfit(
          "gate.metric is "
              + metric.name()
              + ", which does not judge what models of the task "
              + task.get().word()
              + " predict: "
              + task.get().predicted(),
          "take one of "
              + String.join(
                  ", ", Metric.Loss.of(task.get()).stream().map(Metric.Loss::name).toList()));
    }
    if (policy.task() == Task.MULTICLASS && policy.find(GatePolicy.BIAS).isPresent()) {
      throw unfit(
          "gate.guards.bias limits the error of a total, and classes have no total",
          "take it away");
    }
    boolean single =
        IntStream.range(0, rows.size())
                .filter(i -> rows.weight()[i] > 0)
                .map(i -> rows.units().code()[i])
                .distinct()
                .count()
            == rows.weighted();
    return policy.find(GatePolicy.MAX_UNIT_SHARE).isPresent()
        ? policy
        : policy.with(GatePolicy.MAX_UNIT_SHARE, single ? 1.0 : SHARE_OF_GROUPS);
  }

  /** Refuses a floor of a slice that is not there, or of a figure that says nothing of the rows. */
  private static void fits(Floor floor, HoldoutRows rows, GatePolicy policy) {
    String name = "gate.floors names '" + floor.name() + "'";
    if (floor.column().filter(c -> !rows.sliceColumns().contains(c)).isPresent()) {
      throw unfit(
          name + ", and that is not a slice column of the holdout",
          "it has " + rows.sliceColumns() + "; add it to evaluate's slices");
    }
    Metric.Loss metric = policy.get(GatePolicy.METRIC);
    if (floor.figure().scored() != metric.scored()) {
      throw unfit(
          name
              + (metric.scored()
                  ? ", a loss that the team's own evaluation writes, and the rows have predictions"
                  : ", and the rows have losses in place of predictions"),
          metric.scored() ? "take another figure" : "only the figure loss is there");
    }
    if (!rows.evaluation().task().map(floor.figure()::judges).orElse(true)) {
      throw unfit(
          name
              + ", a figure that does not judge what models of the task "
              + policy.task().word()
              + " predict: "
              + policy.task().predicted(),
          "take one of " + String.join(", ", Metric.figures(policy.task())));
    }
  }

  private static SluiceException unfit(String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of("SLU-8001", message, hint));
  }

  private static Verdict verdict(
      Comparison comparison,
      String chosen,
      Optional<String> reference,
      History history,
      HoldoutKeys keys,
      long missing) {
    GatePolicy policy = comparison.policy();
    HoldoutRows rows = comparison.rows();
    Proof proof = new Proof(comparison);
    Guards guards = new Guards(comparison, proof);
    Sufficiency sufficiency = new Sufficiency(comparison);
    ShownFigures shown = new ShownFigures(comparison, history);

    List<String> candidates = Eligibility.candidates(comparison, chosen);
    List<String> eligible = Eligibility.eligible(comparison, candidates);
    History.Novelty novelty = history.novelty(keys, policy.get(GatePolicy.MIN_NEW_ROWS));
    Verdict.Labels labels = Freshness.labels(comparison, reference);
    List<Basis> bases =
        labels.stale()
            ? List.of(Basis.SUPERIORITY, Basis.NON_INFERIORITY)
            : List.of(Basis.SUPERIORITY);
    List<Verdict.Test> tests =
        reference.isEmpty() || eligible.isEmpty() || rows.size() == 0
            ? List.of()
            : proof.tests(eligible, reference.get(), bases, proof.level(novelty));
    Verdict.Data data = sufficiency.data(candidates, eligible, reference, novelty, missing);

    List<Finding> about = new ArrayList<>();
    rows.context()
        .hold()
        .ifPresent(h ->
            about.add(new Finding(Reason.INSUFFICIENT, CHAMPION_APART, h.because(), h.lift())));
    about.addAll(sufficiency.findings(data, reference));
    guards.drift().ifPresent(about::add);
    Choice.Judged judged =
        new Choice(
                comparison,
                new Regressions(comparison, proof),
                guards,
                new FloorGuard(comparison, proof),
                new ResultGuard(comparison))
            .subject(chosen, eligible, reference, tests, bases);
    about.addAll(judged.findings());
    TooGood tooGood = new TooGood(comparison);
    tooGood.finding(judged.candidate()).ifPresent(about::add);
    new BestConstant(comparison, proof)
        .finding(judged.candidate(), reference, Math.max(1, eligible.size()), proof.level(novelty))
        .ifPresent(about::add);
    List<Unaudited> unaudited = new ArrayList<>(rows.evaluation().audit().unaudited());
    tooGood.unaudited(judged.candidate()).ifPresent(unaudited::add);
    AuditRule.finding(unaudited, policy).ifPresent(about::add);
    about.sort(Comparator.comparing(Finding::reason));

    String subject = judged.candidate();
    boolean usable = comparison.unusable(subject) == 0;
    return new Verdict(
        about.isEmpty() ? Decision.PROMOTE : Decision.HOLD,
        about.stream().findFirst().map(Finding::reason),
        subject,
        reference,
        judged.basis(),
        ShortWindow.of(comparison.periods().size()).isPresent() && !rows.timeless(),
        List.copyOf(about),
        data,
        rows.evaluation().families().stream()
            .map(family -> Verdict.Family.of(family, policy.task()))
            .sorted(Comparator.comparing(Verdict.Family::name))
            .toList(),
        shown.models(),
        tests,
        usable ? shown.unseen(subject, reference) : Optional.empty(),
        judged.slices(),
        judged.floors(),
        judged.numbers(),
        judged.rareValues(),
        usable ? shown.gains(subject, reference) : List.of(),
        labels,
        judged.bias(),
        policy,
        comparison.seed(),
        unaudited,
        keys);
  }
}
