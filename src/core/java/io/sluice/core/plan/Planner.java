package io.sluice.core.plan;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.Spec;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Turns a checked spec into the plan: families fanned out, defaults filled in, every edge resolved.
 * A pure function; the order of keys in the spec changes nothing.
 *
 * <p>A spec on which {@code io.sluice.core.check.Checker} has found nothing can be planned; for
 * others the result is undefined (an {@link IllegalArgumentException} at best).
 */
public final class Planner {
  /** Where the champion forecasts, when its version has a predict command. */
  public static final StageName CHAMPION_PREDICTS = new StageName("predict-champion");

  private Planner() {}

  /** Where a family with a predict command forecasts. */
  public static StageName predicting(String family) {
    return new StageName("predict-" + family);
  }

  /**
   * The plan that is compiled: no profile, no overlays. The same for every run.
   *
   * @param wheel digest of the {@code sluice_ml} wheel, part of the environments that ask for it
   * @throws SluiceException (exit code 2) when a lock file is not there
   */
  public static Plan base(Spec spec, LockContents locks, Digest wheel) {
    return plan(spec, Optional.empty(), List.of(), locks, wheel);
  }

  /**
   * The plan as one run executes it: the profile, then the overlays in their order.
   *
   * @throws SluiceException (exit code 2) when a lock file, the profile, or a stage that an overlay
   *     names is not there
   */
  public static Plan plan(
      Spec spec,
      Optional<String> profile,
      List<Overlay> overlays,
      LockContents locks,
      Digest wheel) {
    Overlay overlay = fold(spec, profile, overlays);
    return new Plan(
        spec.model(),
        codeIncludes(spec),
        PlannedEnvironments.of(spec, locks, wheel),
        new PlannedStages(spec, overlay).all(),
        spec.seed(),
        new StageValues(spec).gate(),
        spec.timeout().orElse(Spec.RUN_TIMEOUT));
  }

  /**
   * What each stage receives under a profile and overlays, in the order of the plan. A run passes
   * on what differs from the same without them.
   *
   * @throws SluiceException (exit code 2) when the profile or a stage that an overlay names is not
   *     there
   */
  public static Map<StageName, Settings> settings(
      Spec spec, Optional<String> profile, List<Overlay> overlays) {
    Map<StageName, Settings> settings = new LinkedHashMap<>();
    for (Plan.Stage s : new PlannedStages(spec, fold(spec, profile, overlays)).all()) {
      settings.put(s.name(), new Settings(s.with(), s.timeout(), s.resources()));
    }
    return Collections.unmodifiableMap(settings);
  }

  private static Overlay fold(Spec spec, Optional<String> profile, List<Overlay> overlays) {
    Overlay all = Overlay.NONE;
    if (profile.isPresent()) {
      Overlay named = spec.profiles().get(profile.get());
      if (named == null) {
        throw wrong(
            "SLU-1033",
            "no profile \"" + profile.get() + "\"",
            DidYouMean.hint(spec.profiles().keySet(), profile.get()));
      }
      all = named;
    }
    for (Overlay overlay : overlays) {
      known(spec.stages().keySet(), overlay.stages().keySet(), "stage");
      known(spec.data().keySet(), overlay.data().keySet(), "data source");
      all = all.then(overlay);
    }
    return all;
  }

  private static void known(Set<String> known, Set<String> named, String what) {
    for (String name : named) {
      if (!known.contains(name)) {
        throw wrong(
            "SLU-1021", "no " + what + " \"" + name + "\" to change", DidYouMean.hint(known, name));
      }
    }
  }

  static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }

  /**
   * Globs of the files that travel with a run. Stored data are among them, so that every runner
   * finds it in the same place; so is the lock of a family that predicts by a command, since its
   * versions take it along.
   */
  public static List<String> codeIncludes(Spec spec) {
    NavigableSet<String> globs = new TreeSet<>(spec.code().include());
    for (Spec.DataSource source : spec.data().values()) {
      if (source.origin() instanceof Spec.DataSource.Stored stored) {
        globs.add(stored.path());
        globs.add(stored.path() + "/**");
      }
    }
    for (Spec.Family family : spec.families().values()) {
      if (family.predict().isPresent()) {
        Optional.ofNullable(spec.environments().get(family.environment()))
            .flatMap(Spec.Environment::lock)
            .ifPresent(globs::add);
      }
    }
    return List.copyOf(globs);
  }
}
