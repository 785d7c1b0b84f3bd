package io.sluice.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Brief;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A real MLflow server on 127.0.0.1 for those who have none: one for each state folder, shared by
 * all Sluice processes that use the folder, gone when the last of them is.
 *
 * <p>{@link #keep} lets it stay when the last of them is gone, until {@link #stop}.
 *
 * <p>Users hold a shared lock on a file. The kernel drops it when they end, by {@code kill -9} too,
 * and the supervisor ({@code supervise.py}) that then gets the lock for itself ends the server's
 * process group. No process id decides anything, so nothing stale can mislead.
 */
public final class EmbeddedMlflow implements AutoCloseable {
  /** The server's version, as locked in {@link #lock}. */
  public static final String VERSION = "3.17.2";

  /** Version of Python that the lock is made for. */
  public static final String PYTHON = "3.11";

  /** For a server that another command has started, and that is up. */
  private static final Duration ANSWER_LIMIT = Duration.ofMinutes(5);

  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
  private static final String SERVER = "server.json";

  /** Holds the token of the server that shall stay. */
  private static final String KEPT = "kept";

  private static final int TAIL_BYTES = 2000;
  private static final int LAST_LINES = 4;
  private static final int LONGEST_WORDS = 300;

  /**
   * The folders in use by this JVM. POSIX locks belong to the process, and closing any channel of a
   * file drops them all, so one channel serves the whole JVM.
   */
  private static final Map<Path, Held> HELD = new HashMap<>();

  private static final class Held {
    final FileChannel users;
    final URI uri;
    int holders = 1;

    Held(FileChannel users, URI uri) {
      this.users = users;
      this.uri = uri;
    }
  }

  /** The folders of this JVM's servers, by their addresses. */
  private static final Map<URI, Path> SERVED = new ConcurrentHashMap<>();

  private final Path state;
  private final URI uri;
  private boolean closed;

  private EmbeddedMlflow(Path state, URI uri) {
    this.state = state;
    this.uri = uri;
  }

  /** The environment that the server needs: a lock file with hashes, to be installed as it is. */
  public static String lock() {
    return resource("mlflow.lock");
  }

  /**
   * Starts the server of a folder, or joins the one that another process started.
   *
   * @param stateFolder made if it is not there; keeps database, files and log between starts
   * @param venv an environment with the packages of {@link #lock}
   * @param progress told in words how far the start is
   * @throws SluiceException SLU-5030 when the server does not start, with its last words; SLU-5031
   *     when another process holds it and it does not answer; SLU-5032 when the folder cannot be
   *     used; SLU-5008, exit 130, when the thread is interrupted
   */
  public static EmbeddedMlflow start(Path stateFolder, Path venv, Consumer<String> progress) {
    synchronized (HELD) {
      try {
        Files.createDirectories(stateFolder);
        Path state = stateFolder.toRealPath();
        Held held = HELD.get(state);
        // Without its supervisor a server would go on for ever: it is replaced.
        if (held != null && supervised(state) && answers(held.uri)) {
          held.holders++;
          return new EmbeddedMlflow(state, held.uri);
        }
        FileChannel users = held != null ? held.users : open(state.resolve("users.lock"));
        try {
          URI uri = obtain(state, venv, users, held == null, progress);
          Held now = new Held(users, uri);
          now.holders += held == null ? 0 : held.holders;
          HELD.put(state, now);
          SERVED.put(uri, state);
          return new EmbeddedMlflow(state, uri);
        } catch (IOException | RuntimeException e) {
          if (held == null) {
            users.close();
          }
          throw e;
        }
      } catch (ClosedByInterruptException e) {
        throw interrupted();
      } catch (IOException e) {
        throw unusable(stateFolder, e);
      }
    }
  }

  /** What came of {@link #stop}. */
  public enum Stopped {
    /** None was running. */
    NONE,
    /** It is gone. */
    GONE,
    /** Other commands use it still; it ends with the last of them. */
    IN_USE
  }

  /** The server of a folder that is up, started by any process; starts none. */
  public static Optional<URI> running(Path stateFolder) {
    try {
      if (!Files.isDirectory(stateFolder) || !supervised(stateFolder)) {
        return Optional.empty();
      }
      return published(stateFolder, null).filter(EmbeddedMlflow::answers);
    } catch (IOException e) {
      throw unusable(stateFolder, e);
    }
  }

  /** Whether the server of a folder stays when nobody uses it. */
  public static boolean isKept(Path stateFolder) {
    try {
      Path kept = stateFolder.resolve(KEPT);
      return Files.exists(kept)
          && supervised(stateFolder)
          && published(stateFolder, Files.readString(kept)).isPresent();
    } catch (NoSuchFileException e) {
      return false; // taken away in between
    } catch (IOException e) {
      throw unusable(stateFolder, e);
    }
  }

  /** Lets this server stay when nobody uses it any more. Its token names it. */
  public void keep() {
    try {
      JsonNode json = Json.parse(Files.readAllBytes(state.resolve(SERVER)));
      Path fresh = state.resolve(KEPT + ".new");
      Files.writeString(fresh, json.path("token").asText());
      Files.move(
          fresh,
          state.resolve(KEPT),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw unusable(state, e);
    }
  }

  /** Ends the server of a folder, kept or not; returns when it is gone or others use it. */
  public static Stopped stop(Path stateFolder) {
    try {
      if (!Files.isDirectory(stateFolder) || !supervised(stateFolder)) {
        return Stopped.NONE;
      }
      Path state = stateFolder.toRealPath();
      Files.deleteIfExists(state.resolve(KEPT));
      awaitEnd(state);
      return supervised(state) ? Stopped.IN_USE : Stopped.GONE;
    } catch (IOException e) {
      throw unusable(stateFolder, e);
    }
  }

  /** Whether an address is that of a server of this JVM which ends with its users. */
  static boolean isPassing(URI uri) {
    Path state = SERVED.get(uri);
    return state != null && !isKept(state);
  }

  /** What to say about an address, when it is that of a server of this JVM that has ended. */
  static Optional<SluiceException> ended(URI uri) {
    Path state = SERVED.get(uri);
    if (state == null) {
      return Optional.empty();
    }
    try {
      if (supervised(state) && published(state, null).equals(Optional.of(uri))) {
        return Optional.empty();
      }
      Path log = state.resolve("server.log");
      return Optional.of(
          problem(
              "SLU-5033",
              "the embedded MLflow server has ended while it was in use; its last words: "
                  + lastWords(log),
              "Was it killed, or the memory short? Run the command again, a run with its --run-id;"
                  + " the whole log is "
                  + log
                  + ".",
              null));
    } catch (IOException e) {
      throw unusable(state, e);
    }
  }

  /** Where the server is. */
  public URI uri() {
    return uri;
  }

  /** What the server wrote; kept between starts, at most some 20 MB. */
  public Path log() {
    return state.resolve("server.log");
  }

  /** How to reach the server. */
  public MlflowConfig config() {
    return MlflowConfig.of(uri);
  }

  /**
   * Leaves the server; returns when it is gone, unless other processes still use it. An interrupt
   * that came before does not keep it from that.
   */
  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    try {
      leave();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void leave() {
    synchronized (HELD) {
      if (closed) {
        return;
      }
      closed = true;
      Held held = HELD.get(state);
      if (held == null || --held.holders > 0) {
        return;
      }
      HELD.remove(state);
      SERVED.remove(uri);
      try {
        held.users.close();
        if (!isKept(state)) {
          awaitEnd(state);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Waits until the supervisor is gone, or another user keeps it. */
  private static void awaitEnd(Path state) throws IOException {
    long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
    while (System.nanoTime() < deadline && supervised(state)) {
      // The supervisor withdraws server.json before it stops the server; while it is there and
      // somebody holds the users' lock, that is another user.
      if (Files.exists(state.resolve(SERVER))
          && othersUse(state)
          && !pause(50)
          && othersUse(state)) {
        if (Files.exists(state.resolve(SERVER))) {
          return;
        }
      }
      pause(100);
    }
  }

  private static boolean othersUse(Path state) throws IOException {
    try (FileChannel users = open(state.resolve("users.lock"));
        FileLock alone = users.tryLock()) {
      return alone == null;
    }
  }

  private static URI obtain(
      Path state, Path venv, FileChannel users, boolean join, Consumer<String> progress)
      throws IOException {
    try (FileChannel starting = open(state.resolve("start.lock"))) {
      await(starting, false, () -> progress.accept("another command is starting MLflow"));
      if (join) {
        // Waits while a supervisor that saw nobody left brings its server down.
        await(users, true, () -> progress.accept("the last MLflow server is ending"));
      }
      long deadline = System.nanoTime() + ANSWER_LIMIT.toNanos();
      while (supervised(state)) {
        Optional<URI> there = published(state, null);
        if (there.isPresent() && answers(there.get())) {
          progress.accept("MLflow is running");
          return there.get();
        }
        if (System.nanoTime() > deadline) {
          throw problem(
              "SLU-5031",
              "another command holds the embedded MLflow server of "
                  + state
                  + ", which does not answer",
              "Wait for that command or end it. A server that was kept, perhaps by another version"
                  + " of Sluice, ends by `sluice registry stop`. The log is "
                  + state.resolve("server.log")
                  + ".",
              null);
        }
        pause(200);
      }
      return launch(state, venv, progress);
    }
  }

  /** As long as its process lives, it is on its way: a machine under load takes minutes. */
  private static URI launch(Path state, Path venv, Consumer<String> progress) throws IOException {
    Path python = venv.resolve("bin/python");
    if (!Files.isExecutable(python)) {
      throw problem(
          "SLU-5030",
          "the embedded MLflow server cannot start: there is no " + python,
          "Remove the folder " + venv + "; the next run builds it anew.",
          null);
    }
    Path script = state.resolve("supervise.py");
    Path fresh = state.resolve("supervise.py.new");
    Files.writeString(fresh, resource("supervise.py"));
    Files.move(fresh, script, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    String token = UUID.randomUUID().toString();
    Path log = state.resolve("server.log");
    Process supervisor =
        new ProcessBuilder(python.toString(), "-I", script.toString(), token)
            .directory(state.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    boolean up = false;
    try {
      URI uri = awaitAnswer(state, token, supervisor, log, progress);
      up = true;
      return uri;
    } finally {
      if (!up) {
        end(supervisor);
      }
    }
  }

  /** Ends a server that was being started, with what it started, interrupted or not. */
  private static void end(Process supervisor) {
    boolean interrupted = Thread.interrupted();
    supervisor.destroy();
    try {
      var unused = supervisor.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static URI awaitAnswer(
      Path state, String token, Process supervisor, Path log, Consumer<String> progress)
      throws IOException {
    long began = System.nanoTime();
    long said = -1;
    while (true) {
      Optional<URI> there = published(state, token);
      if (there.isPresent() && answers(there.get())) {
        progress.accept("MLflow " + VERSION + " is running");
        return there.get();
      }
      if (!supervisor.isAlive()) {
        throw problem(
            "SLU-5030",
            "the embedded MLflow server did not start; its last words: " + lastWords(log),
            "The whole log is " + log + ".",
            null);
      }
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
      if (seconds > said) {
        said = seconds;
        progress.accept("starting MLflow " + VERSION + ", " + seconds + " s");
      }
      pause(100);
    }
  }

  /** Whether a supervisor lives: it holds its lock as long as it does. */
  private static boolean supervised(Path state) throws IOException {
    try (FileChannel channel = open(state.resolve("supervisor.lock"));
        FileLock free = channel.tryLock()) {
      return free == null;
    }
  }

  /** What the supervisor published, if it is from this start (any start when there is no token). */
  private static Optional<URI> published(Path state, @Nullable String token) throws IOException {
    try {
      JsonNode json = Json.parse(Files.readAllBytes(state.resolve(SERVER)));
      int port = json.path("port").asInt();
      boolean meant = token == null || token.equals(json.path("token").asText());
      return meant && port > 0
          ? Optional.of(URI.create("http://127.0.0.1:" + port))
          : Optional.empty();
    } catch (NoSuchFileException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean answers(URI server) {
    try (HttpClient http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build()) {
      HttpResponse<String> answer =
          http.send(
              HttpRequest.newBuilder(server.resolve("/version"))
                  .timeout(Duration.ofSeconds(5))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() == 200 && answer.body().strip().equals(VERSION);
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /** Takes a lock that lives as long as its channel; who holds it lives, or the kernel drops it. */
  private static void await(FileChannel channel, boolean shared, Runnable waiting)
      throws IOException {
    boolean said = false;
    while (channel.tryLock(0, Long.MAX_VALUE, shared) == null) {
      if (!said) {
        said = true;
        waiting.run();
      }
      pause(100);
    }
  }

  /** Always false, for use in conditions. */
  private static boolean pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
  }

  private static SluiceException interrupted() {
    return RegistryErrors.interrupted("the embedded MLflow server was starting or ending", null);
  }

  /**
   * How the log ends, for one line of text: of a Python trace only the exception, which is the line
   * that is not indented.
   */
  private static String lastWords(Path log) throws IOException {
    List<String> words =
        end(log)
            .lines()
            .filter(l -> !l.isBlank() && !Character.isWhitespace(l.charAt(0)))
            .filter(l -> !l.startsWith("Traceback"))
            .map(l -> Brief.line(l, LONGEST_WORDS))
            .toList();
    return words.isEmpty()
        ? "none"
        : String.join(" / ", words.subList(Math.max(0, words.size() - LAST_LINES), words.size()));
  }

  /** The log's last lines; the first of them may be cut. */
  private static String end(Path log) throws IOException {
    try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
      ByteBuffer end = ByteBuffer.allocate(TAIL_BYTES);
      channel.position(Math.max(0, channel.size() - TAIL_BYTES));
      while (end.hasRemaining() && channel.read(end) >= 0) {}
      return new String(end.array(), 0, end.position(), StandardCharsets.UTF_8).strip();
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private static String resource(String name) {
    try (InputStream in = EmbeddedMlflow.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("not packaged: " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SluiceException unusable(Path stateFolder, IOException e) {
    return problem(
        "SLU-5032",
        "the folder of the embedded MLflow server, " + stateFolder + ", cannot be used: " + e,
        "Check its rights and the free disk space.",
        e);
  }

  private static SluiceException problem(
      String id, String message, String hint, @Nullable Throwable cause) {
    return new SluiceException(
        ExitCode.UNREACHABLE, List.of(Diagnostic.of(id, message, hint)), cause);
  }
}
