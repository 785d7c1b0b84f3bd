package io.sluice.app.run;

import io.sluice.core.lineage.Lineage;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.RunId;
import java.util.ArrayList;
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
    Optional<Version> chosen = Optional.empty();
    List<RunReport.Family> families = new ArrayList<>();
    TreeMap<String, String> failed = new TreeMap<>();
    for (Version v : registry.versions(model)) {
      Optional<Lineage> known =
          Lineage.isOf(run.value(), v.tags()) ? Lineage.of(v.tags()) : Optional.empty();
      if (known.isEmpty()) {
        continue;
      }
      Lineage lineage = known.get();
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
      failed.putAll(lineage.failedFamilies());
    }
    failed.forEach((name, why) ->
        families.add(
            new RunReport.Family(name, Optional.empty(), false, Map.of(), Optional.of(why))));
    return new RegisteredRun(chosen, List.copyOf(families));
  }
}
