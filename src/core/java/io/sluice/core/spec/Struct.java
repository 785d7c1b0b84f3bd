package io.sluice.core.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.DidYouMean;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A map whose keys are known: each has a shape, a line of documentation, and may be required.
 *
 * @param what names it in messages: {@code a data source}
 * @param fields in the order in which people write them
 * @param refused keys that are known elsewhere and have no business here, each with its reason
 * @param build makes the value; may report what only the fields together show
 */
record Struct<T>(
    String what,
    List<Field<?>> fields,
    Map<String, String> refused,
    BiFunction<Values, Problems, Optional<T>> build)
    implements Shape<T> {

  static <T> Struct<T> of(String what, List<Field<?>> fields, Function<Values, T> build) {
    return new Struct<>(what, fields, Map.of(), (v, p) -> Optional.of(build.apply(v)));
  }

  static <T> Struct<T> checked(
      String what, List<Field<?>> fields, BiFunction<Values, Problems, Optional<T>> build) {
    return new Struct<>(what, fields, Map.of(), build);
  }

  /** A known key. */
  record Field<T>(String key, Shape<T> shape, boolean required, String doc) {
    static <T> Field<T> required(String key, Shape<T> shape, String doc) {
      return new Field<>(key, shape, true, doc);
    }

    static <T> Field<T> optional(String key, Shape<T> shape, String doc) {
      return new Field<>(key, shape, false, doc);
    }
  }

  /** The one of two fields that is there, as what both stand for; none and both are errors. */
  static <A, B, C> Optional<C> exactlyOne(
      Values v,
      Problems problems,
      String what,
      Field<A> left,
      Function<A, C> ofLeft,
      Field<B> right,
      Function<B, C> ofRight) {
    boolean both = v.find(left).isPresent() && v.find(right).isPresent();
    Optional<C> one = v.find(left).map(ofLeft).or(() -> v.find(right).map(ofRight));
    if (both || one.isEmpty()) {
      problems.add(
          "SLU-1015",
          v.node().at(),
          what
              + (both ? " with both \"" : " with neither \"")
              + left.key()
              + (both ? "\" and \"" : "\" nor \"")
              + right.key()
              + "\"",
          "give one of them; "
              + left.key()
              + ": "
              + left.doc()
              + "; "
              + right.key()
              + ": "
              + right.doc());
      return Optional.empty();
    }
    return one;
  }

  /** What was read, by field. */
  static final class Values {
    private final Yaml.Mapping node;
    private final Map<Field<?>, Object> read = new HashMap<>();

    private Values(Yaml.Mapping node) {
      this.node = node;
    }

    Yaml.Mapping node() {
      return node;
    }

    /** A required field's value. */
    <T> T get(Field<T> field) {
      return find(field).orElseThrow(() -> new IllegalStateException("unread: " + field.key()));
    }

    @SuppressWarnings("unchecked") // put() keeps the types together
    <T> Optional<T> find(Field<T> field) {
      return Optional.ofNullable((T) read.get(field));
    }

    private <T> boolean put(Field<T> field, Yaml value, Problems problems) {
      Optional<T> v = field.shape().read(value, problems);
      v.ifPresent(x -> read.put(field, x));
      return v.isPresent();
    }
  }

  @Override
  public Optional<T> read(Yaml node, Problems problems) {
    if (!(node instanceof Yaml.Mapping m)) {
      return Shape.mistyped(
          node, problems, what + " as a map", "keys: " + String.join(", ", keys()));
    }
    Values values = new Values(m);
    boolean fine = true;
    Set<String> meant = new HashSet<>();
    for (Yaml.Entry e : m.entries()) {
      Optional<Field<?>> field = fields.stream().filter(f -> f.key().equals(e.key())).findFirst();
      String reason = refused.get(e.key());
      if (field.isPresent()) {
        fine &= values.put(field.get(), e.value(), problems);
      } else if (reason != null) {
        problems.add("SLU-1028", e.keyAt(), "\"" + e.key() + "\" in " + what, reason);
      } else {
        DidYouMean.among(keys(), e.key()).ifPresent(meant::add);
        problems.add(
            "SLU-1004",
            e.keyAt(),
            "unknown key \"" + e.key() + "\" in " + what,
            DidYouMean.hint(keys(), e.key()));
      }
    }
    for (Field<?> f : fields) {
      if (f.required() && m.get(f.key()).isEmpty()) {
        fine = false;
        if (!meant.contains(f.key())) { // else it is there, mistyped, and has been reported
          problems.add("SLU-1009", m.at(), "\"" + f.key() + "\" is missing in " + what, f.doc());
        }
      }
    }
    return fine ? build.apply(values, problems) : Optional.empty();
  }

  private List<String> keys() {
    return fields.stream().<String>map(Field::key).toList();
  }

  @Override
  public ObjectNode schema() {
    ObjectNode schema = Shape.type("object");
    ObjectNode properties = schema.putObject("properties");
    for (Field<?> f : fields) {
      properties.set(f.key(), f.shape().schema().put("description", f.doc()));
    }
    List<String> required =
        fields.stream().filter(Field::required).<String>map(Field::key).toList();
    if (!required.isEmpty()) {
      ArrayNode list = schema.putArray("required");
      required.forEach(list::add);
    }
    return schema.put("additionalProperties", false);
  }
}
