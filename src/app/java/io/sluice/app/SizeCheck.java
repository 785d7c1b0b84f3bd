package io.sluice.app;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.Location;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Planner;
import io.sluice.core.plan.Settings;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.ImageRole;
import io.sluice.core.spec.Spans;
import io.sluice.core.spec.Spec;
import io.sluice.tekton.lower.Compiled;
import io.sluice.tekton.lower.Lowering;
import io.sluice.tekton.lower.ObjectSizes;
import io.sluice.tekton.lower.ObjectSizes.TooLarge;
import io.sluice.tekton.lower.RunParameters;
import io.sluice.tekton.lower.SelfContained;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Says whether a cluster could keep the objects of a pipeline's runs, and where in the spec the one
 * stands that is too large. It compiles the pipeline as it would run, without and with each
 * profile; names of images and digests, which are not known yet, are taken to be long.
 */
final class SizeCheck {
  /** As long as a digest on a registry with a long name. */
  private static final String IMAGE = "i".repeat(200);

  private SizeCheck() {}

  static List<Diagnostic> of(Pipelines.Opened opened, Spans spans) {
    Plan base = opened.base(Digest.of("any wheel: no size depends on it"));
    Compiled compiled = Lowering.lower(base);
    RunParameters parameters = parameters(base);
    Set<TooLarge> found = new LinkedHashSet<>(find(base, compiled, parameters));
    if (found.isEmpty()) {
      for (String profile : opened.spec().profiles().keySet()) {
        Map<StageName, Settings> settings =
            Planner.settings(opened.spec(), Optional.of(profile), List.of());
        found.addAll(find(base, compiled, parameters.withSettings(settings)));
      }
    }
    List<Diagnostic> out = new ArrayList<>();
    Set<Location> places = new LinkedHashSet<>();
    for (TooLarge t : found) {
      Location at =
          t.stage().isPresent()
              ? place(stage(base, t), t, opened.spec(), spans)
              : spans.key("stages");
      if (places.add(at)) { // a family's command is that of several stages
        out.add(Diagnostic.at(t.id(), t.message(), at, t.hint()));
      }
    }
    return out;
  }

  private static List<TooLarge> find(Plan base, Compiled compiled, RunParameters parameters) {
    return ObjectSizes.find(
        SelfContained.of(Lowering.run(base, parameters), compiled.pipeline(), compiled.tasks()));
  }

  private static RunParameters parameters(Plan base) {
    Map<ImageRole, String> roles = new TreeMap<>();
    base.images().forEach(role -> roles.put(role, IMAGE));
    Map<String, String> environments = new TreeMap<>();
    base.environments().forEach(e -> environments.put(e.name(), IMAGE));
    return RunParameters.of(new RunId("any-run"), Digest.of("any code"), roles)
        .withImages(environments);
  }

  private static Plan.Stage stage(Plan base, TooLarge t) {
    StageName name = t.stage().orElseThrow();
    return base.stages().stream()
        .filter(s -> s.name().equals(name))
        .findFirst()
        // the task that writes the record is none of the plan's: it grows with all of them
        .orElse(base.stages().getFirst());
  }

  /** Where the author wrote what is too large, as near as the spec says it. */
  private static Location place(Plan.Stage stage, TooLarge t, Spec spec, Spans spans) {
    String key =
        switch (t.part()) {
          case COMMAND, WHOLE -> "run";
          case VALUES -> "with";
        };
    if (stage.family().isPresent()) {
      String family = stage.family().get();
      String ofFamily = t.part() == ObjectSizes.Part.VALUES ? "space" : "run";
      if (spans.has("families", family, ofFamily)) {
        return spans.value("families", family, ofFamily);
      }
    }
    boolean source =
        spec.data().containsKey(stage.specName()) && !spec.stages().containsKey(stage.specName());
    return source
        ? spans.value("data", stage.specName(), key)
        : spans.value("stages", stage.specName(), key);
  }
}
