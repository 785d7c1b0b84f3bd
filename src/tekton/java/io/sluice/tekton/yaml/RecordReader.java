package io.sluice.tekton.yaml;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.Location;
import io.sluice.core.diag.SourceFile;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Quantity;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads YAML nodes into records and says everything that is wrong with them in one go, each with
 * its place. Strict like Tekton's webhook: unknown fields, numbers where text belongs and duplicate
 * keys are errors; {@code null} is an absent field.
 */
final class RecordReader {
  private static final int MAX_PROBLEMS = 100;
  private static final int MAX_NODES = 200_000;
  private static final int MAX_QUOTE = 60;

  private final SourceFile source;
  private final List<Diagnostic> problems = new ArrayList<>();
  private int nodes;

  RecordReader(SourceFile source) {
    this.source = source;
  }

  /** What is wrong, in the order of the text. */
  List<Diagnostic> problems() {
    return problems.stream()
        .sorted(
            Comparator.<Diagnostic>comparingInt(d -> d.location().map(Location::line).orElse(0))
                .thenComparingInt(d -> d.location().map(Location::column).orElse(0)))
        .toList();
  }

  /** The entries of a mapping by key, or null when it is something else (said so). */
  @Nullable Map<String, NodeTuple> entries(Node node, String what) {
    if (!(node instanceof MappingNode mapping)) {
      problem("SLU-2003", node, what + " must be a mapping, not " + kind(node), "");
      return null;
    }
    Map<String, NodeTuple> entries = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problem("SLU-2003", tuple.getKeyNode(), "a key of " + what + " must be text", "");
      } else if (entries.putIfAbsent(key.getValue(), tuple) != null) {
        problem(
            "SLU-2005",
            key,
            "duplicate key " + key.getValue() + " in " + what,
            "remove one of the two");
      }
    }
    return entries;
  }

  /** A record of this type from a mapping's entries; null when something was wrong. */
  @Nullable Object record(Class<?> type, Node node, Map<String, NodeTuple> entries, String what) {
    Fields fields = Fields.of(type);
    @Nullable Object[] values = new @Nullable Object[fields.byName().size()];
    boolean whole = true;
    for (Map.Entry<String, NodeTuple> entry : entries.entrySet()) {
      Fields.Field field = fields.byName().get(entry.getKey());
      if (field == null) {
        unknown(entry.getValue().getKeyNode(), entry.getKey(), what, fields.byName().keySet());
        whole = false;
        continue;
      }
      Node value = entry.getValue().getValueNode();
      if (!Tag.NULL.equals(value.getTag())) {
        values[field.index()] = value(field.type(), value, what + "." + field.name());
        whole &= values[field.index()] != null;
      }
    }
    for (Fields.Field field : fields.byName().values()) {
      if (values[field.index()] != null) {
        continue;
      }
      if (!field.required()) {
        values[field.index()] = absent(field.type());
      } else if (whole) {
        problem("SLU-2003", node, what + " lacks " + field.name(), "");
        whole = false;
      }
    }
    return whole ? fields.create(values) : null;
  }

  void unknown(Node at, String key, String what, Iterable<String> known) {
    List<String> names = new ArrayList<>();
    known.forEach(names::add);
    problem(
        "SLU-2002", at, "unknown field " + brief(key) + " in " + what, DidYouMean.hint(names, key));
  }

  void problem(String id, Node node, String message, String hint) {
    if (problems.size() < MAX_PROBLEMS) {
      Mark start = node.getStartMark();
      Mark end = node.getEndMark();
      int length = start.getLine() == end.getLine() ? end.getColumn() - start.getColumn() : 1;
      problems.add(
          Diagnostic.at(
              id,
              message,
              new Location(source, start.getLine() + 1, start.getColumn() + 1, Math.max(1, length)),
              hint));
    }
  }

  private static Object absent(Type type) {
    Class<?> raw = Fields.raw(type);
    return raw == Optional.class ? Optional.empty() : raw == List.class ? List.of() : Map.of();
  }

  /** The value of a field; null when something was wrong, which was said. */
  private @Nullable Object value(Type type, Node node, String what) {
    if (++nodes > MAX_NODES) {
      if (nodes == MAX_NODES + 1) {
        problem("SLU-2001", node, "more than " + MAX_NODES + " values in one text", "");
      }
      return null;
    }
    Class<?> raw = Fields.raw(type);
    if (raw == Optional.class) {
      Object value = value(Fields.parameter(type, 0), node, what);
      return value == null ? null : Optional.of(value);
    }
    if (raw == List.class) {
      return list(Fields.parameter(type, 0), node, what);
    }
    if (raw == Map.class) {
      return map(Fields.parameter(type, 1), node, what);
    }
    if (raw == ParamValue.class) {
      return paramValue(node, what);
    }
    if (raw.isRecord() && raw != Quantity.class) {
      Map<String, NodeTuple> entries = entries(node, what);
      return entries == null ? null : record(raw, node, entries, what);
    }
    if (!(node instanceof ScalarNode scalar) || Tag.NULL.equals(node.getTag())) {
      problem("SLU-2003", node, what + " must be a single value, not " + kind(node), "");
      return null;
    }
    return scalar(raw, scalar, what);
  }

  private @Nullable Object list(Type element, Node node, String what) {
    if (!(node instanceof SequenceNode sequence)) {
      problem("SLU-2003", node, what + " must be a list, not " + kind(node), "");
      return null;
    }
    List<Object> values = new ArrayList<>();
    boolean whole = true;
    for (int i = 0; i < sequence.getValue().size(); i++) {
      Object value = value(element, sequence.getValue().get(i), what + "[" + i + "]");
      if (value == null) {
        whole = false;
      } else {
        values.add(value);
      }
    }
    return whole ? values : null;
  }

  private @Nullable Object map(Type element, Node node, String what) {
    Map<String, NodeTuple> entries = entries(node, what);
    if (entries == null) {
      return null;
    }
    Map<String, Object> values = new LinkedHashMap<>();
    boolean whole = true;
    for (Map.Entry<String, NodeTuple> entry : entries.entrySet()) {
      Object value =
          value(element, entry.getValue().getValueNode(), what + "." + brief(entry.getKey()));
      if (value == null) {
        whole = false;
      } else {
        values.put(entry.getKey(), value);
      }
    }
    return whole ? values : null;
  }

  /** Any scalar is text to a parameter, as in Tekton. */
  private @Nullable Object paramValue(Node node, String what) {
    if (node instanceof ScalarNode scalar && !Tag.NULL.equals(node.getTag())) {
      return ParamValue.of(scalar.getValue());
    }
    if (node instanceof MappingNode) {
      problem(
          "SLU-2003",
          node,
          what + " is an object: parameters here are strings or lists of strings",
          "pass its fields as parameters of their own");
      return null;
    }
    if (!(node instanceof SequenceNode sequence)) {
      problem("SLU-2003", node, what + " must be a string or a list, not " + kind(node), "");
      return null;
    }
    List<String> values = new ArrayList<>();
    for (Node item : sequence.getValue()) {
      Object value = value(String.class, item, what + "[" + values.size() + "]");
      if (value == null) {
        return null;
      }
      values.add((String) value);
    }
    return ParamValue.of(values);
  }

  private @Nullable Object scalar(Class<?> type, ScalarNode node, String what) {
    String text = node.getValue();
    try {
      if (type == String.class) {
        return text(node, what);
      }
      if (type == Quantity.class) {
        return new Quantity(text);
      }
      if (type == Duration.class) {
        return GoDuration.parse(text);
      }
      if (type == Boolean.class && Tag.BOOL.equals(node.getTag())) {
        return switch (text) {
          case "true" -> true;
          case "false" -> false;
          default -> throw new IllegalArgumentException("write true or false, not " + text);
        };
      }
      if (type == Integer.class && Tag.INT.equals(node.getTag())) {
        return Integer.valueOf(text);
      }
      if (type == Long.class && Tag.INT.equals(node.getTag())) {
        return Long.valueOf(text);
      }
      if (type.isEnum()) {
        return constant(type, text);
      }
      throw new IllegalArgumentException(
          "expected " + (type == Boolean.class ? "true or false" : "a whole number"));
    } catch (IllegalArgumentException e) {
      problem("SLU-2003", node, what + ": " + e.getMessage(), "");
      return null;
    }
  }

  private @Nullable String text(ScalarNode node, String what) {
    if (Tag.STR.equals(node.getTag())) {
      return node.getValue();
    }
    problem(
        "SLU-2003",
        node,
        what + " must be text, but YAML reads " + brief(node.getValue()) + " as " + kind(node),
        "put it in quotes");
    return null;
  }

  private static Object constant(Class<?> type, String text) {
    List<String> names = new ArrayList<>();
    for (Object constant : type.getEnumConstants()) {
      String name = Fields.nameOf((Enum<?>) constant);
      if (name.equals(text)) {
        return constant;
      }
      names.add(name);
    }
    throw new IllegalArgumentException(brief(text) + " is not one of " + String.join(", ", names));
  }

  private static String brief(String text) {
    return text.length() > MAX_QUOTE ? text.substring(0, MAX_QUOTE) + ".." : text;
  }

  private static String kind(Node node) {
    if (node instanceof MappingNode) {
      return "a mapping";
    }
    if (node instanceof SequenceNode) {
      return "a list";
    }
    Tag tag = node.getTag();
    return tag.equals(Tag.NULL)
        ? "nothing"
        : tag.equals(Tag.BOOL)
            ? "true or false"
            : tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)
                ? "a number"
                : tag.equals(Tag.TIMESTAMP) ? "a date" : "text";
  }
}
