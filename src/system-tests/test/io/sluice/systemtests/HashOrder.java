package io.sluice.systemtests;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Where code makes collections whose order is that of hash codes.
 *
 * <p>Byte code does not say of an iteration which collection it runs over, so the rule is about
 * making one: a class that does so is listed here with what the collection is for, after a check
 * that nothing iterates over it into output. Constants made by {@code Map.of} and {@code Set.of}
 * are not found: there are hundreds, nearly all of which are only looked up in, and the tests that
 * compile in two processes and compare the bytes would show the others.
 */
final class HashOrder {
  /** The classes that make hash collections, by name in {@code io.sluice}, and what for. */
  private static final Map<String, String> USES =
      Map.ofEntries(
          Map.entry("core.spec.Struct", "values by field; keys that were named"),
          Map.entry("core.spec.YamlReader", "places by key; keys and anchors seen"),
          Map.entry("core.spec.Spans", "places by key"),
          Map.entry("core.gate.ShownFigures", "cells seen"),
          Map.entry("core.gate.History", "cells by place"),
          Map.entry("core.gate.HoldoutRows", "codes by name"),
          Map.entry("core.plan.TopologicalOrder", "stages by name; iterated into a sorted queue"),
          Map.entry("core.check.CycleRule", "stages visited"),
          Map.entry("core.check.HoldoutLeakRule", "outputs that are a holdout"),
          Map.entry("core.check.ImpossibleRangeRule", "duplicates"),
          Map.entry("tekton.lower.PipelinePart", "names of tasks"),
          Map.entry("worker.Worker", "environment variables of the step"),
          Map.entry("worker.command.Arguments", "names given"),
          Map.entry("worker.cache.TaskArguments", "names seen"),
          Map.entry("worker.source.SourceArchive", "paths seen"),
          Map.entry("worker.step.DeliveryReader", "units seen"),
          Map.entry("worker.step.RecordStage", "names of stages"),
          Map.entry("inference.CsvTable", "instants by text; columns seen"),
          Map.entry("app.run.ExecutionSupervisor", "executions, in the order of threads"),
          Map.entry("app.run.ExitCodeTracker", "exit codes by stage"),
          Map.entry("app.run.RunLog", "attempts, lines and steps by stage"),
          Map.entry("app.run.RunPlan", "names of stages"),
          Map.entry("app.newdata.DataWatcher", "checks that run"),
          Map.entry("app.newdata.FingerprintCheck", "names of stages"));

  private static final Set<Class<?>> TYPES =
      Set.of(HashMap.class, HashSet.class, IdentityHashMap.class, ConcurrentHashMap.class);
  private static final Set<String> COLLECTORS =
      Set.of("toSet", "toUnmodifiableSet", "toUnmodifiableMap", "toConcurrentMap");

  static final DescribedPredicate<JavaClass> LOOKS_UP_ONLY =
      DescribedPredicate.describe(
          "only look up in hash collections", c -> USES.containsKey(name(c)));

  static final DescribedPredicate<JavaAccess<?>> MAKES_A_HASH_COLLECTION =
      DescribedPredicate.describe(
          "makes a collection in the order of hash codes", a -> makes(a.getTarget()));

  private HashOrder() {}

  private static String name(JavaClass c) {
    String outermost = c.getName().split("\\$", 2)[0];
    return outermost.substring("io.sluice.".length());
  }

  private static boolean makes(AccessTarget target) {
    if (!(target instanceof AccessTarget.CodeUnitAccessTarget call)) {
      return false;
    }
    JavaClass owner = target.getOwner();
    int parameters = call.getRawParameterTypes().size();
    return switch (target.getName()) {
      case "<init>", "newKeySet" -> TYPES.stream().anyMatch(owner::isEquivalentTo);
      case "copyOf" -> List.of(Map.class, Set.class).stream().anyMatch(owner::isEquivalentTo);
      // with one more parameter the caller picks the map
      case "toMap" -> owner.isEquivalentTo(Collectors.class) && parameters < 4;
      case "groupingBy" -> owner.isEquivalentTo(Collectors.class) && parameters < 3;
      default -> owner.isEquivalentTo(Collectors.class) && COLLECTORS.contains(target.getName());
    };
  }
}
