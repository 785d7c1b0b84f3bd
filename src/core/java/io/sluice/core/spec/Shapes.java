package io.sluice.core.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.core.diag.DidYouMean;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The small shapes that the parts of a spec are made of. */
final class Shapes {
  private static final String PERCENT_FORM = "[0-9]{1,3}(\\.[0-9]{1,6})?%";
  private static final Pattern PERCENT = Pattern.compile(PERCENT_FORM);

  private Shapes() {}

  /** Any text that is not empty. */
  static Shape<String> text(String what, String example) {
    return matching(what, "[\\s\\S]+", "SLU-1011", example);
  }

  /** A text of this form; {@code form} is valid both in Java and in ECMA 262. */
  static Shape<String> matching(String what, String form, String id, String hint) {
    Pattern pattern = Pattern.compile(form);
    return new Shape<>() {
      @Override
      public Optional<String> read(Yaml node, Problems problems) {
        if (!(node instanceof Yaml.Scalar s) || !(Scalars.json(s) instanceof TextNode)) {
          String quoted =
              node instanceof Yaml.Scalar s && !s.text().isEmpty() && s.plain()
                  ? "put it in quotes: \"" + s.text() + "\""
                  : hint;
          return Shape.mistyped(node, problems, what, quoted);
        }
        if (!pattern.matcher(s.text()).matches()) {
          problems.add(id, s.at(), "\"" + s.text() + "\" is not " + what, hint);
          return Optional.empty();
        }
        return Optional.of(s.text());
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("string").put("pattern", "^(" + form + ")$");
      }
    };
  }

  /** An argument of a command: any scalar, as it is written. */
  static Shape<String> argument() {
    return new Shape<>() {
      @Override
      public Optional<String> read(Yaml node, Problems problems) {
        return node instanceof Yaml.Scalar s && !(s.plain() && s.text().isEmpty())
            ? Optional.of(s.text())
            : Shape.mistyped(node, problems, "an argument", "write \"\" for an empty one");
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("string", "number", "boolean");
      }
    };
  }

  /** A Kubernetes quantity, as it is written. */
  static Shape<String> quantity(String what, String form, String example) {
    Pattern pattern = Pattern.compile(form);
    return new Shape<>() {
      @Override
      public Optional<String> read(Yaml node, Problems problems) {
        if (!(node instanceof Yaml.Scalar s)) {
          return Shape.mistyped(node, problems, what, example);
        }
        if (!pattern.matcher(s.text()).matches()) {
          problems.add("SLU-1011", s.at(), "\"" + s.text() + "\" is not " + what, example);
          return Optional.empty();
        }
        return Optional.of(s.text());
      }

      @Override
      public ObjectNode schema() {
        ObjectNode schema = JsonNodeFactory.instance.objectNode();
        ArrayNode any = schema.putArray("anyOf");
        any.add(Shape.type("string").put("pattern", "^(" + form + ")$"));
        any.add(Shape.type("number").put("exclusiveMinimum", 0));
        return schema;
      }
    };
  }

  static Shape<Boolean> flag() {
    return new Shape<>() {
      @Override
      public Optional<Boolean> read(Yaml node, Problems problems) {
        return Scalars.value(node)
            .filter(JsonNode::isBoolean)
            .map(JsonNode::booleanValue)
            .or(() -> Shape.mistyped(node, problems, "true or false", "write true or false, bare"));
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("boolean");
      }
    };
  }

  /** A whole number, bounds included. */
  static Shape<Long> whole(long low, long high) {
    return new Shape<>() {
      @Override
      public Optional<Long> read(Yaml node, Problems problems) {
        Optional<Long> value =
            Scalars.value(node).filter(JsonNode::isIntegralNumber).map(JsonNode::longValue);
        if (value.isEmpty()) {
          return Shape.mistyped(
              node, problems, "a whole number", "for example " + Math.max(low, 1));
        }
        if (value.get() < low || value.get() > high) {
          problems.add(
              "SLU-1011",
              node.at(),
              value.get() + " is out of range",
              "from " + low + " to " + high);
          return Optional.empty();
        }
        return value;
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("integer").put("minimum", low).put("maximum", high);
      }
    };
  }

  /** A whole number that fits an int. */
  static Shape<Integer> count(int low, int high) {
    return map(whole(low, high), Long::intValue);
  }

  static Shape<Double> real() {
    return new Shape<>() {
      @Override
      public Optional<Double> read(Yaml node, Problems problems) {
        return Scalars.value(node)
            .filter(JsonNode::isNumber)
            .map(JsonNode::doubleValue)
            .or(() -> Shape.mistyped(node, problems, "a number", "for example 0.1"));
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("number");
      }
    };
  }

