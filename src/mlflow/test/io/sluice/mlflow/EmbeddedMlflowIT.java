package io.sluice.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One server for all who use a folder, nobody's when the last is gone. Processes count as the
 * server's when their working folder is its state folder, so that none can hide.
 */
class EmbeddedMlflowIT {
  /** Guards against a hang: a server that must be killed takes ten seconds of an idle machine. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static Path venv;

  @TempDir Path folder;
  private final List<Process> users = new ArrayList<>();

  @BeforeAll
  static void environment() {
    venv = RealServer.venv();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    users.forEach(Process::destroyForcibly);
    try {
      await().atMost(PATIENCE).until(() -> processesIn(folder).isEmpty());
    } finally {
      // A test that failed must not leave its server to this machine.
      processesIn(folder)
          .forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    }
  }

  @Test
  void startAndCloseLeaveNoProcess() throws IOException {
    EmbeddedMlflow first = start();
    EmbeddedMlflow second = start();
    assertThat(second.uri()).isEqualTo(first.uri());
    assertThat(processesIn(folder)).isNotEmpty();

    first.close();
    first.close();
    assertThat(answers(second.uri())).as("another part of this program still uses it").isTrue();

    second.close();
    assertThat(processesIn(folder)).isEmpty();
    assertThat(answers(second.uri())).isFalse();
    assertThat(folder.resolve("server.json")).doesNotExist();
  }

  @Test
  void onlyThisMachineReachesItAndOnlyByItsOwnName() throws IOException {
    int port = RealServer.shared().uri().getPort();
    for (String path : List.of("/", "/api/2.0/mlflow/experiments/get?experiment_id=0")) {
      assertThat(statusFor(port, "127.0.0.1:" + port, path)).as(path).isEqualTo(200);
      assertThat(statusFor(port, "localhost:" + port, path)).as(path).isEqualTo(200);
      // What the page of a stranger sends whose name points at this machine (DNS rebinding).
      assertThat(statusFor(port, "attacker.example:" + port, path)).as(path).isEqualTo(403);
      assertThat(statusFor(port, "attacker.example", path)).as(path).isEqualTo(403);
    }

    // A listener on all addresses would answer here; every address of 127/8 is this machine's.
    assertThatExceptionOfType(ConnectException.class)
        .isThrownBy(() -> new Socket("127.0.0.2", port).close());
    assertThat(listeners(port)).containsExactly("127.0.0.1");
  }

  @Test
  void processesShareItAndItEndsWithTheLastEvenWhenThatIsKilled() throws Exception {
    Process first = user();
    Process second = user();
    URI uri = said(first);
    assertThat(said(second)).as("both started at once").isEqualTo(uri);
    EmbeddedMlflow mine = start();
    assertThat(mine.uri()).isEqualTo(uri);

    int starter = starter();
    Process gone = first.pid() == starter ? first : second;
    Process last = gone == first ? second : first;
    gone.getOutputStream().close();
    assertThat(gone.waitFor()).isZero();
    assertThat(answers(uri)).as("it outlives the process that started it").isTrue();

    mine.close();
    assertThat(answers(uri)).as("close() leaves it to the others").isTrue();

    last.destroyForcibly().waitFor();
    await().atMost(PATIENCE).until(() -> processesIn(folder).isEmpty());
    assertThat(answers(uri)).isFalse();
  }

  @Test
  void theHalfOfADatabaseThatAnEndedStartLeftIsMadeAnew() throws Exception {
    // A later change of the schema makes this table: a server that finds it there refuses to start.
    String half =
        "import sqlite3; sqlite3.connect('mlflow.db').execute('CREATE TABLE registered_models"
            + " (name TEXT)')";
    assertThat(
            new ProcessBuilder(venv.resolve("bin/python").toString(), "-c", half)
                .directory(folder.toFile())
                .start()
                .waitFor())
        .isZero();
    assertThatExceptionOfType(SluiceException.class)
        .as("a database that was whole once is left as it is")
        .isThrownBy(this::start)
        .withMessageContaining("did not start");
    byte[] before = Files.readAllBytes(folder.resolve("mlflow.db"));
    Files.createFile(folder.resolve("mlflow.db.unfinished"));
    try (EmbeddedMlflow server = start()) {
      assertThat(answers(server.uri())).isTrue();
      assertThat(folder.resolve("mlflow.db.unfinished")).doesNotExist();
      assertThat(folder.resolve("mlflow.db.unfinished-1")).hasBinaryContent(before);
      assertThat(server.log()).content().contains("it is mlflow.db.unfinished-1 now");
    }
  }

  @Test
  void oneThatIsKeptStaysUntilItIsStopped() throws Exception {
    assertThat(EmbeddedMlflow.stop(folder)).isEqualTo(EmbeddedMlflow.Stopped.NONE);
    // What a kept server leaves when the machine goes down means nothing to the next one.
    Files.writeString(folder.resolve("kept"), "a token of then");
    EmbeddedMlflow first = start();
    URI uri = first.uri();
    assertThat(EmbeddedMlflow.isKept(folder)).isFalse();
    assertThat(EmbeddedMlflow.isPassing(uri)).isTrue();
    first.keep();
    assertThat(EmbeddedMlflow.isPassing(uri)).isFalse();
    first.close();
    assertThat(EmbeddedMlflow.running(folder)).as("nobody uses it").contains(uri);

    Process user = user();
    assertThat(said(user)).as("the one that is up").isEqualTo(uri);
    user.destroyForcibly().waitFor();
    try (EmbeddedMlflow mine = start()) {
      assertThat(mine.uri()).isEqualTo(uri);
      user = user();
      assertThat(said(user)).isEqualTo(uri);
    }
    assertThat(EmbeddedMlflow.stop(folder)).isEqualTo(EmbeddedMlflow.Stopped.IN_USE);
    assertThat(answers(uri)).as("a command uses it").isTrue();
    user.destroyForcibly().waitFor();
    await().atMost(PATIENCE).until(() -> processesIn(folder).isEmpty());
    assertThat(EmbeddedMlflow.running(folder)).isEmpty();
  }

  @Test
  void tracesOfDeadServersMisleadNobody() throws IOException {
    // What a crash of the machine leaves: locks that nobody holds, an address of somebody else.
    Files.createFile(folder.resolve("users.lock"));
    Files.createFile(folder.resolve("supervisor.lock"));
    Files.createFile(folder.resolve("start.lock"));
    Files.writeString(
        folder.resolve("server.json"),
        "{\"token\":\"t\",\"port\":1,\"supervisor\":1,\"server\":"
            + ProcessHandle.current().pid()
            + "}");
    EmbeddedMlflow before = start();
    registered(before, "kept");

    // A supervisor that was killed leaves the server running with nobody to end it.
    JsonNode published = Json.parse(Files.readAllBytes(folder.resolve("server.json")));
    List<Long> orphans = new ArrayList<>(processesIn(folder));
    orphans.remove(published.path("supervisor").asLong());
    kill(published.path("supervisor").asLong());
    assertThat(answers(before.uri())).as("the orphan").isTrue();
    // What a start that was given up leaves, before somebody puts a whole database there.
    Files.createFile(folder.resolve("mlflow.db.unfinished"));
    try (EmbeddedMlflow after = start()) {
      assertThat(processesIn(folder)).as("the orphan is gone").doesNotContainAnyElementsOf(orphans);
      assertThat(MlflowRegistry.connect(after.config()).versions("kept")).hasSize(1);
      assertThat(folder.resolve("mlflow.db.unfinished")).doesNotExist();

      // A server that was killed is missed, and replaced for the next client.
      published = Json.parse(Files.readAllBytes(folder.resolve("server.json")));
      kill(published.path("server").asLong());
      await().atMost(PATIENCE).until(() -> processesIn(folder).isEmpty());
      assertThatExceptionOfType(SluiceException.class)
          .isThrownBy(() -> MlflowRegistry.connect(after.config()).versions("kept"))
          .satisfies(e -> {
            assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5033");
            assertThat(e.getMessage()).contains("the embedded MLflow server has ended");
          });
      try (EmbeddedMlflow replaced = start()) {
        assertThat(MlflowRegistry.connect(replaced.config()).versions("kept")).hasSize(1);
      }
    }
    before.close();
    assertThat(processesIn(folder)).isEmpty();
  }

  @Test
  void theServerOfASupervisorThatWasKilledBeforeItPublishedIsFound() throws Exception {
    Process first = user();
    await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("mlflow.db")));
    assertThat(folder.resolve("server.json")).doesNotExist();
    kill(supervisor());
    assertThat(first.waitFor()).as("its server did not start").isNotZero();
    List<Long> orphans = processesIn(folder);
    assertThat(orphans).isNotEmpty();
    try (EmbeddedMlflow after = start()) {
      assertThat(processesIn(folder)).doesNotContainAnyElementsOf(orphans);
      assertThat(answers(after.uri())).isTrue();
    }
  }

  @Test
  void aServerThatCannotStartSaysItsLastWordsAndLeavesNothing() throws IOException {
    Files.writeString(folder.resolve("mlflow.db"), "this is not a database");
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(this::start)
        .satisfies(e -> {
          assertThat(e.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
          assertThat(e.getMessage())
              .contains("SLU-5030", "file is not a database")
              .doesNotContain("Traceback", "  File ");
          assertThat(e.diagnostics().getFirst().hint().orElseThrow()).contains("server.log");
        });
  }

  @Test
  void anEnvironmentThatIsNotThereIsSaidSo() {
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> EmbeddedMlflow.start(folder, folder.resolve("no-venv"), s -> {}))
        .satisfies(e -> assertThat(e.getMessage()).contains("SLU-5030", "no-venv/bin/python"));
  }

  @Test
  void anInterruptedStartIsNoFailureOfTheServer() {
    Thread.currentThread().interrupt();
    try {
      assertThatExceptionOfType(SluiceException.class)
          .isThrownBy(this::start)
          .satisfies(e -> {
            assertThat(e.exitCode()).isEqualTo(ExitCode.INTERRUPTED);
            assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5008");
          });
    } finally {
      assertThat(Thread.interrupted()).as("the interruption is passed on").isTrue();
    }
  }

  private EmbeddedMlflow start() {
    return EmbeddedMlflow.start(folder, venv, s -> {});
  }

  private static void registered(EmbeddedMlflow server, String model) {
    MlflowRegistry.connect(server.config()).register(MlflowRegistryIT.candidate(model, "k"));
  }

  /** A JVM of its own that uses the server until its input is closed. */
  private Process user() throws IOException {
    Process user =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java") + "",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                ServerUser.class.getName(),
                folder + "",
                venv + "")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    users.add(user);
    return user;
  }

  private static URI said(Process user) throws IOException {
    BufferedReader out = user.inputReader(StandardCharsets.UTF_8);
    return URI.create(String.valueOf(out.readLine()));
  }

  /** Which process the supervisor is a child of. */
  private int starter() throws IOException {
    long supervisor =
        Json.parse(Files.readAllBytes(folder.resolve("server.json"))).path("supervisor").asLong();
    String stat = Files.readString(Path.of("/proc/" + supervisor + "/stat"));
    return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[1]);
  }

  /** The supervisor of a server that is on its way: nothing is published yet. */
  private long supervisor() throws IOException {
    for (long process : processesIn(folder)) {
      if (Files.readString(Path.of("/proc/" + process + "/cmdline")).contains("supervise.py")) {
        return process;
      }
    }
    throw new AssertionError("no supervisor in " + folder);
  }

  private static void kill(long process) {
    ProcessHandle handle = ProcessHandle.of(process).orElseThrow();
    handle.destroyForcibly();
    handle.onExit().join();
  }

  private static List<Long> processesIn(Path folder) throws IOException {
    Path state = folder.toRealPath();
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> {
          try {
            return Files.readSymbolicLink(Path.of("/proc/" + pid + "/cwd")).equals(state);
          } catch (IOException e) {
            return false; // it ended, or is another user's
          }
        })
        .toList();
  }

  private static boolean answers(URI uri) throws IOException {
    try {
      return statusFor(uri.getPort(), uri.getAuthority(), "/version") == 200;
    } catch (ConnectException e) {
      return false;
    }
  }

  /** By hand: the JDK's client sends no other Host than the one it calls. */
  private static int statusFor(int port, String host, String path) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket
          .getOutputStream()
          .write(
              ("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return Integer.parseInt(answer.split(" ")[1]);
    }
  }

  /** Addresses on which this machine listens at a port, as the kernel lists them. */
  private static List<String> listeners(int port) throws IOException {
    List<String> found = new ArrayList<>();
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      if (!Files.exists(Path.of(table))) {
        continue; // no IPv6 here
      }
      for (String line : Files.readAllLines(Path.of(table)).stream().skip(1).toList()) {
        String[] columns = line.strip().split("\\s+");
        String[] local = columns[1].split(":");
        if (columns[3].equals("0A") && Integer.parseInt(local[1], 16) == port) {
          found.add(local[0].equals("0100007F") ? "127.0.0.1" : local[0]);
        }
      }
    }
    return found;
  }
}
