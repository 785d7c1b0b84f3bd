package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.app.run.RunSummary;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code sluice run --stage}: one run in several processes. One story told in order; each chapter
 * needs those before it.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StageByStageIT {
  private static final String WAITS =
      """
      echo "$$" >> %1$s/began
      while [ ! -e %1$s/go ]; do sleep 0.1; done
      cp -r src/model "$SLUICE_OUTPUTS/model"
      """;

  private Path folder;
  private ForkedSluice sluice;
  private TinyPipeline pipeline;
  private RegistrySession registry;

  @BeforeAll
  void open(@TempDir Path temporary) throws Exception {
    folder = temporary;
    sluice = new ForkedSluice(folder.resolve("state"));
    pipeline = new TinyPipeline(folder.resolve("tiny"));
    registry = RegistrySessions.ofThisProcess().open(sluice.state(), event -> {});
  }

  @AfterAll
  void close() {
    registry.close();
  }

  private ForkedSluice.Ended stage(String run, String stage, String... more) throws Exception {
    return going(run, stage, more).await();
  }

  private ForkedSluice.Going going(String run, String stage, String... more) throws IOException {
    String[] all = new String[more.length + 4];
    all[0] = "run";
    all[1] = pipeline.path();
    all[2] = "--run-id=" + run;
    all[3] = "--stage=" + stage;
    System.arraycopy(more, 0, all, 4, more.length);
    return sluice.start(all);
  }

  @Test
  @Order(1)
  void stagesRunOneByOneEachOnceFromTheFilesThatTheRunWasOpenedWith() throws Exception {
    ForkedSluice.Ended split = stage("one", "stages.split", "--as-of", TinyPipeline.AS_OF);
    assertThat(split.code()).as(split.shown()).isEqualTo(0);
    assertThat(split.out())
        .containsPattern("split +done")
        .doesNotContain("train")
        .contains("split done: run one");

    pipeline.train("exit 7"); // the run continues from the sources that it was opened with
    ForkedSluice.Ended train = stage("one", "train");
    assertThat(train.code()).as(train.shown()).isEqualTo(0);
    assertThat(train.out()).containsPattern("train-linear +done").doesNotContainPattern("split +");

    Path record = folder.resolve("run.json");
    ForkedSluice.Ended evaluate = stage("one", "evaluate", "--record", record.toString());
    assertThat(evaluate.code()).as(evaluate.shown()).isEqualTo(0);
    assertThat(evaluate.out())
        .contains("PROMOTE tiny version 1: `--stage promote` of run one makes it the champion")
        .doesNotContainPattern("train-linear +");
    assertThat(RunSummary.of(Files.readAllBytes(record)).verdict()).contains("PROMOTE");
    assertThat(registry.registry().promotions("tiny").entries()).isEmpty();

    ForkedSluice.Ended promote = stage("one", "promote", "--record", record.toString());
    assertThat(promote.code()).as(promote.shown()).isEqualTo(0);
    assertThat(promote.out()).contains("PROMOTED tiny version 1");
    assertThat(registry.registry().promotions("tiny").inspect().champion()).contains(1);
    RunSummary summary = RunSummary.of(Files.readAllBytes(record));
    assertThat(summary.run()).isEqualTo("one");
    assertThat(summary.promoted()).contains(1);
  }

  @Test
  @Order(2)
  void reportsARequestThatCannotBeMet() throws Exception {
    assertThat(stage("one", "train", "--profile", "smoke").err())
        .contains("SLU-9036", "without a profile");
    assertThat(stage("one", "train", "--as-of", "2026-04-01").err())
        .contains("SLU-9036", "as of 2026-03-01T00:00:00Z");
    assertThat(stage("one", "train", "--set", "stages.train.with.quick=true").err())
        .contains("SLU-9036");
    ForkedSluice.Ended none = stage("one", "trian");
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("SLU-9601", "train").doesNotContain("\tat ");
    assertThat(stage("two", "promote").err()).contains("SLU-9602");
    assertThat(stage("one", "train", "--on", "cluster").err()).contains("SLU-9037");
    assertThat(sluice.run("run", pipeline.path(), "--trials", "3").err()).contains("SLU-9037");
    assertThat(stage("x".repeat(47), "train").err()).contains("SLU-9035");
    assertThat(stage("one", "train", "--trials", "3").err()).contains("SLU-9037", "--trials 3");
    assertThat(stage("one", "tune", "--trials", "0").err()).contains("SLU-9037");
    TinyPipeline other = new TinyPipeline(folder.resolve("other")).model("other");
    assertThat(sluice.run("run", other.path(), "--run-id=one", "--stage=promote").err())
        .contains("SLU-9036", "for the pipeline");
    Path state = sluice.state().resolve("runs/two/staged/opened.json");
    Files.writeString(state, Files.readString(state).substring(0, 40));
    assertThat(stage("two", "train").err()).contains("SLU-9604", "opened.json");
  }

  @Test
  @Order(3)
  void aCallWaitsForARunningOneAndTakesOverWhenItDies() throws Exception {
    pipeline.train(WAITS.formatted(folder));
    ForkedSluice.Going victim = going("three", "train", "--as-of", TinyPipeline.AS_OF);
    await().atMost(Duration.ofMinutes(5)).until(() -> began() == 1);
    ForkedSluice.Going waiting = going("three", "evaluate");
    ForkedSluice.Going last = going("three", "promote");
    await()
        .atMost(Duration.ofMinutes(5))
        .until(() ->
            waiting.shown().contains("waits for three-1")
                && last.shown().contains("waits for three-1"));
    Files.createFile(folder.resolve("go"));
    victim.signal("KILL");
    assertThat(victim.await().code()).isEqualTo(137);
    ForkedSluice.Ended ended = waiting.await();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(0);
    // the same model as the champion
    assertThat(ended.out()).containsPattern("train-linear +done").contains("HELD tiny version 2");
    assertThat(began()).isEqualTo(2);
    // it had waited for the training, and then for the evaluation or for nothing
    assertThat(last.await().shown()).containsAnyOf("HOLD: nothing is promoted", "SLU-9602");
  }

  @Test
  @Order(4)
  void aHoldPromotesNothing() throws Exception {
    ForkedSluice.Ended promote = stage("three", "promote");
    assertThat(promote.code()).as(promote.shown()).isEqualTo(0);
    assertThat(promote.out()).contains("HOLD: nothing is promoted");
    assertThat(registry.registry().promotions("tiny").inspect().champion()).contains(1);
  }

  @Test
  @Order(5)
  void theNextCallRetriesAFailedStageAndCtrlCEndsARunningOne() throws Exception {
    Files.delete(folder.resolve("go"));
    pipeline.train(WAITS.formatted(folder) + "echo not in the cache\n");
    ForkedSluice.Going parted = going("four", "train", "--as-of", TinyPipeline.AS_OF);
    await().atMost(Duration.ofMinutes(5)).until(() -> began() == 3);
    parted.signal("INT");
    ForkedSluice.Ended ended = parted.await();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(130);
    assertThat(ended.shown()).contains("cancelled").doesNotContain("\tat ");
    assertThat(stage("four", "promote").err()).contains("SLU-9602");

    Files.createFile(folder.resolve("go"));
    ForkedSluice.Ended again = stage("four", "evaluate");
    assertThat(again.code()).as(again.shown()).isEqualTo(0);
    assertThat(began()).isEqualTo(4);
  }

  private long began() throws IOException {
    Path file = folder.resolve("began");
    return Files.exists(file) ? Files.readAllLines(file).size() : 0;
  }
}