  /** A length of time with its unit: {@code 30m}. */
  static Shape<Duration> duration() {
    String example = "a number and its unit (s, m, h or d), for example 30m, 2h or 180d";
    return new Shape<>() {
      @Override
      public Optional<Duration> read(Yaml node, Problems problems) {
        if (!(node instanceof Yaml.Scalar s)) {
          return Shape.mistyped(node, problems, "a duration", example);
        }
        Optional<Duration> duration = Durations.parse(s.text());
        if (duration.isEmpty()) {
          problems.add("SLU-1011", s.at(), "\"" + s.text() + "\" is not a duration", example);
        }
        return duration;
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("string").put("pattern", "^" + Durations.FORM + "$");
      }
    };
  }

  /** A percentage, read as a fraction: {@code 1%} is 0.01. Bounds are percentages, included. */
  static Shape<Double> percentage(String low, String high) {
    String hint = "a number with a percent sign, from " + low + "% to " + high + "%";
    return new Shape<>() {
      @Override
      public Optional<Double> read(Yaml node, Problems problems) {
        if (!(node instanceof Yaml.Scalar s)) {
          return Shape.mistyped(node, problems, "a percentage", hint);
        }
        if (!PERCENT.matcher(s.text()).matches()) {
          problems.add("SLU-1011", s.at(), "\"" + s.text() + "\" is not a percentage", hint);
          return Optional.empty();
        }
        BigDecimal percent = new BigDecimal(s.text().substring(0, s.text().length() - 1));
        if (percent.compareTo(new BigDecimal(low)) < 0
            || percent.compareTo(new BigDecimal(high)) > 0) {
          problems.add("SLU-1011", s.at(), s.text() + " is out of range", hint);
          return Optional.empty();
        }
        return Optional.of(percent.movePointLeft(2).doubleValue());
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("string").put("pattern", "^" + PERCENT_FORM + "$");
      }
    };
  }

  /** One of these words. */
  static Shape<String> word(List<String> words) {
    return word(words, "SLU-1011");
  }

  /** One of these words; another one is reported under this id. */
  static Shape<String> word(List<String> words, String id) {
    return new Shape<>() {
      @Override
      public Optional<String> read(Yaml node, Problems problems) {
        String known = "one of " + String.join(", ", words);
        if (!(node instanceof Yaml.Scalar s)) {
          return Shape.mistyped(node, problems, known, "for example " + words.getFirst());
        }
        if (!words.contains(s.text())) {
          problems.add(
              id,
              s.at(),
              "\"" + s.text() + "\" is not known here",
              DidYouMean.hint(words, s.text()));
          return Optional.empty();
        }
        return Optional.of(s.text());
      }

      @Override
      public ObjectNode schema() {
        ObjectNode schema = Shape.type("string");
        words.forEach(schema.putArray("enum")::add);
        return schema;
      }
    };
  }

  /** A list of at least so many elements. */
  static <T> Shape<List<T>> list(String what, Shape<T> element, int least, int most) {
    return new Shape<>() {
      @Override
      public Optional<List<T>> read(Yaml node, Problems problems) {
        if (!(node instanceof Yaml.Sequence s)) {
          return Shape.mistyped(node, problems, what, "write it as [a, b] or as lines with \"- \"");
        }
        int size = s.elements().size();
        if (size < least || size > most) {
          String wanted =
              least == most
                  ? "exactly " + least
                  : size < least ? "at least " + least : "at most " + most;
          problems.add(
              "SLU-1011", s.at(), "a list of " + size + " where " + what + " belongs", wanted);
          return Optional.empty();
        }
        List<T> read = new ArrayList<>();
        for (Yaml e : s.elements()) {
          element.read(e, problems).ifPresent(read::add);
        }
        return read.size() == size ? Optional.of(List.copyOf(read)) : Optional.empty();
      }

      @Override
      public ObjectNode schema() {
        ObjectNode schema = Shape.type("array");
        schema.set("items", element.schema());
        if (least > 0) {
          schema.put("minItems", least);
        }
        return most == Integer.MAX_VALUE ? schema : schema.put("maxItems", most);
      }
    };
  }

