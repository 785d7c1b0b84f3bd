package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.mlflow.FaultProxy;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The launcher is asked to end, or dies, while it sets up or while a stage runs. One story told in
 * order; each chapter needs those before it.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KilledLauncherIT {
  /** Ignores SIGTERM, has a child that left its session and one that left its parent. */
  private static final String HANGS =
      """
      trap '' TERM
      (setsid sh -c 'echo $$ > %1$s/daemon; while :; do sleep 1; done' &)
      ( (sh -c 'echo $$ > %1$s/orphan; while :; do sleep 1; done' &) & )
      echo $$ > %1$s/step
      while :; do sleep 1; done
      """;

  private Path folder;
  private ForkedSluice sluice;
  private TinyPipeline pipeline;

  @BeforeAll
  void aChampion(@TempDir Path temporary) throws Exception {
    folder = temporary;
    sluice = new ForkedSluice(folder.resolve("state"));
    pipeline = new TinyPipeline(folder.resolve("tiny"));
    ForkedSluice.Ended first = run();
    assertThat(first.code()).as(first.shown()).isEqualTo(0);
    assertThat(first.out()).contains("PROMOTED tiny");
  }

  @Test
  @Order(1)
  void onCtrlCWhileAnEnvironmentIsBuiltTheInstallerEndsToo() throws Exception {
    Path never = folder.resolve("never");
    TinyPipeline slow =
        new TinyPipeline(never).locked("nowhere==1.0 --hash=sha256:" + "0".repeat(64));
    try (FaultProxy index =
        new FaultProxy(URI.create("http://127.0.0.1:1"), request -> FaultProxy.HANG)) {
      ForkedSluice.Going run =
          new ForkedSluice(folder.resolve("setup"))
              .with("UV_DEFAULT_INDEX", index.uri().toString())
              .with("UV_NO_CONFIG", "1")
              .with("TMPDIR", folder.toString())
              .start("run", slow.path());
      await()
          .atMost(Duration.ofMinutes(5))
          .untilAsserted(() -> assertThat(index.requests()).as(run.shown()).isPositive());
      run.signal("INT");
      ForkedSluice.Ended ended = run.await();
      assertThat(living()).isEmpty();
      assertThat(ended.code()).as(ended.shown()).isEqualTo(130);
      assertThat(ended.err()).contains("SLU-9027").doesNotContain("\tat ");
    }
  }

  @Test
  @Order(1)
  void onCtrlCWhileTheServersEnvironmentIsBuiltItIsGivenUp() throws Exception {
    Path cache = folder.resolve("cache");
    try (FaultProxy index =
        new FaultProxy(URI.create("http://127.0.0.1:1"), request -> FaultProxy.HANG)) {
      ForkedSluice.Going run =
          new ForkedSluice(folder.resolve("no-environment"))
              .with("XDG_CACHE_HOME", cache.toString())
              .with("PIP_INDEX_URL", index.uri().toString())
              .with("PIP_CONFIG_FILE", "/dev/null")
              .with("PIP_FIND_LINKS", "")
              .with("TMPDIR", folder.toString())
              .start("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF);
      await()
          .atMost(Duration.ofMinutes(5))
          .untilAsserted(() -> assertThat(index.requests()).as(run.shown()).isPositive());
      run.signal("INT");
      ForkedSluice.Ended ended = run.await();
      assertThat(living()).isEmpty();
      assertThat(ended.code()).as(ended.shown()).isEqualTo(130);
      // A command that waits for the installer would be cut off without a word.
      assertThat(ended.err()).contains("SLU-9027").doesNotContain("\tat ");
    }
    try (Stream<Path> left = Files.list(cache.resolve("sluice"))) {
      assertThat(left.filter(Files::isDirectory).map(p -> p.getFileName().toString()))
          .as("no half of uv")
          .containsExactly("environments");
    }
    try (Stream<Path> left = Files.list(cache.resolve("sluice/environments"))) {
      assertThat(left.filter(Files::isDirectory)).as("no half of an environment").isEmpty();
    }
  }

  @ParameterizedTest
  @Order(1)
  @ValueSource(strings = {"run", "doctor"})
  void onCtrlCWhileTheServerStartsItIsGivenUpAndTheNextStartIsWhole(String command)
      throws Exception {
    ForkedSluice fresh = new ForkedSluice(folder.resolve("early-" + command));
    Path database = fresh.state().resolve("mlflow/mlflow.db");
    ForkedSluice.Going early = fresh.start(command, pipeline.path());
    await()
        .atMost(Duration.ofMinutes(5))
        .until(() -> Files.exists(database) || !early.process().isAlive());
    early.signal("INT");
    ForkedSluice.Ended ended = early.await();
    assertThat(living()).isEmpty();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(130);
    assertThat(ended.err()).contains("SLU-9027").doesNotContain("\tat ");
    assertThat(fresh.state().resolve("mlflow/server.log"))
        .content()
        .as("nobody waited for it")
        .doesNotContain("Uvicorn running");
    ForkedSluice.Ended next = fresh.run("doctor", pipeline.path());
    assertThat(next.code()).as(next.shown()).isEqualTo(0);
  }

  @Test
  @Order(2)
  void onCtrlCNothingIsLeftTheRecordIsWrittenAndTheExitCodeIs130() throws Exception {
    pipeline.train(HANGS.formatted(folder));
    ForkedSluice.Going run =
        sluice.start("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "parted");
    awaitSteps();
    run.signal("INT");
    ForkedSluice.Ended ended = run.await();
    assertThat(living()).isEmpty();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(130);
    assertThat(ended.shown())
        .contains("run parted cancelled")
        .containsPattern("record +done")
        .doesNotContain("\tat ", "SLU-");
    List<JsonNode> events =
        ForkedSluice.json(Files.readString(sluice.state().resolve("runs/parted/events.jsonl")));
    assertThat(events.getLast().path("status").asText()).isEqualTo("cancelled");
    try (RegistrySession session =
        RegistrySessions.ofThisProcess().open(sluice.state(), event -> {})) {
      JsonNode record =
          session.registry().recordedRuns("tiny", 10).stream()
              .map(Json::parse)
              .filter(r -> r.path("run").asText().equals("parted"))
              .findFirst()
              .orElseThrow();
      assertThat(record.path("status").asText()).isEqualTo("cancelled");
      assertThat(record.toString()).contains("\"cause\":\"cancelled\"");
      assertThat(session.registry().versions("tiny")).hasSize(1);
      championIsOne(session);
    }
  }

  @Test
  @Order(3)
  void afterAKillStepsAndServerEndByThemselvesAndTheNextRunRepairs() throws Exception {
    for (String pid : List.of("step", "daemon", "orphan")) {
      Files.delete(folder.resolve(pid));
    }
    ForkedSluice.Going victim =
        sluice.start("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "victim");
    awaitSteps();
    int port = port();
    assertThat(accepts(port)).isTrue();
    victim.signal("KILL");
    assertThat(victim.await().code()).isEqualTo(137);

    await().atMost(Duration.ofMinutes(5)).until(this::stepsAreGone);
    await().atMost(Duration.ofMinutes(5)).until(() -> !accepts(port));

    Path left = Files.writeString(sluice.state().resolve("store/tmp/w-left"), "half of a blob");
    Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    pipeline.train("cp -r src/model \"$SLUICE_OUTPUTS/model\"; echo again");
    ForkedSluice.Ended next = run();
    assertThat(next.code()).as(next.shown()).isEqualTo(0);
    assertThat(next.out()).contains("HELD tiny version 2");
    assertThat(sluice.state().resolve("runs/victim/work")).doesNotExist();
    assertThat(left).doesNotExist();
    try (RegistrySession session =
        RegistrySessions.ofThisProcess().open(sluice.state(), event -> {})) {
      championIsOne(session);
    }
  }

  private ForkedSluice.Ended run() throws Exception {
    return sluice.run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF);
  }

  private static void championIsOne(RegistrySession session) {
    var inspection = session.registry().promotions("tiny").inspect();
    assertThat(inspection.entries()).hasSize(1);
    assertThat(inspection.alias()).contains(1);
    assertThat(inspection.production()).containsExactly(1);
  }

  private void awaitSteps() {
    await()
        .atMost(Duration.ofMinutes(5))
        .until(() -> pid("step") > 0 && pid("daemon") > 0 && pid("orphan") > 0);
  }

  private boolean stepsAreGone() throws IOException {
    List<Long> living = living();
    return !living.contains(pid("step"))
        && !living.contains(pid("daemon"))
        && !living.contains(pid("orphan"));
  }

  /**
   * Every process that has this test's folder in its arguments, environment or working directory.
   * The dead that nobody has waited for yet (zombies) are no processes any more: how soon they
   * vanish is up to the machine's init.
   */
  private List<Long> living() throws IOException {
    List<Long> found = new ArrayList<>();
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      Path proc = Path.of("/proc", Long.toString(process.pid()));
      try {
        String stat = Files.readString(proc.resolve("stat"), StandardCharsets.ISO_8859_1);
        char state = stat.charAt(stat.lastIndexOf(')') + 2);
        String told =
            Files.readString(proc.resolve("cmdline"), StandardCharsets.ISO_8859_1)
                + Files.readString(proc.resolve("environ"), StandardCharsets.ISO_8859_1)
                + Files.readSymbolicLink(proc.resolve("cwd"));
        if (state != 'Z' && state != 'X' && told.contains(folder.toString())) {
          found.add(process.pid());
        }
      } catch (IOException e) {
        // It ended while it was looked at, or is another user's.
        continue;
      }
    }
    found.remove(ProcessHandle.current().pid());
    return found;
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
