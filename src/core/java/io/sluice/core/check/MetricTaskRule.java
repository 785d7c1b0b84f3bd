package io.sluice.core.check;

import io.sluice.core.gate.Floor;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Metric;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import io.sluice.core.task.Task;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The gate's metric and its floors judge what the models of the spec's task predict. */
final class MetricTaskRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Metric.Loss metric = view.spec().gate().policy().get(GatePolicy.METRIC);
    Task task = view.spec().task();
    for (Floor floor : view.spec().gate().policy().find(GatePolicy.FLOORS).orElse(List.of())) {
      floor(view, floor, metric, findings);
    }
    if (metric.scored() ? metric.judges(task) : !scored(view.spec()) && givenLoss(task)) {
      return;
    }
    List<String> judging = Metric.Loss.of(task).stream().map(Metric.Loss::name).toList();
    findings.add(
        "SLU-1039",
        view.spans().value("gate", "metric"),
        metric.scored()
            ? "\""
                + metric.name()
                + "\" does not judge what models of the task "
                + task.word()
                + " predict: "
                + task.predicted()
            : "\""
                + metric.name()
                + "\" is a loss that the team's own evaluation writes, "
                + (scored(view.spec())
                    ? "and evaluate@1 scores predictions itself"
                    : "and of the task " + task.word() + " it writes predictions"),
        judging.isEmpty()
            ? "write metric: loss, and let a stage of your own write the rows (docs/evaluate.md)"
            : "take one of "
                + String.join(", ", judging)
                + others(metric)
                + (metric.scored() || scored(view.spec())
                    ? ""
                    : "; or say task: own at the top of the spec"));
  }

  /** A floor's figure can be computed of the rows, and says something of the task. */
  private static void floor(SpecView view, Floor floor, Metric.Loss metric, Findings findings) {
    Task task = view.spec().task();
    boolean scored = scored(view.spec());
    if (scored
        ? floor.figure().scored() && floor.figure().judges(task)
        : floor.figure().scored() == metric.scored()) {
      return;
    }
    findings.add(
        "SLU-1039",
        view.spans().key("gate", "floors", floor.name()),
        "a floor of \""
            + floor.name()
            + "\""
            + (floor.figure().scored()
                ? scored
                    ? ", which does not judge what models of the task "
                        + task.word()
                        + " predict: "
                        + task.predicted()
                    : ", and with the metric loss the rows have losses in place of predictions"
                : ", a loss that the team's own evaluation writes where it is the gate's metric"),
        "take one of "
            + String.join(", ", metric.scored() ? Metric.figures(task) : List.of(metric.name())));
  }

  private static String others(Metric.Loss metric) {
    List<String> tasks =
        metric.scored()
            ? Stream.of(Task.values()).filter(metric::judges).map(Task::word).toList()
            : List.of();
    return tasks.isEmpty()
        ? ""
        : "; or say what the models are asked for, at the top of the spec: "
            + tasks.stream().map(t -> "task: " + t).collect(Collectors.joining(" or "))
            + "; a search may have it as its objective anyway";
  }

  /** Whether a loss for each row may stand in place of predictions. */
  private static boolean givenLoss(Task task) {
    return switch (task) {
      case OWN, FORECAST -> true;
      case BINARY, MULTICLASS, REGRESSION, QUANTILE -> false;
    };
  }

  /** Whether {@code evaluate@1} scores the rows. */
  private static boolean scored(Spec spec) {
    return spec.gate().rows() instanceof Ref.Output rows
        && spec.stages().get(rows.stage()) instanceof Spec.Evaluate;
  }
}
