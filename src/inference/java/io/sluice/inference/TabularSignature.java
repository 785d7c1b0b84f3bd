package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.table.TableFormat;
import io.sluice.core.task.Task;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a bundle that predicts row by row says it eats and gives. A claim until {@link
 * TabularModel#load} has held it against the graph.
 *
 * @param task what it answers
 * @param inputs of the graph; none where a command predicts
 * @param output name of the graph's output; empty where it follows from the graph
 * @param classes words of the label in the order of the output's columns; empty unless the task is
 *     one of classes
 * @param quantile that it predicts; there for that task alone
 * @param newestLabel when the newest label that the model was fitted on became known
 * @param family that made it
 */
public record TabularSignature(
    Task task,
    List<Input> inputs,
    Optional<String> output,
    List<String> classes,
    Optional<Double> quantile,
    Optional<Instant> newestLabel,
    String family)
    implements BundleSignature {
  static final String KIND = "tabular";

  /** The type of a graph's input. */
  public enum Type {
    FLOAT,
    DOUBLE,
    INT,
    STRING,
    BOOL;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Type of(String word) {
      return Stream.of(values())
          .filter(t -> t.word().equals(word))
          .findFirst()
          .orElseThrow(() ->
              new IllegalArgumentException(
                  "%s is none of the types %s"
                      .formatted(
                          Refusal.quoted(word),
                          String.join(", ", Stream.of(values()).map(Type::word).toList()))));
    }
  }

  /**
   * An input of the graph: {@code [batch, columns]}, or of one column {@code [batch]} too.
   *
   * @param name in the graph
   * @param columns of the table, in the input's order
   * @param single whether it was declared as one column
   */
  public record Input(String name, Type type, List<String> columns, boolean single) {
    public Input {
      columns = List.copyOf(columns);
    }
  }

  public TabularSignature {
    inputs = List.copyOf(inputs);
    classes = List.copyOf(classes);
  }

  /**
   * Reads {@code signature.json} of a bundle that predicts row by row.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6001 when it is not there, SLU-6002 when it is
   *     no signature, SLU-6009 when it is one of another kind
   */
  public static TabularSignature read(Path folder, String name) {
    return switch (BundleSignature.read(folder, name)) {
      case TabularSignature tabular -> tabular;
      case ForecastSignature forecast ->
          throw Refusal.unfit(name, "it forecasts panels, and these tables are rows");
    };
  }

  /**
   * Reads the content of {@code signature.json}.
   *
   * @throws IllegalArgumentException when it is not such a signature; the message says where
   */
  static TabularSignature parse(JsonNode json) {
    Fields top = new Fields("the signature", json);
    top.constant("apiVersion", BundleSignature.API_VERSION);
    top.constant("kind", KIND);
    String word = top.text("task");
    Task task =
        Task.of(word)
            .filter(t -> t.tabular() && t.scored())
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "`task` of the signature is %s, not one of %s"
                        .formatted(
                            Refusal.quoted(word),
                            String.join(
                                ", ",
                                Arrays.stream(Task.values())
                                    .filter(t -> t.tabular() && t.scored())
                                    .map(Task::word)
                                    .toList()))));
    List<Input> inputs = new ArrayList<>();
    if (top.optional("inputs").isPresent()) {
      for (JsonNode node : top.array("inputs", 0, TableFormat.MAX_FEATURES)) {
        inputs.add(input(node));
      }
    }
    Set<String> names = new LinkedHashSet<>();
    for (Input input : inputs) {
      if (!names.add(input.name())) {
        throw new IllegalArgumentException(
            "the signature has two inputs " + Refusal.quoted(input.name()));
      }
    }
    int most = task == Task.BINARY ? 2 : TableFormat.MAX_CLASSES;
    List<String> classes =
        task.classes() || top.optional("classes").isPresent()
            ? top.texts("classes", 2, most)
            : List.of();
    if (!task.classes() && !classes.isEmpty()) {
      throw new IllegalArgumentException("the task `%s` has no `classes`".formatted(task.word()));
    }
    Optional<Double> quantile = top.optional("quantile").map(n -> top.number("quantile"));
    if (quantile.isPresent() != (task == Task.QUANTILE)
        || quantile.filter(q -> !(q > 0 && q < 1)).isPresent()) {
      throw new IllegalArgumentException(
          "`quantile` of the signature is a number between 0 and 1, there for the task `quantile` alone");
    }
    TabularSignature signature =
        new TabularSignature(
            task,
            inputs,
            top.optionalText("output"),
            classes,
            quantile,
            top.optionalInstant("newestLabel"),
            top.text("family"));
    top.end();
    return signature;
  }

  private static Input input(JsonNode node) {
    Fields fields = new Fields("an input of the signature", node);
    String name = fields.text("name");
    Type type = Type.of(fields.text("type"));
    Input input =
        switch (fields.text("kind")) {
          case "tensor" ->
              new Input(name, type, fields.texts("columns", 1, TableFormat.MAX_FEATURES), false);
          case "column" ->
              new Input(name, type, List.of(fields.optionalText("column").orElse(name)), true);
          default ->
              throw new IllegalArgumentException(
                  "input " + Refusal.quoted(name) + " is neither a `tensor` nor a `column`");
        };
    fields.end();
    return input;
  }

  /** Numbers that it says of a row: one for each of several classes, else one. */
  public int width() {
    return task == Task.MULTICLASS ? classes.size() : 1;
  }

  /** The columns of the table that it looks at, each once. */
  public List<String> columns() {
    return inputs.stream().flatMap(i -> i.columns().stream()).distinct().toList();
  }
}
