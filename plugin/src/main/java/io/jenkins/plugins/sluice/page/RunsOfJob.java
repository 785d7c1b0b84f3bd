package io.jenkins.plugins.sluice.page;

import hudson.model.Job;
import hudson.model.Run;
import io.sluice.core.diag.SluiceException;
import io.sluice.state.StateFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Whether a job ever had a run: a file in its folder. Jenkins asks for the pages of a job with each
 * request, and must not read its builds to find out. The last one alone is looked at, for jobs
 * whose runs are from before there was such a file.
 */
final class RunsOfJob {
  private static final Logger LOGGER = Logger.getLogger(RunsOfJob.class.getName());

  private RunsOfJob() {}

  static void note(Job<?, ?> job) {
    note(job.getRootDir().toPath());
  }

  /** A mark that cannot be written takes a page away, and nothing from the run. */
  static void note(Path job) {
    Path mark = mark(job);
    try {
      if (!Files.exists(mark)) {
        new StateFile(mark).write("");
      }
    } catch (SluiceException e) {
      LOGGER.log(Level.WARNING, e, () -> "the page of the model may be missing: " + mark);
    }
  }

  static boolean any(Job<?, ?> job) {
    if (any(job.getRootDir().toPath())) {
      return true;
    }
    @Nullable Run<?, ?> last = job.getLastCompletedBuild();
    return last != null && last.getAction(RunAction.class) != null;
  }

  static boolean any(Path job) {
    return Files.exists(mark(job));
  }

  private static Path mark(Path job) {
    return job.resolve("sluice").resolve("had-runs");
  }
}
