package io.jenkins.plugins.sluice.pipeline;

import hudson.AbortException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * The parameters of a step that opens a run, as Jenkins saves them with the step: texts only, so
 * that any later version can read them.
 */
@Restricted(NoExternalUse.class)
public final class RunRequest implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Folder of the pipeline, relative to the workspace or the repository. */
  private final String pipeline;

  /** File name of the spec in it. */
  private final String spec;

  /** Id of a configured cluster; empty: the only one. */
  private final String cluster;

  /** Of the spec; empty: none. */
  private final String profile;

  /** {@code PATH=VALUE}, in order. */
  private final ArrayList<String> settings;

  /** Instant or date; empty: now. */
  private final String asOf;

  public RunRequest(
      String pipeline,
      String spec,
      String cluster,
      String profile,
      List<String> settings,
      String asOf) {
    this.pipeline = pipeline;
    this.spec = spec;
    this.cluster = cluster;
    this.profile = profile;
    this.settings = new ArrayList<>(settings);
    this.asOf = asOf;
  }

  public String pipeline() {
    return pipeline;
  }

  public String spec() {
    return spec;
  }

  public String cluster() {
    return cluster;
  }

  public String profile() {
    return profile;
  }

  public String asOf() {
    return asOf;
  }

  /** Folder and spec of the pipeline, the same for each way to write them. */
  public String name() throws AbortException {
    return PipelineFiles.clean(pipeline) + "/" + spec;
  }

  public List<String> settings() {
    return List.copyOf(settings);
  }
}
