package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher dies, or is asked to end, while a stage runs. */
@Timeout(240)
class KilledLauncherIT {
  @TempDir private Path folder;
  private ForkedSluice sluice;
  private TinyPipeline pipeline;

  @BeforeEach
  void aChampionAndAStageThatHangs() throws Exception {
    sluice = new ForkedSluice(folder.resolve("state"));
    pipeline = new TinyPipeline(folder.resolve("tiny"));
    ForkedSluice.Ended first = run();
    assertThat(first.code()).as(first.shown()).isEqualTo(0);
    assertThat(first.out()).contains("PROMOTED tiny");
    pipeline.train(
        """
        trap '' TERM
        (setsid sh -c 'echo $$ > %1$s/daemon; while :; do sleep 1; done' &)
        echo $$ > %1$s/step
        while :; do sleep 1; done
        """
            .formatted(folder));
  }

  @Test
  void afterAKillStepsEndWithinFiveSecondsTheServerSoonAndTheNextRunRepairs() throws Exception {
    ForkedSluice.Going victim =
        sluice.start("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "victim");
    awaitSteps();
    int port = port();
    assertThat(accepts(port)).isTrue();
    victim.signal("KILL");
    assertThat(victim.await().code()).isEqualTo(137);

    await().atMost(Duration.ofSeconds(5)).until(this::stepsAreGone);
    await().atMost(Duration.ofSeconds(30)).until(() -> !accepts(port));

    pipeline.train("cp -r src/model \"$SLUICE_OUTPUTS/model\"; echo again");
    ForkedSluice.Ended next = run();
    assertThat(next.code()).as(next.shown()).isEqualTo(0);
    assertThat(next.out()).contains("HELD tiny");
    assertThat(sluice.state().resolve("runs/victim/work")).doesNotExist();
    champion();
  }

  @Test
  void onCtrlCTheStageEndsTheRecordIsWrittenAndTheExitCodeIs130() throws Exception {
    ForkedSluice.Going run =
        sluice.start("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "parted");
    awaitSteps();
    run.signal("INT");
    ForkedSluice.Ended ended = run.await();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(130);
    await().atMost(Duration.ofSeconds(5)).until(this::stepsAreGone);
    assertThat(ended.shown()).doesNotContain("\tat ").doesNotContain("SLU-9099");
    champion();
    try (RegistrySession session = Wiring.registry(sluice.state(), event -> {})) {
      List<JsonNode> records =
          session.registry().recordedRuns("tiny", 10).stream().map(Json::parse).toList();
      assertThat(records).extracting(r -> r.path("run").asText()).contains("parted");
      JsonNode record =
          records.stream()
              .filter(r -> r.path("run").asText().equals("parted"))
              .findFirst()
              .orElseThrow();
      assertThat(record.path("status").asText()).as(record.toString()).isNotEqualTo("SUCCEEDED");
      assertThat(session.registry().versions("tiny")).hasSize(1);
    }
  }

  private ForkedSluice.Ended run() throws Exception {
    return sluice.run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF);
  }

  private void champion() {
    try (RegistrySession session = Wiring.registry(sluice.state(), event -> {})) {
      var inspection = session.registry().promotions("tiny").inspect();
      assertThat(inspection.entries()).hasSize(1);
      assertThat(inspection.alias()).contains(1);
      assertThat(inspection.production()).containsExactly(1);
    }
  }

  private void awaitSteps() {
    await().atMost(Duration.ofSeconds(90)).until(() -> pid("step") > 0 && pid("daemon") > 0);
  }

  private boolean stepsAreGone() throws IOException {
    return ProcessHandle.of(pid("step")).isEmpty() && ProcessHandle.of(pid("daemon")).isEmpty();
  }

  private long pid(String file) throws IOException {
    Path path = folder.resolve(file);
    String text = Files.exists(path) ? Files.readString(path).strip() : "";
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private int port() throws IOException {
    return Json.parse(Files.readAllBytes(sluice.state().resolve("mlflow/server.json")))
        .path("port")
        .asInt();
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
