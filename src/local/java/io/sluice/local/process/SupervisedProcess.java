package io.sluice.local.process;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.LineCutter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A command in a session of its own that leaves nothing behind: when its first process ends, when
 * it is stopped, and when this JVM dies in whatever way, the whole process group and everything
 * that left it are killed.
 *
 * <p>A small shell, the supervisor, runs between this JVM and the command and holds the read end of
 * a pipe whose write end only this JVM has; the kernel closes that when the JVM dies. Needs {@code
 * setsid} (util-linux or busybox); processes that left the group are found in {@code /proc}, as
 * Jenkins finds those of a build, by a token in their environment.
 */
public final class SupervisedProcess {
  /** How long output is read after the supervisor's end: all writers are dead by then. */
  private static final Duration DRAIN = Duration.ofSeconds(5);

  /** The variable by which {@code supervisor.sh} knows what a command started. */
  private static final String TOKEN = "SLUICE_PROCESS";

  private static final AtomicLong COUNTER = new AtomicLong();
  private static final List<Path> TOOL_FOLDERS =
      List.of(Path.of("/usr/bin"), Path.of("/bin"), Path.of("/usr/local/bin"));

  /**
   * What to run.
   *
   * @param argv program (looked up on the environment's {@code PATH}) and arguments
   * @param environment the whole environment; nothing is inherited
   * @param workingDirectory an existing folder
   * @param memory how many bytes it may hold with all that it starts; when they hold more, they are
   *     killed
   */
  public record Command(
      List<String> argv,
      Map<String, String> environment,
      Path workingDirectory,
      OptionalLong memory) {
    /** A command that may take the memory that the machine has. */
    public Command(List<String> argv, Map<String, String> environment, Path workingDirectory) {
      this(argv, environment, workingDirectory, OptionalLong.empty());
    }

    public Command {
      if (argv.isEmpty()) {
        throw new IllegalArgumentException("a command without a program");
      }
      argv = List.copyOf(argv);
      environment = Map.copyOf(environment);
    }
  }

  private final Process supervisor;
  private final Thread pump;
  private final Optional<MemoryWatch> watch;

  private SupervisedProcess(Process supervisor, Thread pump, String token, OptionalLong memory) {
    this.supervisor = supervisor;
    this.pump = pump;
    this.watch =
        memory.isPresent()
            ? Optional.of(
                new MemoryWatch(
                    this,
                    new HeldMemory(supervisor.pid(), TOKEN + "=" + token),
                    memory.getAsLong()))
            : Optional.empty();
  }

  /** Whether this machine can hold a command to an amount of memory. */
  public static boolean canLimitMemory() {
    return HeldMemory.isKnown();
  }

  /**
   * Starts the command. Standard input is empty; standard output and error are one stream, cut into
   * lines by {@link LineCutter} and handed over from a thread of its own. A consumer that blocks
   * holds the command back, as a full pipe does. A program that does not exist ends with exit code
   * 127 and a line that says so.
   *
   * @throws IOException when the working directory is missing or no process can be made
   * @throws SluiceException SLU-3003 when this machine lacks {@code setsid}, {@code grep} or {@code
   *     sleep}
   */
  public static SupervisedProcess start(Command command, Consumer<String> lines)
      throws IOException {
    List<String> argv = new ArrayList<>();
    String setsid = tool("setsid");
    argv.add(setsid);
    argv.add("/bin/sh");
    argv.add("-c");
    argv.add(Script.TEXT);
    argv.add("sluice-supervisor");
    argv.add(setsid);
    argv.add(tool("grep"));
    argv.add(tool("sleep"));
    // The final stop keeps one token from being the beginning of another.
    String token = ProcessHandle.current().pid() + "." + COUNTER.incrementAndGet() + ".";
    argv.add(token);
    argv.addAll(command.argv());
    ProcessBuilder builder = new ProcessBuilder(argv);
    builder.environment().clear();
    builder.environment().putAll(command.environment());
    builder.directory(command.workingDirectory().toFile());
    builder.redirectErrorStream(true);
    Process process = builder.start();
    Thread pump =
        Thread.ofPlatform()
            .daemon()
            .name("output of " + process.pid())
            .start(() -> pump(process.getInputStream(), lines));
    SupervisedProcess started = new SupervisedProcess(process, pump, token, command.memory());
    started.watch.ifPresent(
        watch -> Thread.ofPlatform().daemon().name("memory of " + process.pid()).start(watch));
    return started;
  }

