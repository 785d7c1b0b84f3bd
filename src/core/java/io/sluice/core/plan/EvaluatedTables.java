package io.sluice.core.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.JsonCodec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Tells each stage that writes tables for evaluate what evaluate makes of them. */
final class EvaluatedTables {
  private static final Set<Plan.Kind> WRITERS =
      Collections.unmodifiableSet(EnumSet.of(Plan.Kind.DATA, Plan.Kind.STAGE, Plan.Kind.SPLIT));
  private static final Set<String> TABLES = Set.of("validation", "holdout");
  private static final String SNAPSHOT = "snapshot";

  private final List<Plan.Stage> stages;

  EvaluatedTables(List<Plan.Stage> stages) {
    this.stages = List.copyOf(stages);
  }

  /** The stage, with a {@link TableUse} for each evaluate stage that reads tables of it. */
  Plan.Stage told(Plan.Stage stage) {
    if (!WRITERS.contains(stage.kind())) {
      return stage;
    }
    List<TableUse> uses = new ArrayList<>();
    for (Plan.Stage evaluate : stages) {
      if (evaluate.kind() == Plan.Kind.EVALUATE) {
        use(stage, evaluate).ifPresent(uses::add);
      }
    }
    if (uses.isEmpty()) {
      return stage;
    }
    ObjectNode with = stage.with().deepCopy();
    with.set(TableUse.KEY, JsonCodec.writeList(uses));
    return stage.withValues(StageValues.sorted(with));
  }

  private static Optional<TableUse> use(Plan.Stage writer, Plan.Stage evaluate) {
    SortedMap<String, String> tables = new TreeMap<>();
    boolean writes = false;
    for (Plan.Input input : evaluate.inputs()) {
      boolean table = isTable(input.name());
      if (!table && !input.name().equals(SNAPSHOT)) {
        continue;
      }
      if (input.from().equals(writer.name())) {
        tables.put(input.name(), TableUse.OUTPUTS + input.artifact());
        writes |= table;
      } else {
        writer.inputs().stream()
            .filter(
                own -> own.from().equals(input.from()) && own.artifact().equals(input.artifact()))
            .findFirst()
            .ifPresent(own -> tables.put(input.name(), TableUse.INPUTS + own.name()));
      }
    }
    boolean judged = tables.keySet().stream().anyMatch(TABLES::contains);
    return writes && judged
        ? Optional.of(new TableUse(evaluate.name().value(), tables, evaluate.with()))
        : Optional.empty();
  }

  private static boolean isTable(String input) {
    return TABLES.contains(input)
        || input.startsWith(StageEdges.TRAINING)
        || input.startsWith(StageEdges.REFIT);
  }
}
