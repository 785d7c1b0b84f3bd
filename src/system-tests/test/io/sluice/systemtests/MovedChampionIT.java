package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.app.run.RunSummary;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Somebody promotes another version while a run is on its way to do so. */
@Timeout(1800)
class MovedChampionIT {
  @TempDir private Path folder;

  @Test
  void theRunLosesTheRaceWithExitCodeFourAndSaysWhoWon() throws Exception {
    ForkedSluice sluice = new ForkedSluice(folder.resolve("state"));
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("tiny")).firstRun("hold");
    try (RegistrySession session =
        RegistrySessions.ofThisProcess().open(sluice.state(), event -> {})) {
      Path record = folder.resolve("run.json");
      ForkedSluice.Ended held =
          sluice.run(
              "run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--record", record.toString());
      assertThat(held.out()).as(held.shown()).contains("HELD tiny");
      assertThat(RunSummary.of(Files.readAllBytes(record)).verdict()).contains("HOLD");
      assertThat(folder.resolve("run.json.page")).as("its server ends with it").doesNotExist();

      pipeline
          .firstRun("beatsNaive")
          .train(
              """
              touch %1$s/waiting
              while [ ! -e %1$s/go ]; do sleep 0.1; done
              cp -r src/model "$SLUICE_OUTPUTS/model"
              """
                  .formatted(folder));
      ForkedSluice.Going run = sluice.start("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF);
      await().atMost(Duration.ofMinutes(5)).until(() -> Files.exists(folder.resolve("waiting")));
      ForkedSluice.Ended override =
          sluice.run("override", pipeline.path(), "1", "--reason", "we need one today");
      assertThat(override.code()).as(override.shown()).isEqualTo(0);
      Files.createFile(folder.resolve("go"));

      ForkedSluice.Ended lost = run.await();
      assertThat(lost.code()).as(lost.shown()).isEqualTo(4);
      assertThat(lost.shown()).contains("SLU-5020").contains("version 1");
      var inspection = session.registry().promotions("tiny").inspect();
      assertThat(inspection.champion()).contains(1);
      assertThat(inspection.alias()).contains(1);
      assertThat(inspection.production()).containsExactly(1);
      // Its candidate is logged all the same.
      assertThat(session.registry().version("tiny", 2)).isPresent();
    }
  }
}