  /**
   * Waits for the end and for the last line of output.
   *
   * @return the exit code, 128 + signal number when a signal ended the command
   */
  public int await() throws InterruptedException {
    int code = supervisor.waitFor();
    pump.join(DRAIN.toMillis());
    return code;
  }

  /** Waits at most this long; {@code true} when the command has ended. */
  public boolean await(Duration limit) throws InterruptedException {
    if (!supervisor.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
      return false;
    }
    pump.join(DRAIN.toMillis());
    return true;
  }

  /** Whether it is still going. */
  public boolean isAlive() {
    return supervisor.isAlive();
  }

  /** Whether it was killed because it held more memory than it may. */
  public boolean isOutOfMemory() {
    return watch.map(MemoryWatch::exceeded).orElse(false);
  }

  /** SIGTERM to the whole process group; does not wait. */
  public void terminate() {
    tell("term\n");
  }

  /** SIGKILL to the whole process group; does not wait. */
  public void kill() {
    tell("kill\n");
  }

  /**
   * SIGTERM, after the grace period SIGKILL; returns the exit code once everything is gone. Goes on
   * when interrupted (without further grace), and leaves the thread's interrupt flag set then.
   */
  public int stop(Duration grace) {
    boolean interrupted = false;
    terminate();
    try {
      if (!await(grace)) {
        kill();
      }
    } catch (InterruptedException e) {
      interrupted = true;
      kill();
    }
    while (true) {
      try {
        int code = await();
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
        return code;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  /** What happens to the pipe when this JVM dies. */
  synchronized void closeLine() throws IOException {
    supervisor.getOutputStream().close();
  }

  private synchronized void tell(String word) {
    OutputStream line = supervisor.getOutputStream();
    try {
      line.write(word.getBytes(StandardCharsets.US_ASCII));
      line.flush();
    } catch (IOException e) {
      // A closed pipe: the supervisor has ended, and with it everything that could be signalled.
      if (supervisor.isAlive()) {
        supervisor.destroyForcibly();
      }
    }
  }

  private static void pump(InputStream output, Consumer<String> lines) {
    LineCutter cutter = new LineCutter(lines);
    byte[] buffer = new byte[8192];
    try (output) {
      int n;
      while ((n = output.read(buffer)) >= 0) {
        cutter.write(buffer, 0, n);
      }
    } catch (IOException e) {
      lines.accept("(the rest of the output could not be read: " + e.getMessage() + ")");
    } finally {
      cutter.close();
    }
  }

  private static String tool(String name) {
    for (Path folder : TOOL_FOLDERS) {
      Path file = folder.resolve(name);
      if (Files.isExecutable(file)) {
        return file.toString();
      }
    }
    throw new SluiceException(
        ExitCode.RUN_FAILED,
        Diagnostic.of(
            "SLU-3003",
            "this machine has no " + name + " in /usr/bin, /bin or /usr/local/bin",
            "the local runner needs Linux with util-linux (setsid), grep and coreutils; install"
                + " them"));
  }

  /** The supervisor's text, read once. */
  private static final class Script {
    static final String TEXT = read();

    private static String read() {
      try (InputStream in = SupervisedProcess.class.getResourceAsStream("supervisor.sh")) {
        if (in == null) {
          throw new IllegalStateException("supervisor.sh is missing from the class path");
        }
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
