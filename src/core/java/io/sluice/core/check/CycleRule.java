package io.sluice.core.check;

import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** No stage waits for itself. */
final class CycleRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Set<String> done = new HashSet<>();
    for (String name : view.spec().stages().keySet()) {
      visit(view, name, new LinkedHashSet<>(), done, findings);
    }
  }

  private static void visit(
      SpecView view, String name, Set<String> path, Set<String> done, Findings findings) {
    Spec.Stage stage = view.spec().stages().get(name);
    if (stage == null || done.contains(name)) {
      return;
    }
    path.add(name);
    for (Map.Entry<String, Ref> e : Edges.of(view.spec(), stage).entrySet()) {
      if (e.getValue() instanceof Ref.Output o) {
        if (path.contains(o.stage())) {
          List<String> all = List.copyOf(path);
          List<String> cycle = new ArrayList<>(all.subList(all.indexOf(o.stage()), all.size()));
          cycle.add(o.stage());
          findings.add(
              "SLU-1023",
              view.spans().value("stages", name, "inputs", e.getKey()),
              "the stages wait for each other: " + String.join(" -> ", cycle),
              "each arrow reads \"needs\"; take one of these inputs away");
        } else {
          visit(view, o.stage(), path, done, findings);
        }
      }
    }
    path.remove(name);
    done.add(name);
  }
}