  /** A list in which nothing is twice. */
  static Shape<List<String>> distinct(String what, Shape<String> element, int least) {
    Shape<List<String>> list = list(what, element, least, Integer.MAX_VALUE);
    return new Shape<>() {
      @Override
      public Optional<List<String>> read(Yaml node, Problems problems) {
        if (node instanceof Yaml.Sequence s) {
          List<String> seen = new ArrayList<>();
          for (Yaml e : s.elements()) {
            if (e instanceof Yaml.Scalar scalar) {
              if (seen.contains(scalar.text())) {
                problems.add(
                    "SLU-1005",
                    scalar.at(),
                    "\"" + scalar.text() + "\" is there twice",
                    "delete one");
                return Optional.empty();
              }
              seen.add(scalar.text());
            }
          }
        }
        return list.read(node, problems);
      }

      @Override
      public ObjectNode schema() {
        return list.schema().put("uniqueItems", true);
      }
    };
  }

  /** A map with names of the author's own; sorted. */
  static <T> Shape<SortedMap<String, T>> map(
      String what, String keyForm, String keyHint, Shape<T> value) {
    Pattern pattern = Pattern.compile(keyForm);
    return new Shape<>() {
      @Override
      public Optional<SortedMap<String, T>> read(Yaml node, Problems problems) {
        if (!(node instanceof Yaml.Mapping m)) {
          return Shape.mistyped(node, problems, what, "write it as lines of \"name: ..\"");
        }
        SortedMap<String, T> read = new TreeMap<>();
        for (Yaml.Entry e : m.entries()) {
          if (!pattern.matcher(e.key()).matches()) {
            problems.add(
                "SLU-1014", e.keyAt(), "\"" + e.key() + "\" cannot be a name here", keyHint);
          }
          value.read(e.value(), problems).ifPresent(v -> read.put(e.key(), v));
        }
        return read.size() == m.entries().size()
            ? Optional.of(Collections.unmodifiableSortedMap(read))
            : Optional.empty();
      }

      @Override
      public ObjectNode schema() {
        ObjectNode schema = Shape.type("object");
        schema.set("additionalProperties", value.schema());
        schema.putObject("propertyNames").put("pattern", "^(" + keyForm + ")$");
        return schema;
      }
    };
  }

  /** Any JSON object, keys sorted: what a user's own command is given. */
  static Shape<JsonNode> freeObject() {
    return new Shape<>() {
      @Override
      public Optional<JsonNode> read(Yaml node, Problems problems) {
        return node instanceof Yaml.Mapping
            ? free(node, problems)
            : Shape.mistyped(
                node, problems, "a map of values", "write it as lines of \"name: ..\"");
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("object");
      }
    };
  }

  /** A number, text or truth value. */
  static Shape<JsonNode> freeScalar() {
    return new Shape<>() {
      @Override
      public Optional<JsonNode> read(Yaml node, Problems problems) {
        if (node instanceof Yaml.Scalar) {
          Optional<JsonNode> value = free(node, problems);
          return value.filter(v -> !v.isNull()).isPresent() || value.isEmpty()
              ? value
              : Shape.mistyped(node, problems, "a value", "put a text in quotes");
        }
        return Shape.mistyped(
            node, problems, "a number, text or truth value", "one value, not a list or a map");
      }

      @Override
      public ObjectNode schema() {
        return Shape.type("string", "number", "boolean");
      }
    };
  }

  private static Optional<JsonNode> free(Yaml node, Problems problems) {
    return switch (node) {
      case Yaml.Broken b -> Optional.empty();
      case Yaml.Scalar s -> {
        JsonNode value = Scalars.json(s);
        if (value == null) {
          problems.add(
              "SLU-1011",
              s.at(),
              s.text() + " is not a number that every program reads the same way",
              "write a plain decimal number, or put it in quotes to make it a text");
        }
        yield Optional.ofNullable(value);
      }
      case Yaml.Sequence s -> {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        s.elements().forEach(e -> free(e, problems).ifPresent(list::add));
        yield list.size() == s.elements().size() ? Optional.of(list) : Optional.empty();
      }
      case Yaml.Mapping m -> {
        TreeMap<String, JsonNode> fields = new TreeMap<>();
        m.entries().forEach(e -> free(e.value(), problems).ifPresent(v -> fields.put(e.key(), v)));
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        fields.forEach(object::set);
        yield fields.size() == m.entries().size() ? Optional.of(object) : Optional.empty();
      }
    };
  }

  /** The same text, read as something else. */
  static <A, B> Shape<B> map(Shape<A> shape, Function<A, B> as) {
    return new Shape<>() {
      @Override
      public Optional<B> read(Yaml node, Problems problems) {
        return shape.read(node, problems).map(as);
      }

      @Override
      public ObjectNode schema() {
        return shape.schema();
      }
    };
  }
}
