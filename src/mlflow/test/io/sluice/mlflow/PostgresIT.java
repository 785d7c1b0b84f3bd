package io.sluice.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Head;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.registry.ModelRegistry.Version;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * MLflow as teams run it, on PostgreSQL: its transactions and its pool of connections answer
 * differently from SQLite's one writer. Skipped where no PostgreSQL is installed.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PostgresIT {
  private static final int CLIENTS = 16;

  private final List<Process> started = new ArrayList<>();
  private Path folder;
  private MlflowConfig config;

  @BeforeAll
  void start() throws Exception {
    Optional<Path> programs = programs();
    assumeThat(programs).as("PostgreSQL's programs (initdb, postgres) on this machine").isPresent();
    // Not a @TempDir: PostgreSQL refuses to run as root, and another user has to get in.
    folder = Files.createTempDirectory("sluice-postgres");
    RealServer.run(List.of("chmod", "755", folder.toString()));
    Path data = Files.createDirectory(folder.resolve("data"));
    List<String> user = List.of();
    if (System.getProperty("user.name").equals("root")) {
      RealServer.run(List.of("chown", "65534:65534", data.toString()));
      user = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
    }
    RealServer.run(
        command(
            user,
            programs.get().resolve("initdb"),
            List.of("-D", data + "", "-U", "sluice", "-A", "trust", "-E", "UTF8", "--no-sync")));
    int port = freePort();
    List<String> options =
        List.of("-D", data + "", "-p", port + "", "-h", "127.0.0.1", "-c", "fsync=off");
    started.add(
        process(
            command(
                command(user, programs.get().resolve("postgres"), options),
                Path.of("-k"),
                List.of(data + ""))));
    awaitListening(port);

    Path venv = RealServer.venv();
    int http = freePort();
    started.add(
        process(
            List.of(
                venv.resolve("bin/python") + "",
                "-m",
                "mlflow",
                "server",
                "--host",
                "127.0.0.1",
                "--port",
                http + "",
                "--workers",
                "1",
                "--backend-store-uri",
                "postgresql+psycopg2://sluice@127.0.0.1:" + port + "/postgres",
                "--artifacts-destination",
                folder.resolve("artifacts") + "")));
    awaitListening(http);
    config = MlflowConfig.of(URI.create("http://127.0.0.1:" + http));
  }

  @AfterAll
  void end() throws Exception {
    for (Process process : started.reversed()) {
      List<ProcessHandle> tree =
          Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
      tree.forEach(ProcessHandle::destroy);
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        tree.forEach(ProcessHandle::destroyForcibly);
      }
    }
    if (folder != null) {
      RealServer.run(List.of("rm", "-rf", folder.toString()));
    }
  }

  @Test
  void aCandidateIsRegisteredPromotedReplacedAndRolledBack() throws Exception {
    MlflowRegistry registry = MlflowRegistry.connect(config);
    Version first = registry.register(MlflowRegistryIT.candidate("round-trip", "k1"));
    assertThat(registry.register(MlflowRegistryIT.candidate("round-trip", "k1"))).isEqualTo(first);
    Version second = registry.register(MlflowRegistryIT.candidate("round-trip", "k2"));
    assertThat(registry.versions("round-trip")).containsExactly(first, second);
    try (InputStream in = registry.open(first, "model/MLmodel")) {
      assertThat(in.readAllBytes()).isEqualTo("flavors: {}".getBytes(StandardCharsets.UTF_8));
    }

    PromotionLog log = registry.promotions("round-trip");
    log.append(MlflowRegistryIT.request(Kind.PROMOTE, Head.EMPTY, 1, "run-1"));
    log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), 2, "run-2"));
    log.append(MlflowRegistryIT.request(Kind.ROLLBACK, log.head(), 1, ""));

    PromotionLog.Inspection end = MlflowRegistry.connect(config).promotions("round-trip").inspect();
    assertThat(end.damage()).isEmpty();
    assertThat(end.entries()).extracting(Entry::to).containsExactly(1, 2, 1);
    assertThat(end.champion()).contains(1);
    assertThat(end.relation()).isEqualTo(Projections.Relation.AGREE);
  }

  @Test
  void ofManyPromotersAtOnceOneWinsAndTheOthersAreToldSo() throws Exception {
    MlflowRegistry registry = MlflowRegistry.connect(config);
    for (int i = 1; i <= CLIENTS; i++) {
      registry.register(MlflowRegistryIT.candidate("race", "k" + i));
    }
    int winner = 0;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> clients = new ArrayList<>();
      for (int i = 1; i <= CLIENTS; i++) {
        int version = i;
        clients.add(
            threads.submit(() -> {
              try {
                MlflowRegistry.connect(config)
                    .promotions("race")
                    .append(
                        MlflowRegistryIT.request(
                            Kind.PROMOTE, Head.EMPTY, version, "run-" + version));
                return true;
              } catch (SluiceException e) {
                assertThat(e.exitCode()).as(e.getMessage()).isEqualTo(ExitCode.CHAMPION_MOVED);
                return false;
              }
            }));
      }
      for (int i = 0; i < CLIENTS; i++) {
        if (clients.get(i).get()) {
          assertThat(winner).as("a second winner: " + (i + 1)).isZero();
          winner = i + 1;
        }
      }
    }
    PromotionLog.Inspection end = registry.promotions("race").inspect();
    assertThat(end.damage()).isEmpty();
    assertThat(end.champion()).contains(winner);
    assertThat(end.relation()).isEqualTo(Projections.Relation.AGREE);
  }

  /** The folder of initdb and postgres: Debian keeps them off PATH. */
  private static Optional<Path> programs() throws IOException {
    List<Path> folders = new ArrayList<>();
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      folders.add(Path.of(folder));
    }
    Path debian = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(debian)) {
      try (Stream<Path> versions = Files.list(debian)) {
        versions.sorted().forEach(v -> folders.add(v.resolve("bin")));
      }
    }
    return folders.reversed().stream()
        .filter(f -> Files.isExecutable(f.resolve("initdb")))
        .filter(f -> Files.isExecutable(f.resolve("postgres")))
        .findFirst();
  }

  private static List<String> command(List<String> before, Path program, List<String> after) {
    List<String> all = new ArrayList<>(before);
    all.add(program.toString());
    all.addAll(after);
    return all;
  }

  private Process process(List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false");
    builder.environment().put("MLFLOW_DISABLE_TELEMETRY", "true");
    return builder
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(started.size() + ".log").toFile())
        .start();
  }

  /** Waits for the process that was started last; tells its words when it ends instead. */
  private void awaitListening(int port) throws IOException {
    Process process = started.getLast();
    await().atMost(Duration.ofMinutes(5)).until(() -> accepts(port) || !process.isAlive());
    assertThat(process.isAlive())
        .as(Files.readString(folder.resolve(started.size() - 1 + ".log")))
        .isTrue();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }
}
