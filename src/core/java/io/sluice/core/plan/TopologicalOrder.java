package io.sluice.core.plan;

import io.sluice.core.run.StageName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/** Orders stages so that a run can take them one after another. */
final class TopologicalOrder {
  private TopologicalOrder() {}

  /** Producers before consumers, ties by name (Kahn 1962). */
  static List<Plan.Stage> of(List<Plan.Stage> stages) {
    Map<StageName, Plan.Stage> byName = new HashMap<>();
    stages.forEach(s -> byName.put(s.name(), s));
    Map<StageName, Set<StageName>> waitsFor = new HashMap<>();
    PriorityQueue<StageName> ready = new PriorityQueue<>();
    for (Plan.Stage s : stages) {
      Set<StageName> producers = new HashSet<>();
      s.inputs().stream().map(Plan.Input::from).filter(byName::containsKey).forEach(producers::add);
      waitsFor.put(s.name(), producers);
      if (producers.isEmpty()) {
        ready.add(s.name());
      }
    }
    List<Plan.Stage> ordered = new ArrayList<>();
    while (!ready.isEmpty()) {
      Plan.Stage next = byName.get(ready.remove());
      if (next == null) {
        throw new IllegalStateException("a name without a stage");
      }
      ordered.add(next);
      waitsFor.forEach((name, producers) -> {
        if (producers.remove(next.name()) && producers.isEmpty()) {
          ready.add(name); // into a sorted queue: the order of the map does not matter
        }
      });
    }
    if (ordered.size() != stages.size()) {
      throw new IllegalArgumentException("the stages form a cycle");
    }
    return ordered;
  }
}
