package io.sluice.app;

import io.sluice.app.Target.CodeContent;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Planner;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.lower.Compiled;
import io.sluice.tekton.lower.Lowering;
import io.sluice.tekton.lower.RunParameters;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.yaml.TektonYaml;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A pipeline as Tekton objects. Pipeline and tasks are the same for every run and are committed;
 * what differs from run to run is in the PipelineRun.
 */
public final class Compilation {
  /** What run.yaml names until a target says otherwise. */
  private static final String WORKER_IMAGE = "sluice-worker:0.1.0";

  private static final String TUNER_IMAGE = "sluice-tuner:0.1.0";
  private static final String DRIFT_IMAGE = "sluice-drift:0.1.0";

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

  /** The plan that was compiled: the same for every run. */
  Plan base() {
    return base;
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
      files.put("run.yaml", TektonYaml.write(List.of(template())));
    }
    return files;
  }

  /** A run of the committed code, named by the cluster. */
  private PipelineRun template() {
    RunParameters parameters =
        RunParameters.of(new RunId("manual"), codeDigest(), WORKER_IMAGE, TUNER_IMAGE)
            .withDriftImage(DRIFT_IMAGE);
    PipelineRun run = Lowering.run(base, parameters);
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

  private Digest codeDigest() {
    List<Manifest.Entry> entries =
        code().stream()
            .map(f ->
                new Manifest.Entry(
                    f.path(), f.executable(), f.content().length, Digest.of(f.content())))
            .toList();
    return new Manifest(Optional.empty(), java.util.Map.of(), entries).digest();
  }

  /** The files that {@code code.include} takes, sorted by path. */
  List<CodeContent> code() {
    CodeSelection selection = new CodeSelection(base.codeIncludes());
    List<CodeContent> out = new ArrayList<>();
    for (SourceTree.CodeFile file : opened.tree().files()) {
      if (selection.takes(file.path())) {
        byte[] content =
            opened
                .tree()
                .read(file.path())
                .orElseThrow(() ->
                    new SluiceException(
                        ExitCode.INPUT_WRONG,
                        Diagnostic.of(
                            "SLU-9019",
                            file.path() + " vanished while the code was read",
                            "is something else writing to the folder?")));
        out.add(new CodeContent(file.path(), file.executable(), content));
      }
    }
    return out;
  }

  /**
   * The PipelineRun of one run.
   *
   * @param file what the target says, for a run on a cluster
   */
  PipelineRun run(
      RunPipeline.Request request, Digest code, Target.Images images, Optional<TargetSpec> file) {
    RunParameters parameters = images.parameters(request.id(), code);
    return Lowering.run(base, parameters(request, file.map(parameters::on).orElse(parameters)));
  }

  /**
   * A run on a target as {@code kubectl create -f} takes it; the target's images are the run's.
   *
   * @return YAML
   */
  public String runOn(TargetSpec file, RunPipeline.Request request) {
    RunParameters parameters =
        RunParameters.of(request.id(), codeDigest(), file.images().worker(), "").on(file);
    return TektonYaml.write(List.of(Lowering.run(base, parameters(request, parameters))));
  }

  private RunParameters parameters(RunPipeline.Request request, RunParameters where) {
    RunParameters parameters =
        where
            .withSettings(Planner.settings(opened.spec(), request.profile(), request.overlays()))
            .withOrigin(
                opened.tree().commit().map(c -> c.id() + (c.dirty() ? "-dirty" : "")),
                request.who());
    return request.asOf().map(parameters::withAsOf).orElse(parameters);
  }
}
