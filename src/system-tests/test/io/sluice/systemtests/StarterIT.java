package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code sluice init} writes runs as it is, from data to a first champion. */
@Timeout(300)
class StarterIT {
  @TempDir private Path folder;

  @Test
  void initAndRunFromAnEmptyFolderToAFirstChampion() throws Exception {
    Path pipeline = folder.resolve("demand");
    ForkedSluice sluice = new ForkedSluice(folder.resolve("state"));
    ForkedSluice.Ended init = sluice.run("init", pipeline.toString());
    assertThat(init.code()).as(init.shown()).isEqualTo(0);
    assertThat(init.out()).contains("next: sluice run " + pipeline);

    ForkedSluice.Ended run =
        sluice.run("run", pipeline.toString(), "--as-of", "2026-06-01", "--profile", "smoke");
    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    assertThat(run.out()).contains("PROMOTED demand-forecast version 1");

    assertThat(sluice.run("init", pipeline.toString()).err()).contains("SLU-9016");
    assertThat(Files.readString(pipeline.resolve("sluice.yaml")))
        .contains("# A pipeline that runs");
  }
}
