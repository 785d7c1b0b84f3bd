package io.sluice.tekton.lower;

import io.sluice.core.artifact.Digest;
import io.sluice.core.plan.Settings;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.ImageRole;
import io.sluice.core.spec.TargetSpec;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What one run has of its own; everything else is in the committed pipeline.
 *
 * @param run also the name of the PipelineRun
 * @param asOf as of when data is looked at; empty: when resolve runs
 * @param code digest of the code tree in the store
 * @param commit of the code, for the record
 * @param who in whose name it promotes
 * @param untrusted whether it writes to the store's untrusted area, and nothing to the registry
 * @param roles images of Sluice's own parts; each that the plan needs must be there
 * @param images of environments by name, instead of the spec's
 * @param settings of stages under the run's profile and overlays, as {@code Planner.settings} gives
 *     them; stages that are absent or the same as in the plan keep the committed ones
 * @param bindings of the pipeline's workspaces
 * @param labels of the PipelineRun, inherited by what it creates
 * @param pods what its pods have that no pipeline says
 */
public record RunParameters(
    RunId run,
    Optional<Instant> asOf,
    Digest code,
    Optional<String> commit,
    Optional<String> who,
    boolean untrusted,
    Map<ImageRole, String> roles,
    Map<String, String> images,
    Map<StageName, Settings> settings,
    RunBindings bindings,
    Map<String, String> labels,
    RunPods pods) {

  public RunParameters {
    roles = Collections.unmodifiableMap(new TreeMap<>(roles));
    images = Collections.unmodifiableMap(new TreeMap<>(images));
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
    labels = Collections.unmodifiableMap(new TreeMap<>(labels));
  }

  /** A trusted run as of now, with the settings that are committed. */
  public static RunParameters of(RunId run, Digest code, Map<ImageRole, String> roles) {
    return new RunParameters(
        run,
        Optional.empty(),
        code,
        Optional.empty(),
        Optional.empty(),
        false,
        roles,
        Map.of(),
        Map.of(),
        RunBindings.DEFAULT,
        Map.of(),
        RunPods.PLAIN);
  }

  /** The same run, looking at data as of this instant. */
  public RunParameters withAsOf(Instant instant) {
    return changed(d -> d.asOf = Optional.of(instant));
  }

  /** The same run, with images of environments by name. */
  public RunParameters withImages(Map<String, String> byEnvironment) {
    return changed(d -> d.images = byEnvironment);
  }

  /** The same run under a profile and overlays. */
  public RunParameters withSettings(Map<StageName, Settings> byStage) {
    return changed(d -> d.settings = byStage);
  }

  /** The same run, with what is known about its origin. */
  public RunParameters withOrigin(Optional<String> revision, Optional<String> person) {
    return changed(d -> {
      d.commit = revision;
      d.who = person;
    });
  }

  /** The same run on behalf of somebody who may not promote, such as a pull request. */
  public RunParameters asUntrusted() {
    return changed(d -> d.untrusted = true);
  }

  /** The same run with other workspaces. */
  public RunParameters withBindings(RunBindings others) {
    return changed(d -> d.bindings = others);
  }

  /** The same run where this target says, in its images, with what it has for pods. */
  public RunParameters on(TargetSpec target) {
    return changed(d -> {
      d.roles = target.images().roles();
      Map<String, String> byEnvironment = new TreeMap<>(images);
      byEnvironment.putAll(target.images().environments());
      d.images = byEnvironment;
      d.bindings = RunBindings.of(target);
      Map<String, String> more = new TreeMap<>(labels);
      target.queue().ifPresent(q -> more.put(RunPods.QUEUE_LABEL, q));
      d.labels = more;
      d.pods = RunPods.of(target);
    });
  }

  private RunParameters changed(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.done();
  }

  /** The parts that a copy may have of its own; the one place that lists all of them again. */
  private static final class Draft {
    private final RunParameters from;
    private Optional<Instant> asOf;
    private Map<ImageRole, String> roles;
    private Optional<String> commit;
    private Optional<String> who;
    private boolean untrusted;
    private Map<String, String> images;
    private Map<StageName, Settings> settings;
    private RunBindings bindings;
    private Map<String, String> labels;
    private RunPods pods;

    Draft(RunParameters from) {
      this.from = from;
      this.asOf = from.asOf;
      this.roles = from.roles;
      this.commit = from.commit;
      this.who = from.who;
      this.untrusted = from.untrusted;
      this.images = from.images;
      this.settings = from.settings;
      this.bindings = from.bindings;
      this.labels = from.labels;
      this.pods = from.pods;
    }

    RunParameters done() {
      return new RunParameters(
          from.run, asOf, from.code, commit, who, untrusted, roles, images, settings, bindings,
          labels, pods);
    }
  }
}
