package io.jenkins.plugins.sluice.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mark of a job that had runs. */
class RunsOfJobTest {
  @TempDir private Path job;

  @Test
  void aRunLeavesItsMark() {
    assertThat(RunsOfJob.any(job)).isFalse();
    RunsOfJob.note(job);
    RunsOfJob.note(job);
    assertThat(RunsOfJob.any(job)).isTrue();
  }

  @Test
  void aMarkThatCannotBeWrittenDoesNotFailTheRun() throws Exception {
    Files.writeString(job.resolve("sluice"), "a file where the folder would be");
    RunsOfJob.note(job);
    assertThat(RunsOfJob.any(job)).isFalse();
  }
}
