package io.jenkins.plugins.sluice.run;

import hudson.AbortException;
import hudson.model.Cause;
import hudson.model.Run;
import io.jenkins.plugins.sluice.page.RunAction;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.record.RunFolder;
import io.sluice.app.run.RunState;
import io.sluice.core.run.RunId;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * A build that a person restarted from a stage of an earlier one. Its stages before that one are
 * skipped, so the run continues where the earlier build left it: under its id, with the results of
 * its stages.
 */
@Restricted(NoExternalUse.class)
public final class RestartedBuild {
  private static final Logger LOGGER = Logger.getLogger(RestartedBuild.class.getName());

  /** Of the plugin pipeline-model-definition, which need not be there. */
  private static final String CAUSE =
      "org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause";

  private final Run<?, ?> build;

  RestartedBuild(Run<?, ?> build) {
    this.build = build;
  }

  /**
   * The run of the original build, made this build's own.
   *
   * @param who in whose name it promotes from here on
   * @return empty when the build is not a restart, or its original has no such run
   */
  Optional<RunState> adopt(RunRequest request, Optional<String> who) throws AbortException {
    List<RunFolder> candidates =
        originals(request).stream()
            .filter(f -> f.state().filter(s -> s.isStaged(request.spec())).isPresent())
            .toList();
    if (candidates.size() != 1) {
      return Optional.empty(); // it is not known which of them
    }
    RunState state = candidates.getFirst().state().orElseThrow().adopted(who);
    RunFolder own = new RunFolder(build, state.definition().run());
    if (own.state().isPresent()) {
      return own.state(); // adopted before a crash, or by another block
    }
    own.adopt(candidates.getFirst(), state);
    return Optional.of(state);
  }

  /** The run on an agent of the original build, made this build's own; empty as for others. */
  Optional<RunId> adoptOnAgent(RunRequest request) throws AbortException {
    List<RunFolder> candidates =
        originals(request).stream().filter(f -> f.workspace().isPresent()).toList();
    if (candidates.size() != 1) {
      return Optional.empty();
    }
    RunFolder original = candidates.getFirst();
    RunFolder own = new RunFolder(build, original.run());
    own.keepPipeline(request.name());
    own.keepWorkspace(original.workspace().orElseThrow());
    return Optional.of(original.run());
  }

  /**
   * What the original build kept of its runs of this pipeline; nothing when the build is not a
   * restart.
   */
  private List<RunFolder> originals(RunRequest request) throws AbortException {
    String name = request.name();
    OptionalInt number =
        build.getCauses().stream()
            .filter(c -> c.getClass().getName().equals(CAUSE))
            .mapToInt(RestartedBuild::original)
            .filter(n -> n > 0)
            .findFirst();
    if (number.isEmpty()) {
      return List.of();
    }
    Run<?, ?> original = build.getParent().getBuildByNumber(number.getAsInt());
    RunAction action = original == null ? null : original.getAction(RunAction.class);
    if (original == null || action == null) {
      return List.of();
    }
    return action.ids().stream()
        .map(id -> new RunFolder(original, new RunId(id)))
        .filter(f -> f.pipeline().map(name::equals).orElse(true))
        .toList();
  }

  private static int original(Cause cause) {
    try {
      return (Integer) cause.getClass().getMethod("getOriginRunNumber").invoke(cause);
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
      LOGGER.log(Level.WARNING, "the original of a restarted build is not known", e);
      return 0;
    }
  }
}
