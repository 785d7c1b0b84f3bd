package io.sluice.app;

import io.sluice.core.artifact.Digest;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.ImageRole;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.PipelineRunner;
import io.sluice.tekton.lower.RunParameters;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Where runs happen: this machine, or a cluster. Knows what is particular to it. */
public interface Target {

  /**
   * A file of the code artifact.
   *
   * @param path relative, slash-separated
   */
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  record CodeContent(String path, boolean executable, byte[] content) {}

  /**
   * What images the parts of a run use here.
   *
   * @param roles images of Sluice's own parts
   * @param environments image of each environment of the plan, by name
   */
  record Images(Map<ImageRole, String> roles, Map<String, String> environments) {

    /** The parameters of a run with these images; others may be added. */
    public RunParameters parameters(RunId run, Digest code) {
      return RunParameters.of(run, code, roles).withImages(environments);
    }
  }

  /** Puts the code into the store; returns the digest of its manifest. */
  Digest upload(List<CodeContent> code);

  /** Makes ready what the plan needs, reporting progress, and says which images are which. */
  Images prepare(Plan plan, Consumer<RunEvent> progress);

  PipelineRunner runner();

  /** What a target's file says; empty on this machine. */
  default Optional<TargetSpec> file() {
    return Optional.empty();
  }
}
