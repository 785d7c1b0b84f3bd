package io.sluice.local.environment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent.SetUp;
import io.sluice.local.files.Folders;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Builds Python environments from locked files, each once per machine and user, for all callers.
 *
 * <p>An environment is a virtual environment in {@code <cache>/environments/<digest>}. Those cannot
 * be moved, so it is built in place, under a file lock, and counts as built only once its {@code
 * complete.json} is there, which is written last, by rename; a folder without it is what a dead
 * builder left and is removed. Uses uv, pinned by version and hashes and fetched into the cache on
 * first use, then a uv on {@code PATH}, else pip.
 */
public final class EnvironmentBuilder {
  static final String UV_VERSION = "0.13.9";

  /**
   * Locks of files are per process: threads of one need this as well ({@link FileChannel#lock}
   * throws when another thread holds it).
   */
  private static final Map<Path, ReentrantLock> HERE = new ConcurrentHashMap<>();

  private final Path cache;
  private final Map<String, String> caller;
  private final Clock clock;

  /** Why uv could not be fetched: asked once for a builder, each try makes an environment. */
  private volatile @Nullable String withoutUv;

  /**
   * A builder.
   *
   * @param cache Sluice's folder in the user's cache; see {@link #cacheFolder}
   * @param caller the caller's variables; pip and uv see those that tell where the index is, and no
   *     others
   * @param clock stamps the events
   */
  public EnvironmentBuilder(Path cache, Map<String, String> caller, Clock clock) {
    this.cache = cache.toAbsolutePath();
    this.caller = new TreeMap<>(caller);
    this.clock = clock;
  }

  /** {@code $XDG_CACHE_HOME/sluice}, or {@code ~/.cache/sluice}. */
  public static Path cacheFolder(Map<String, String> caller) {
    String base = caller.getOrDefault("XDG_CACHE_HOME", "");
    // The XDG specification: relative paths there are to be ignored.
    if (!base.startsWith("/")) {
      String home = caller.getOrDefault("HOME", "");
      // An empty one, which a service may have, would be the root of the file system.
      base = (home.isEmpty() ? System.getProperty("user.home") : home) + "/.cache";
    }
    return Path.of(base, "sluice");
  }

  /** Where {@link #build} puts it, whether it is there or not. */
  public Path folder(EnvironmentRequest request) {
    return cache.resolve("environments").resolve(request.digest().hex());
  }

  /** Whether {@link #build} would return at once. */
  public boolean isBuilt(EnvironmentRequest request) {
    Path folder = folder(request);
    // The interpreter is a link to the machine's; it dangles when that Python is uninstalled.
    return Files.isRegularFile(folder.resolve("complete.json"))
        && Files.isExecutable(folder.resolve("bin/python"));
  }

  /**
   * Builds the environment unless it is there; waits for another process that is building it.
   *
   * @param progress gets {@code SetUp} events named {@code environment <name>}; none when it was
   *     there
   * @return its folder; programs are in {@code bin}
   * @throws SluiceException SLU-3010 (no such Python), 3011 (wrong hash), 3012 (no such package),
   *     3013 (index unreachable), 3014 (anything else that the installer said), 3015 (disk), 3016
   *     (the lock pins no versions or has no hashes), 3401 (it pins two versions of one package),
   *     3402 (packages went elsewhere), 3403 (what it pins contradicts itself)
   */
  public Path build(EnvironmentRequest request, Consumer<SetUp> progress)
      throws InterruptedException {
    Path folder = folder(request);
    if (isBuilt(request)) {
      return folder;
    }
    Map<String, String> pins = LockFile.pins(request);
    Progress says = new Progress("environment " + request.name(), progress);
    try {
      Files.createDirectories(folder.getParent());
      locked(
          folder.resolveSibling(folder.getFileName() + ".lock"),
          says,
          () -> {
            if (!isBuilt(request)) {
              create(request, pins, folder, says);
            }
          });
    } catch (IOException e) {
      throw disk(request.name(), e);
    }
    return folder;
  }

