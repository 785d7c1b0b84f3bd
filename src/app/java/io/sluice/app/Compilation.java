package io.sluice.app;

import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Planner;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.ImageRole;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.lower.Compiled;
import io.sluice.tekton.lower.Lowering;
import io.sluice.tekton.lower.ObjectSizes;
import io.sluice.tekton.lower.RunParameters;
import io.sluice.tekton.lower.SelfContained;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.yaml.TektonYaml;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A pipeline as Tekton objects. Pipeline and tasks are the same for every run and are committed;
 * what differs from run to run is in the PipelineRun.
 */
public final class Compilation {
  private final Pipelines.Opened opened;
  private final Plan base;
  private final Compiled compiled;

  private Compilation(Pipelines.Opened opened, Plan base) {
    this.opened = opened;
    this.base = base;
    this.compiled = Lowering.lower(base);
  }

  /**
   * Compiles.
   *
   * @param wheel digest of the {@code sluice_ml} wheel
   */
  public static Compilation of(Pipelines.Opened opened, Digest wheel) {
    return new Compilation(opened, opened.base(wheel));
  }

  public Pipeline pipeline() {
    return compiled.pipeline();
  }

  public List<Task> tasks() {
    return compiled.tasks();
  }

  /** The files to commit, and {@code run.yaml} for {@code kubectl create}; by path. */
  public SortedMap<String, String> files() {
    SortedMap<String, String> files = new TreeMap<>(compiled.files());
    boolean imagesKnown = base.environments().stream().allMatch(e -> e.image().isPresent());
    if (imagesKnown) {
      files.put("run.yaml", TektonYaml.write(selfContained(template())));
    }
    return files;
  }

  /** A run of the committed code, named by the cluster. */
  private PipelineRun template() {
    PipelineRun run =
        Lowering.run(base, RunParameters.of(new RunId("manual"), codeDigest(), untilATarget()));
    Metadata m = run.metadata();
    return new PipelineRun(
        new Metadata(
            Optional.empty(),
            Optional.of(base.model() + "-"),
            m.namespace(),
            m.labels(),
            m.annotations()),
        run.spec());
  }

  /** The images that run.yaml names until a target says otherwise. */
  private static Map<ImageRole, String> untilATarget() {
    Map<ImageRole, String> images = new TreeMap<>();
    for (ImageRole role : ImageRole.values()) {
      images.put(role, "sluice-" + role.word() + ":0.1.0");
    }
    return images;
  }

  private Digest codeDigest() {
    List<Manifest.Entry> entries =
        CodeFiles.of(opened, base).stream()
            .map(f ->
                new Manifest.Entry(
                    f.path(), f.executable(), f.content().length, Digest.of(f.content())))
            .toList();
    return new Manifest(Optional.empty(), Map.of(), entries).digest();
  }

  /**
   * A run on a target as {@code kubectl create -f} takes it; the target's images are the run's.
   *
   * @param profile of the spec
   * @param who in whose name it promotes
   * @return YAML
   */
  public String runOn(TargetSpec file, RunId id, Optional<String> profile, Optional<String> who) {
    RunParameters parameters =
        RunParameters.of(id, codeDigest(), file.images().roles())
            .on(file)
            .withSettings(Planner.settings(opened.spec(), profile, List.of()))
            .withOrigin(opened.commit(), who);
    PipelineRun run = selfContained(Lowering.run(base, parameters));
    ObjectSizes.check(run);
    return TektonYaml.write(run);
  }

  /** It needs nothing else of ours in its namespace, and nothing there changes it later. */
  private PipelineRun selfContained(PipelineRun run) {
    return SelfContained.of(run, compiled.pipeline(), compiled.tasks());
  }
}
