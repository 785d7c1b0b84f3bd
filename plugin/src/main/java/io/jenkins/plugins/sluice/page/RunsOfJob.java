package io.jenkins.plugins.sluice.page;

import hudson.model.Job;
import io.sluice.state.StateFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether a job ever had a run: a file in its folder. Jenkins asks for the pages of a job with each
 * request, and must not read builds to find out.
 */
final class RunsOfJob {
  private RunsOfJob() {}

  static void note(Job<?, ?> job) {
    Path mark = mark(job.getRootDir().toPath());
    if (!Files.exists(mark)) {
      new StateFile(mark).write("");
    }
  }

  static boolean any(Job<?, ?> job) {
    return Files.exists(mark(job.getRootDir().toPath()));
  }

  private static Path mark(Path job) {
    return job.resolve("sluice").resolve("had-runs");
  }
}
