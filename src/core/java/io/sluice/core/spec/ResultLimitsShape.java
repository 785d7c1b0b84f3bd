package io.sluice.core.spec;

import static io.sluice.core.spec.Struct.Field.optional;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.gate.ResultLimit;
import io.sluice.core.gate.ResultLimit.Better;
import io.sluice.core.gate.ResultLimit.Bounds;
import io.sluice.core.gate.ResultLimit.IfUnknown;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** The map of numbers that stages report, and of what they must be, in {@code gate.guards}. */
final class ResultLimitsShape implements Shape<List<ResultLimit>> {
  private static final Struct.Field<Double> MAX =
      optional("max", Shapes.real(), "the largest value that it may have");
  private static final Struct.Field<Double> MIN =
      optional("min", Shapes.real(), "the least value that it may have");
  private static final Struct.Field<Double> WORSE_BY =
      optional(
          "worseBy",
          Shapes.percentage("0", "999"),
          "how much worse than the champion's it may be, as a part of that");
  private static final Struct.Field<Double> WORSE_BY_ABSOLUTE =
      optional("worseByAbsolute", Shapes.real(), "how much worse than the champion's it may be");
  private static final Struct.Field<Better> BETTER =
      optional(
          "better",
          Shapes.map(Shapes.word(Better.words()), Better::of),
          "which value is the better one (more with only a min, else less)");
  private static final Struct.Field<IfUnknown> IF_UNKNOWN =
      optional(
          "ifUnknown",
          Shapes.map(Shapes.word(IfUnknown.words()), IfUnknown::of),
          "what a champion without the number means (hold)");

  private final Shape<SortedMap<String, Bounds>> map =
      Shapes.map(
          "limits as a map",
          ResultLimit.FORM,
          "a stage and one of its results, such as bench.latency_ms",
          Struct.checked(
              "a limit",
              List.of(MAX, MIN, WORSE_BY, WORSE_BY_ABSOLUTE, BETTER, IF_UNKNOWN),
              ResultLimitsShape::bounds));

  @Override
  public Optional<List<ResultLimit>> read(Yaml node, Problems problems) {
    if (node instanceof Yaml.Mapping m && m.entries().isEmpty()) {
      problems.add(
          "SLU-1011",
          m.at(),
          "limits of no number",
          "for example { bench.latency_ms: { max: 50 } }");
      return Optional.empty();
    }
    return map.read(node, problems)
        .map(read ->
            read.entrySet().stream().map(e -> new ResultLimit(e.getKey(), e.getValue())).toList());
  }

  @Override
  public ObjectNode schema() {
    return map.schema().put("minProperties", 1);
  }

  private static Optional<Bounds> bounds(Struct.Values v, Problems problems) {
    Bounds bounds =
        new Bounds(
            v.find(MAX),
            v.find(MIN),
            v.find(WORSE_BY),
            v.find(WORSE_BY_ABSOLUTE),
            v.find(BETTER),
            v.find(IF_UNKNOWN));
    Optional<ResultLimit.Fault> fault = bounds.fault();
    fault.ifPresent(f -> problems.add("SLU-1011", v.node().at(), f.what(), f.hint()));
    return fault.isEmpty() ? Optional.of(bounds) : Optional.empty();
  }
}
