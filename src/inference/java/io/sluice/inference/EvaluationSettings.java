package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.Metric;
import io.sluice.core.table.TableFormat;
import io.sluice.core.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The values of an evaluate stage ({@code with}), checked.
 *
 * @param task of the models
 * @param metric by which families and baselines are picked
 * @param unit columns that name a unit
 * @param slices columns by which the gate looks at parts
 * @param labels how the snapshot's labels are laid out and mature; empty when the spec says nothing
 * @param baselines to score, in this order
 * @param derived channels that are computed and that no snapshot has
 * @param prefer families from the simplest on; empty when the best on validation is picked
 */
record EvaluationSettings(
    Task task,
    Metric.Loss metric,
    List<String> unit,
    List<String> slices,
    Optional<Labels> labels,
    List<Baseline> baselines,
    List<String> derived,
    List<String> prefer) {

  /** Columns of the snapshot, and how long after its period a label still changes. */
  record Labels(String column, String eventTime, String knownAt, Duration matureAfter) {}

  /**
   * Reads {@code with}.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6040
   */
  static EvaluationSettings parse(JsonNode with) {
    try {
      Fields fields = new Fields("`with` of evaluate", with);
      String metric = fields.text("metric");
      if (!(Metric.parse(metric) instanceof Metric.Loss loss)) {
        throw new IllegalArgumentException("`" + metric + "` cannot rank models");
      }
      Task task =
          fields
              .optionalText("task")
              .map(word ->
                  Task.of(word)
                      .filter(Task::scored)
                      .orElseThrow(
                          () -> new IllegalArgumentException("no task " + Refusal.quoted(word))))
              .orElse(Task.FORECAST);
      List<String> unit =
          task.tabular() && fields.optional("unit").isEmpty()
              ? List.of()
              : fields.texts("unit", 1, 16);
      List<String> slices =
          fields.optional("slices").isPresent() ? fields.texts("slices", 0, 16) : List.of();
      List<Baseline> baselines = new ArrayList<>();
      List<String> asked =
          task.tabular() && fields.optional("baselines").isEmpty()
              ? Baseline.of(task).stream().map(Baseline::word).toList()
              : fields.texts("baselines", 1, 16);
      for (String name : asked) {
        baselines.add(
            Baseline.of(name)
                .filter(baseline -> baseline.predicts(task))
                .orElseThrow(() ->
                    new IllegalArgumentException(
                        "no baseline %s of the task `%s`"
                            .formatted(Refusal.quoted(name), task.word()))));
      }
      Optional<Labels> labels = fields.optional("labels").map(EvaluationSettings::labels);
      List<String> derived =
          fields.optional("derived").isPresent() ? fields.texts("derived", 0, 256) : List.of();
      List<String> prefer =
          fields.optional("prefer").isPresent() ? fields.texts("prefer", 1, 1000) : List.of();
      fields.end();
      return new EvaluationSettings(
          task, loss, unit, slices, labels, List.copyOf(baselines), derived, prefer);
    } catch (IllegalArgumentException e) {
      throw Refusal.of(
          "SLU-6040",
          "evaluate: " + e.getMessage(),
          "see `with` of evaluate in docs/architecture.md",
          e);
    }
  }

  private static Labels labels(JsonNode node) {
    Fields fields = new Fields("`labels` of evaluate", node);
    Labels labels =
        new Labels(
            fields.text("column"),
            fields.text("eventTime"),
            fields.text("knownAt"),
            fields.duration("matureAfter"));
    fields.end();
    if (labels.matureAfter().isNegative()) {
      throw new IllegalArgumentException("`matureAfter` is negative");
    }
    return labels;
  }

  /** Zero when the spec says nothing of labels. */
  Duration matureAfter() {
    return labels.map(Labels::matureAfter).orElse(Duration.ZERO);
  }

  /** Refuses tables of other units or without the slices that the gate wants. */
  void holdAgainst(PanelFormat format, String name) {
    if (!format.unit().equals(unit)) {
      throw Refusal.of(
          "SLU-6040",
          "evaluate: `unit` is %s, %s/panel.json says %s".formatted(unit, name, format.unit()),
          "name the same unit columns in both");
    }
    for (String channel : derived) {
      if (!format.channels().contains(channel) || channel.equals(format.label())) {
        throw Refusal.of(
            "SLU-6040",
            "evaluate: `derived` names %s, which is not a channel of %s/panel.json beside the label"
                .formatted(Refusal.quoted(channel), name),
            "its channels are " + String.join(", ", format.channels()));
      }
    }
    for (String slice : slices) {
      if (!format.keyColumns().contains(slice)) {
        throw Refusal.of(
            "SLU-6040",
            "evaluate: there is no column `%s` to slice %s by".formatted(slice, name),
            "name it in `slices` of panel.json and write it into rows.csv");
      }
    }
  }

  /** Refuses a table of another task, or without what the gate wants of it. */
  void holdAgainst(TableFormat format, String name) {
    String file = name + "/" + TableFormat.FILE;
    if (!metric.judges(task)) {
      throw Refusal.of(
          "SLU-6040",
          "evaluate: `%s` does not judge the task `%s`".formatted(metric.name(), task.word()),
          "take one of "
              + String.join(", ", Metric.Loss.of(task).stream().map(Metric.Loss::name).toList()));
    }
    if (task.classes() == format.classes().isEmpty()
        || (task == Task.BINARY && format.classes().size() != 2)) {
      throw Refusal.of(
          "SLU-6040",
          "evaluate: `task` is `%s`, and %s names %s"
              .formatted(
                  task.word(),
                  file,
                  format.classes().isEmpty()
                      ? "no `classes`"
                      : format.classes().size() + " `classes`"),
          "two classes make `binary`, more make `multiclass`, and none a number");
    }
    if (!unit.isEmpty() && !unit.equals(format.unit())) {
      throw Refusal.of(
          "SLU-6040",
          "evaluate: `unit` is %s, %s says %s".formatted(unit, file, format.unit()),
          "leave `unit` out: the unit is the table's group, else its id");
    }
    for (String slice : slices) {
      if (!format.slices().contains(slice)) {
        throw Refusal.of(
            "SLU-6040",
            "evaluate: %s does not name `%s` to slice by".formatted(file, slice),
            "name it in `slices` of table.json and write it into rows.csv");
      }
    }
    for (String feature : derived) {
      if (!format.features().containsKey(feature)) {
        throw Refusal.of(
            "SLU-6040",
            "evaluate: `derived` names %s, which is not a feature of %s"
                .formatted(Refusal.quoted(feature), file),
            "its features are " + CsvTable.columnsInWords(List.copyOf(format.features().keySet())));
      }
    }
  }
}