  private void create(
      EnvironmentRequest request, Map<String, String> pins, Path folder, Progress says)
      throws IOException, InterruptedException {
    says.say(SetUp.Phase.STARTED, "Python " + request.python() + ", " + request.lockName());
    Folders.remove(folder);
    boolean done = false;
    try {
      Python python = Python.find(request.python(), request.name(), caller);
      Path uv = uv(python, says);
      Installer installer = uv == null ? new Pip(python) : new Uv(uv, python);
      Files.createDirectories(folder);
      perform(installer.create(folder), folder, request, says);
      Path own = Files.createDirectory(folder.resolve("sluice"));
      Path lock =
          Files.writeString(own.resolve("requirements.txt"), LockFile.plain(request.lock()));
      perform(installer.install(folder, lock), folder, request, says);
      Installed.holdAgainst(pins, folder, request);
      Installed.refuseConflicts(
          Tool.run(installer.check(folder), variables(), folder, line -> {}).lines(), request);
      if (request.wheel().isPresent()) {
        Path wheel = unpack(request.wheel().get(), own);
        perform(installer.installWheel(folder, wheel), folder, request, says);
        Files.delete(wheel);
      }
      ObjectNode marker = Json.object();
      marker.put("name", request.name());
      marker.put("python", python.version());
      marker.put("interpreter", python.executable().toString());
      marker.put("builtAt", clock.instant().toString());
      Path temporary = Files.writeString(folder.resolve("complete.tmp"), Json.pretty(marker));
      Files.move(temporary, folder.resolve("complete.json"), StandardCopyOption.ATOMIC_MOVE);
      done = true;
    } finally {
      if (!done) {
        Folders.remove(folder);
      }
    }
    says.say(SetUp.Phase.DONE, folder.toString());
  }

  private void perform(List<String> argv, Path folder, EnvironmentRequest request, Progress says)
      throws IOException, InterruptedException {
    Tool.Outcome outcome =
        Tool.run(argv, variables(), folder, line -> says.say(SetUp.Phase.PROGRESS, line));
    if (outcome.exitCode() != 0) {
      Diagnostic why = InstallFailure.of(request.name(), request.lockName(), outcome.lines());
      throw new SluiceException(
          why.id().equals("SLU-3013") ? ExitCode.UNREACHABLE : ExitCode.INPUT_WRONG, why);
    }
  }

