package io.sluice.systemtests;

import io.sluice.cli.Main;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The command line as people start it: a process of its own, with a state folder of its own. */
final class ForkedSluice {
  /** Guards against a hang. */
  private static final long LIMIT_SECONDS = 1500;

  private static final List<String> CLASSES = classes();

  private final Path state;
  private final Map<String, String> variables = new TreeMap<>();
  private List<String> prefix = List.of();

  ForkedSluice(Path state) {
    this.state = state;
  }

  /** How a command ended. */
  record Ended(int code, String out, String err) {
    /** Everything that the user saw. */
    String shown() {
      return out + err;
    }
  }

  /** A running command. */
  record Going(Process process, Path out, Path err) {
    Ended await() throws IOException, InterruptedException {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("no end after " + LIMIT_SECONDS + " s: " + shown());
      }
      return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** What it wrote so far. */
    String shown() throws IOException {
      return Files.readString(out) + Files.readString(err);
    }

    void signal(String name) throws IOException, InterruptedException {
      new ProcessBuilder("/bin/kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }
  }

  ForkedSluice with(String variable, String value) {
    variables.put(variable, value);
    return this;
  }

  /** A command that runs another one, which is given as its last arguments. */
  ForkedSluice within(String... command) {
    prefix = List.of(command);
    return this;
  }

  Path state() {
    return state;
  }

  Ended run(String... arguments) throws IOException, InterruptedException {
    return start(arguments).await();
  }

  Going start(String... arguments) throws IOException {
    List<String> argv = new ArrayList<>(prefix);
    // A shell that starts tests in the background makes them ignore Ctrl-C, and so would the JVM.
    argv.addAll(List.of("/usr/bin/env", "--default-signal=INT"));
    argv.add(ProcessHandle.current().info().command().orElseThrow());
    argv.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    argv.add("--enable-native-access=ALL-UNNAMED");
    argv.add("-Dsun.misc.unsafe.memory.access=allow"); // as the launcher does
    argv.addAll(CLASSES);
    argv.add(Main.class.getName());
    argv.addAll(List.of(arguments));
    Files.createDirectories(state);
    Path out = Files.createTempFile(state, "out", ".txt");
    Path err = Files.createTempFile(state, "err", ".txt");
    ProcessBuilder builder = new ProcessBuilder(argv).directory(root().toFile());
    builder
        .environment()
        .keySet()
        .removeIf(k -> k.startsWith("MLFLOW_") || k.startsWith("SLUICE_"));
    builder.environment().put("SLUICE_STATE", state.toString());
    builder.environment().putAll(variables);
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    return new Going(process, out, err);
  }

  /**
   * The class path. Where the program comes as jars, as in a whole build, it is those alone, and
   * its processes share class data, as those of the launcher do: a start takes half the time.
   */
  private static List<String> classes() {
    String all = System.getProperty("java.class.path");
    List<String> jars =
        Arrays.stream(all.split(File.pathSeparator)).filter(p -> p.endsWith(".jar")).toList();
    String program = Main.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    if (!program.endsWith(".jar")) {
      return List.of("-cp", all);
    }
    try {
      Path data = Files.createTempDirectory("sluice-class-data");
      data.toFile().deleteOnExit();
      data.resolve("sluice.jsa").toFile().deleteOnExit(); // the first that is registered goes last
      return List.of(
          "-XX:+AutoCreateSharedArchive",
          "-XX:SharedArchiveFile=" + data.resolve("sluice.jsa"),
          "-Xlog:cds=off",
          "-Xlog:cds+dynamic=off",
          "-cp",
          String.join(File.pathSeparator, jars));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The repository. */
  static Path root() {
    return Path.of(System.getProperty("sluice.root"));
  }

  /** The records in a run's {@code events.jsonl}. */
  static List<com.fasterxml.jackson.databind.JsonNode> json(String lines) {
    return lines
        .lines()
        .filter(l -> l.startsWith("{"))
        .map(l -> io.sluice.core.json.Json.parse(l.getBytes(StandardCharsets.UTF_8)))
        .toList();
  }
}
