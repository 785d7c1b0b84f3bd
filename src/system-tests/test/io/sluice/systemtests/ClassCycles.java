package io.sluice.systemtests;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds the classes of a package that need each other: the strongly connected components of the
 * dependencies inside the package, by Tarjan's algorithm. A nested class counts as the class around
 * it.
 *
 * <p>ArchUnit's own cycle rules work on slices, of which a cycle of two is one already, and list
 * cycles one by one, which are thousands in a component of fourteen classes.
 */
final class ClassCycles {
  private final Map<String, TreeSet<String>> edges;
  private final Map<String, Integer> index = new HashMap<>();
  private final Map<String, Integer> low = new HashMap<>();
  private final Deque<String> stack = new ArrayDeque<>();
  private final List<List<String>> components = new ArrayList<>();

  private ClassCycles(Map<String, TreeSet<String>> edges) {
    this.edges = edges;
    edges
        .keySet()
        .forEach(name -> {
          if (!index.containsKey(name)) {
            visit(name);
          }
        });
  }

  /** No component is larger than this; the message lists the classes of one that is. */
  static ArchCondition<JavaClass> haveAtMost(int size) {
    return new ArchCondition<>("be in cycles of at most " + size + " classes of a package") {
      private final List<JavaClass> all = new ArrayList<>();

      @Override
      public void init(Collection<JavaClass> classes) {
        all.clear();
        all.addAll(classes);
      }

      @Override
      public void check(JavaClass item, ConditionEvents events) {}

      @Override
      public void finish(ConditionEvents events) {
        List<List<String>> large = in(all).stream().filter(cycle -> cycle.size() > size).toList();
        for (List<String> cycle : large) {
          events.add(
              SimpleConditionEvent.violated(
                  cycle, cycle.size() + " classes need each other: " + String.join(", ", cycle)));
        }
        if (large.isEmpty()) {
          events.add(SimpleConditionEvent.satisfied(all, "no large cycle"));
        }
      }
    };
  }

  /** The components of two classes and more, each sorted by name. */
  static List<List<String>> in(Iterable<JavaClass> classes) {
    Map<String, TreeSet<String>> edges = new TreeMap<>();
    for (JavaClass c : classes) {
      String from = outermost(c).getName();
      TreeSet<String> targets = edges.computeIfAbsent(from, name -> new TreeSet<>());
      for (Dependency d : c.getDirectDependenciesFromSelf()) {
        JavaClass target = outermost(d.getTargetClass());
        if (target.getPackageName().equals(c.getPackageName()) && !target.getName().equals(from)) {
          targets.add(target.getName());
        }
      }
    }
    return new ClassCycles(edges).components;
  }

  private static JavaClass outermost(JavaClass c) {
    JavaClass component = c.getBaseComponentType();
    return component.getEnclosingClass().map(ClassCycles::outermost).orElse(component);
  }

  private void visit(String name) {
    index.put(name, index.size());
    low.put(name, index.get(name));
    stack.push(name);
    for (String next : edges.getOrDefault(name, new TreeSet<>())) {
      if (!index.containsKey(next)) {
        visit(next);
        low.merge(name, low.get(next), Math::min);
      } else if (stack.contains(next)) {
        low.merge(name, index.get(next), Math::min);
      }
    }
    if (low.get(name).equals(index.get(name))) {
      TreeSet<String> component = new TreeSet<>();
      String member;
      do {
        member = stack.pop();
        component.add(member);
      } while (!member.equals(name));
      if (component.size() > 1) {
        components.add(List.copyOf(component));
      }
    }
  }
}
