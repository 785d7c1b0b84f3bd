package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.Location;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import io.sluice.core.table.ColumnType;
import io.sluice.core.table.SplitSettings;
import io.sluice.core.task.Task;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** A stage of {@code split@1} has one table, and columns and shares that make table sets of it. */
final class SplitTaskRule implements Rule {
  private static final String ID = "SLU-1030";

  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .stages()
        .forEach((name, stage) -> {
          if (stage instanceof Spec.Split split) {
            inputs(view, name, split, findings);
            classes(view, name, split.with(), findings);
            columns(view, name, split.with(), findings);
            parts(view, name, split.with(), findings);
          } else if (stage instanceof Spec.Evaluate evaluate) {
            forecasts(view, name, evaluate, findings);
          }
        });
  }

  private static void inputs(SpecView view, String name, Spec.Split split, Findings findings) {
    for (Map.Entry<String, Ref> input : split.inputs().entrySet()) {
      if (!input.getKey().equals(SplitSettings.TABLE)) {
        findings.add(
            ID,
            view.spans().key("stages", name, "inputs", input.getKey()),
            "split@1 has no input \"" + input.getKey() + "\"",
            DidYouMean.hint(List.of(SplitSettings.TABLE), input.getKey()));
      } else if (input.getValue() instanceof Ref.Champion champion) {
        findings.add(
            ID,
            view.spans().value("stages", name, "inputs", input.getKey()),
            champion + " is not today's data",
            "write data.<source> or <stage>.<output>");
      }
    }
    if (!split.inputs().containsKey(SplitSettings.TABLE)) {
      findings.add(
          ID,
          view.spans().key("stages", name),
          "split@1 stage \"%s\" has no input \"%s\"".formatted(name, SplitSettings.TABLE),
          "name the CSV that it cuts, inputs: { table: data.<source> }");
    }
  }

  private static void classes(SpecView view, String name, SplitSettings with, Findings findings) {
    Task task = view.spec().task();
    Location at = view.spans().value("stages", name, "with", "classes");
    if (task.classes() && with.classes().isEmpty()) {
      findings.add(
          ID,
          view.spans().key("stages", name),
          "split@1 stage \"%s\" does not say the classes of \"%s\"".formatted(name, with.label()),
          task == Task.BINARY
              ? "write them, the positive one last: classes: [no, yes]"
              : "write them in the order of the model's probabilities: classes: [a, b, c]");
    } else if (task == Task.BINARY && with.classes().size() != 2) {
      findings.add(
          ID,
          at,
          "a binary task has two classes, not " + with.classes().size(),
          "write the positive one last, classes: [no, yes]; for more than two take task:"
              + " multiclass");
    } else if (task.scored() && !task.classes() && !with.classes().isEmpty()) {
      findings.add(
          ID,
          at,
          "classes for the task " + task.word() + ", whose labels are numbers",
          "delete them, or say what the models are asked for: task: binary, task: multiclass");
    }
  }

  private static void columns(SpecView view, String name, SplitSettings with, Findings findings) {
    for (String feature : with.types().keySet()) {
      boolean listed = with.features().isEmpty() || with.features().contains(feature);
      if (!listed || with.ignore().contains(feature)) {
        findings.add(
            ID,
            view.spans().key("stages", name, "with", "types", feature),
            "\"" + feature + "\" has a type, and the features are without it",
            "delete its type, or make it a feature");
      }
    }
    for (String ignored : with.ignore()) {
      if (!with.features().isEmpty()) {
        findings.add(
            ID,
            view.spans().key("stages", name, "with", "ignore"),
            "\"" + ignored + "\" is ignored beside a list of features",
            "a list of features names all of them: delete ignore");
        break;
      }
    }
    // what the format of tables refuses is found here, before there is a table
    SortedMap<String, ColumnType> features = new TreeMap<>();
    with.features().forEach(f -> features.put(f, ColumnType.FLOAT));
    features.putAll(with.types());
    features.putIfAbsent("\u0000", ColumnType.FLOAT);
    try {
      with.format(features).columns();
    } catch (IllegalArgumentException e) {
      findings.add(
          ID,
          view.spans().key("stages", name, "with"),
          String.valueOf(e.getMessage()),
          "docs/tabular.md says what each column is for");
    }
  }

  private static void parts(SpecView view, String name, SplitSettings with, Findings findings) {
    if (with.validation() + with.holdout() >= 1) {
      findings.add(
          ID,
          view.spans().key("stages", name, "with"),
          "validation and holdout leave no row to learn from",
          "together they take less than 100%");
    }
    if (with.period().isPresent() && with.time().isEmpty()) {
      findings.add(
          ID,
          view.spans().key("stages", name, "with", "period"),
          "a period without a column of times",
          "name it, time: <column>, or delete period");
    }
  }

  /** Forecasts are judged on panels, which {@code split@1} does not make. */
  private static void forecasts(
      SpecView view, String name, Spec.Evaluate evaluate, Findings findings) {
    if (!view.spec().task().tabular()
        && evaluate.inputs().get("holdout") instanceof Ref.Output holdout
        && view.spec().stages().get(holdout.stage()) instanceof Spec.Split) {
      findings.add(
          ID,
          view.spans().value("stages", name, "inputs", "holdout"),
          "a forecast is judged on a panel, and split@1 makes tables of single rows",
          "say what the models are asked for: task: binary, multiclass, regression or quantile;"
              + " a panel is cut by a stage of yours (`sluice init` writes one)");
    }
  }
}