  private Map<String, String> variables() {
    Map<String, String> environment = Tool.environment(caller);
    environment.put("UV_PYTHON_DOWNLOADS", "never");
    environment.put("UV_NO_PROGRESS", "1");
    environment.put("PIP_NO_INPUT", "1");
    environment.put("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    return environment;
  }

  /** The two programs that can do it. */
  private sealed interface Installer {
    List<String> create(Path folder);

    List<String> install(Path folder, Path lock);

    List<String> installWheel(Path folder, Path wheel);

    /** Says which requirements of what is installed are not met. */
    List<String> check(Path folder);
  }

  private record Uv(Path program, Python python) implements Installer {
    @Override
    public List<String> create(Path folder) {
      return List.of(
          program.toString(),
          "venv",
          "--quiet",
          "--no-project",
          "--allow-existing",
          "--python",
          python.executable().toString(),
          folder.toString());
    }

    @Override
    public List<String> install(Path folder, Path lock) {
      // Steps run with PYTHONDONTWRITEBYTECODE, trials by the dozen: compile once, here.
      return List.of(
          program.toString(),
          "pip",
          "sync",
          "--python",
          folder.resolve("bin/python").toString(),
          "--require-hashes",
          "--allow-empty-requirements",
          "--compile-bytecode",
          lock.toString());
    }

    @Override
    public List<String> installWheel(Path folder, Path wheel) {
      return List.of(
          program.toString(),
          "pip",
          "install",
          "--python",
          folder.resolve("bin/python").toString(),
          "--no-deps",
          "--offline",
          "--compile-bytecode",
          wheel.toString());
    }

    @Override
    public List<String> check(Path folder) {
      return List.of(
          program.toString(), "pip", "check", "--python", folder.resolve("bin/python").toString());
    }
  }

  private record Pip(Python python) implements Installer {
    @Override
    public List<String> create(Path folder) {
      return List.of(python.executable().toString(), "-m", "venv", folder.toString());
    }

    @Override
    public List<String> install(Path folder, Path lock) {
      return List.of(
          folder.resolve("bin/python").toString(),
          "-m",
          "pip",
          "install",
          "--require-hashes",
          "--no-deps",
          "--requirement",
          lock.toString());
    }

    @Override
    public List<String> installWheel(Path folder, Path wheel) {
      return List.of(
          folder.resolve("bin/python").toString(),
          "-m",
          "pip",
          "install",
          "--no-deps",
          "--no-index",
          wheel.toString());
    }

    @Override
    public List<String> check(Path folder) {
      return List.of(folder.resolve("bin/python").toString(), "-m", "pip", "check");
    }
  }

  /** The pinned uv, fetched on first use; else one on {@code PATH}; else none. */
  private @Nullable Path uv(Python python, Progress says) throws IOException, InterruptedException {
    Path home = cache.resolve("uv-" + UV_VERSION);
    Path program = home.resolve("bin/uv");
    if (Files.isExecutable(program)) {
      return program;
    }
    if (withoutUv == null) {
      List<String> complaint = new ArrayList<>();
      locked(
          cache.resolve("uv-" + UV_VERSION + ".lock"),
          says,
          () -> {
            if (!Files.isExecutable(program)) {
              complaint.addAll(fetchUv(python, home, says));
            }
          });
      if (Files.isExecutable(program)) {
        return program;
      }
      withoutUv = complaint.isEmpty() ? "no reason given" : complaint.getLast();
    }
    String last = withoutUv;
    for (String folder : caller.getOrDefault("PATH", "").split(":", -1)) {
      if (folder.startsWith("/") && Files.isExecutable(Path.of(folder, "uv"))) {
        says.say(SetUp.Phase.PROGRESS, "uv on PATH instead of the pinned one (" + last + ")");
        return Path.of(folder, "uv");
      }
    }
    says.say(SetUp.Phase.PROGRESS, "pip instead of uv (" + last + ")");
    return null;
  }

  /** Fetches uv through pip into a folder that is renamed when whole; returns pip's complaints. */
  private List<String> fetchUv(Python python, Path home, Progress says)
      throws IOException, InterruptedException {
    says.say(SetUp.Phase.PROGRESS, "fetching uv " + UV_VERSION);
    String prefix = home.getFileName() + ".";
    removeAbandoned(prefix);
    Path temporary = Files.createTempDirectory(cache, prefix);
    try {
      Path venv = temporary.resolve("venv");
      Path lock = temporary.resolve("uv.lock");
      try (InputStream in = EnvironmentBuilder.class.getResourceAsStream("uv.lock")) {
        if (in == null) {
          throw new IllegalStateException("uv.lock is missing from the class path");
        }
        Files.copy(in, lock);
      }
      Pip pip = new Pip(python);
      for (List<String> argv : List.of(pip.create(venv), pip.install(venv, lock))) {
        Tool.Outcome outcome = Tool.run(argv, Tool.environment(caller), temporary, line -> {});
        if (outcome.exitCode() != 0) {
          return outcome.lines();
        }
      }
      Path whole = Files.createDirectories(temporary.resolve("whole/bin"));
      Files.copy(venv.resolve("bin/uv"), whole.resolve("uv"), StandardCopyOption.COPY_ATTRIBUTES);
      Folders.remove(home);
      Files.move(whole.getParent(), home, StandardCopyOption.ATOMIC_MOVE);
      return List.of();
    } finally {
      Folders.remove(temporary);
    }
  }

  /** Removes the folders in which a process that was killed fetched it; the lock is held. */
  private void removeAbandoned(String prefix) throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(cache, prefix + "*")) {
      for (Path folder : left) {
        if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
          Folders.remove(folder);
        }
      }
    }
  }

  private static Path unpack(WheelSource wheel, Path folder) throws IOException {
    Path file = folder.resolve(wheel.fileName());
    try (InputStream in = wheel.content().open()) {
      Files.copy(in, file);
    }
    Digest found = Digest.of(Files.readAllBytes(file));
    if (!found.equals(wheel.digest())) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-3011",
              "the wheel " + wheel.fileName() + " has digest " + found + ", not " + wheel.digest(),
              "this installation of Sluice is damaged: install it anew"));
    }
    return file;
  }

  /** Work that needs a lock. */
  private interface Locked {
    void run() throws IOException, InterruptedException;
  }

  private static void locked(Path file, Progress says, Locked work)
      throws IOException, InterruptedException {
    ReentrantLock here = HERE.computeIfAbsent(file, f -> new ReentrantLock());
    here.lockInterruptibly();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        says.say(SetUp.Phase.PROGRESS, "another process is at it; waiting");
        while (lock == null) {
          // Not lock(): an interrupt would close the channel and read as an I/O error.
          Thread.sleep(100);
          lock = channel.tryLock();
        }
      }
      work.run();
    } finally {
      here.unlock();
    }
  }

  private static SluiceException disk(String name, IOException e) {
    return new SluiceException(
        ExitCode.RUN_FAILED,
        List.of(
            Diagnostic.of(
                "SLU-3015",
                "environment " + name + " could not be written: " + e,
                "see that the cache folder is writable and has space, or point XDG_CACHE_HOME"
                    + " elsewhere")),
        e);
  }

  /** Hands events over one at a time, whichever thread saw the line. */
  private final class Progress {
    private final String what;
    private final Consumer<SetUp> consumer;

    Progress(String what, Consumer<SetUp> consumer) {
      this.what = what;
      this.consumer = consumer;
    }

    synchronized void say(SetUp.Phase phase, String detail) {
      consumer.accept(new SetUp(clock.instant(), what, phase, detail));
    }
  }
}
