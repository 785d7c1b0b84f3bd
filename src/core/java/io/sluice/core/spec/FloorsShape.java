package io.sluice.core.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.gate.Floor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The map of figures and bounds that the gate's {@code floors} are. */
final class FloorsShape implements Shape<List<Floor>> {
  @Override
  public Optional<List<Floor>> read(Yaml node, Problems problems) {
    if (!(node instanceof Yaml.Mapping m)) {
      return Shape.mistyped(
          node, problems, "floors as a map of figures", "for example { recall: 0.9 }");
    }
    if (m.entries().isEmpty()) {
      problems.add("SLU-1011", m.at(), "floors without a figure", "for example { recall: 0.9 }");
      return Optional.empty();
    }
    List<Floor> read = new ArrayList<>();
    for (Yaml.Entry e : m.entries()) {
      floor(e, problems).filter(floor -> once(floor, read, e, problems)).ifPresent(read::add);
    }
    return read.size() == m.entries().size()
        ? Optional.of(read.stream().sorted(Comparator.comparing(Floor::name)).toList())
        : Optional.empty();
  }

  private Optional<Floor> floor(Yaml.Entry e, Problems problems) {
    Optional<Floor> named = Floor.of(e.key(), 0);
    if (named.isEmpty()) {
      problems.add(
          "SLU-1011",
          e.keyAt(),
          "\"" + e.key() + "\" is not a figure that a floor can be about",
          Floor.hint(e.key()));
      return Optional.empty();
    }
    Optional<Floor> floor =
        Scalars.value(e.value())
            .filter(JsonNode::isNumber)
            .flatMap(bound -> Floor.of(e.key(), bound.doubleValue()));
    if (floor.isEmpty()) {
      return Shape.mistyped(
          e.value(), problems, "a number", named.get().range() + ", for example 0.9 for 90%");
    }
    if (!floor.get().possible()) {
      problems.add(
          "SLU-1011",
          e.value().at(),
          floor.get().bound() + " cannot be a floor of " + floor.get().figure().title(),
          floor.get().range());
      return Optional.empty();
    }
    return floor;
  }

  private static boolean once(Floor floor, List<Floor> others, Yaml.Entry e, Problems problems) {
    Optional<Floor> same = others.stream().filter(floor::sameAs).findFirst();
    same.ifPresent(other ->
        problems.add(
            "SLU-1005",
            e.keyAt(),
            "\"" + e.key() + "\" is the same figure as \"" + other.name() + "\"",
            "delete one"));
    return same.isEmpty();
  }

  @Override
  public ObjectNode schema() {
    ObjectNode schema = Shape.type("object");
    schema.set("additionalProperties", Shape.type("number").put("minimum", 0));
    schema.putObject("propertyNames").put("pattern", "^(" + Floor.form() + ")$");
    return schema.put("minProperties", 1);
  }
}
