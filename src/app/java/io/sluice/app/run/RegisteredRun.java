package io.sluice.app.run;

import io.sluice.core.lineage.Lineage;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.RunId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the registry has of one run.
 *
 * @param version the version that the run registered for the candidate that met the gate
 * @param families those with a version, by version, then those that the run lost
 */
record RegisteredRun(Optional<Version> version, List<RunReport.Family> families) {
  static RegisteredRun in(ModelRegistry registry, String model, RunId run) {
    // A family that was registered twice was trained twice: what counts is what came last.
    Map<String, Version> latest = new TreeMap<>();
    TreeMap<String, String> failed = new TreeMap<>();
    for (Version v : registry.versions(model)) {
      Optional<Lineage> known =
          Lineage.isOf(run.value(), v.tags()) ? Lineage.of(v.tags()) : Optional.empty();
      known.ifPresent(lineage -> {
        latest.put(lineage.family(), v);
        failed.putAll(lineage.failedFamilies());
      });
    }
    Optional<Version> chosen = Optional.empty();
    List<RunReport.Family> families = new ArrayList<>();
    for (Version v :
        latest.values().stream().sorted(Comparator.comparingInt(Version::version)).toList()) {
      Lineage lineage = Lineage.of(v.tags()).orElseThrow();
      if (lineage.chosen() && chosen.isEmpty()) {
        chosen = Optional.of(v);
      }
      families.add(
          new RunReport.Family(
              lineage.family(),
              Optional.of(v.version()),
              lineage.chosen(),
              registry.metrics(v),
              lineage.ineligible()));
    }
    failed.keySet().removeAll(latest.keySet());
    failed.forEach((name, why) ->
        families.add(
            new RunReport.Family(name, Optional.empty(), false, Map.of(), Optional.of(why))));
    return new RegisteredRun(chosen, List.copyOf(families));
  }
}
