package io.sluice.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The tarball, unpacked outside of the clone and run with a cache folder that is empty: what it
 * needs is in it. Only uv's downloads are those of the machine.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DistributionIT {
  private static final Path TARGET = Path.of(System.getProperty("dist.target"));
  private static final String NAME = "sluice-" + System.getProperty("dist.version");
  private static final String RUNTIME = System.getProperty("java.home");

  private Path folder;
  private Path home;

  @BeforeAll
  void unpack(@TempDir Path temporary) throws Exception {
    folder = temporary;
    Path there = Files.createDirectories(folder.resolve("in & stalled"));
    Ended tar = run("tar", "-xzf", TARGET.resolve(NAME + ".tar.gz").toString(), "-C", "" + there);
    assertThat(tar.code()).as(tar.shown()).isZero();
    home = there.resolve(NAME);
  }

  @Test
  @Order(1)
  void aStarterPipelineRunsFromAnEmptyCacheToItsFirstChampionAndNothingIsWrittenIntoTheProgram()
      throws Exception {
    Map<String, String> before = digests(home);
    Path link = Files.createSymbolicLink(folder.resolve("sluice"), home.resolve("bin/sluice"));
    Ended init = sluice(link, Map.of(), "init", "demo");
    assertThat(init.code()).as(init.shown()).isZero();
    assertThat(init.out()).contains("next: sluice run demo");

    Ended run =
        sluice(link, Map.of(), "run", "demo", "--as-of", "2026-06-01", "--profile", "smoke");
    assertThat(run.code()).as(run.shown()).isZero();
    assertThat(run.out()).contains("PROMOTED demand-forecast version 1");

    assertThat(sluice(link, Map.of(), "init", "demo").err()).contains("SLU-9016");
    assertThat(folder.resolve("demo/sluice.yaml")).content().contains("# A pipeline that runs");
    assertThat(digests(home)).isEqualTo(before);
  }

  @Test
  @Order(2)
  void theRuntimeThatItWasBuiltWithTakesItsClassData() throws Exception {
    // on: a JVM that cannot use them ends with an error
    Ended version = sluice(launcher(), Map.of("SLUICE_JAVA_OPTIONS", "-Xshare:on"), "--version");
    assertThat(version.code()).as(version.shown()).isZero();
    assertThat(version.out()).isEqualTo("sluice " + System.getProperty("dist.version") + "\n");
    assertThat(version.err()).isEmpty();
    assertThat(folder.resolve("cache/sluice/class-data")).doesNotExist();
  }

  @Test
  @Order(3)
  void anotherRuntimeWritesItsOwnClassDataIntoTheCache() throws Exception {
    Map<String, String> other = Map.of("SLUICE_JAVA_HOME", runtime("21.0.9").toString());
    Ended first = sluice(launcher(), other, "--version");
    assertThat(first.out()).contains(System.getProperty("dist.version"));
    assertThat(first.err()).isEmpty();
    try (Stream<Path> archives = Files.list(folder.resolve("cache/sluice/class-data"))) {
      assertThat(archives)
          .singleElement()
          .matches(a -> a.getFileName().toString().matches(".*21\\.0\\.9.*\\.jsa"), "its name");
    }
    Ended second = sluice(launcher(), other, "--version");
    assertThat(second.shown()).isEqualTo(first.shown());
  }

  @Test
  @Order(4)
  void withoutAWritableCacheItStartsAllTheSame() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    Ended version =
        sluice(
            launcher(),
            Map.of("SLUICE_JAVA_HOME", runtime("21.0.9").toString(), "XDG_CACHE_HOME", "" + file),
            "--version");
    assertThat(version.code()).as(version.shown()).isZero();
    assertThat(version.err()).isEmpty();
  }

  @Test
  @Order(4)
  void withoutHomeItStartsAllTheSame() throws Exception {
    List<String> command =
        List.of("env", "-u", "HOME", "-u", "JAVA_HOME", launcher().toString(), "--version");
    Ended version = run(Map.of("SLUICE_JAVA_HOME", ""), command);
    // a machine whose only runtime is none of the usual places has to be told where it is
    assertThat(version.err()).doesNotContain("unbound");
    Ended told = run(Map.of("SLUICE_JAVA_HOME", RUNTIME), command);
    assertThat(told.code()).as(told.shown()).isZero();
    assertThat(told.err()).isEmpty();
  }

  @Test
  @Order(5)
  void anOlderRuntimeIsRefusedWithWhatToDo() throws Exception {
    Path old = runtime("17.0.15");
    Ended refused = sluice(launcher(), Map.of("SLUICE_JAVA_HOME", "" + old), "--version");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).contains("SLU-9005", old.toString(), "hint: ");
  }

  @Test
  @Order(6)
  void theSameJarsGiveTheSameFilesTimesAndModes() throws Exception {
    Ended again =
        run(
            System.getProperty("sluice.root") + "/src/dist/assemble",
            TARGET.resolve("lib").toString(),
            System.getProperty("dist.version"),
            System.getProperty("dist.time"),
            folder.resolve("again").toString());
    assertThat(again.code()).as(again.shown()).isZero();
    // class data depends on the classes that the JVM loads while it is made, which may differ under
    // load
    String classData = "lib/sluice.jsa";
    Map<String, String> expected = digests(home);
    expected.remove(classData);
    Map<String, String> found = digests(folder.resolve("again").resolve(NAME));
    found.remove(classData);
    assertThat(found).isEqualTo(expected);
    assertThat(listing(folder.resolve("again"))).isEqualTo(listing(TARGET));
  }

  @Test
  @Order(7)
  void whatIsInIt() throws Exception {
    assertThat(digests(home).keySet())
        .contains("LICENSE", "README.txt", "bin/sluice", "lib/sluice.jsa", "lib/build")
        .noneMatch(f -> f.matches(".*(junit|assertj|errorprone).*"))
        .allMatch(f -> f.startsWith("lib/") || !f.endsWith(".jar"));
  }

  /** Names, owners, modes, times and sizes, but for the size of class data. */
  private List<String> listing(Path there) throws Exception {
    Ended tar = run("tar", "--full-time", "-tvzf", there.resolve(NAME + ".tar.gz").toString());
    assertThat(tar.code()).as(tar.shown()).isZero();
    return tar.out().lines().filter(l -> !l.endsWith("/lib/sluice.jsa")).toList();
  }

  private Path launcher() {
    return home.resolve("bin/sluice");
  }

  /** A home that says it is of another version; its program is that of the JVM of this test. */
  private Path runtime(String version) throws IOException {
    Path other = folder.resolve("jre-" + version);
    if (Files.notExists(other)) {
      Files.createDirectories(other.resolve("bin"));
      Files.writeString(
          other.resolve("release"),
          "IMPLEMENTOR=\"Somebody\"\nJAVA_RUNTIME_VERSION=\"%1$s+1\"\nJAVA_VERSION=\"%1$s\"\n"
              .formatted(version));
      Path java = other.resolve("bin/java");
      Files.writeString(java, "#!/bin/sh\nexec '" + RUNTIME + "/bin/java' \"$@\"\n");
      Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    return other;
  }

  private record Ended(int code, String out, String err) {
    String shown() {
      return out + err;
    }
  }

  private Ended sluice(Path launcher, Map<String, String> variables, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    return run(variables, command);
  }

  private Ended run(String... command) throws Exception {
    return run(Map.of(), List.of(command));
  }

  private Ended run(Map<String, String> variables, List<String> command) throws Exception {
    Path out = Files.createTempFile(folder, "out", null);
    Path err = Files.createTempFile(folder, "err", null);
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    Map<String, String> environment = builder.environment();
    // the launcher finds the runtime that the build found
    environment
        .keySet()
        .removeIf(k -> k.matches("(MLFLOW|SLUICE)_.*") && !k.equals("SLUICE_JAVA_HOME"));
    String downloads =
        environment.getOrDefault(
            "XDG_CACHE_HOME", Path.of(System.getProperty("user.home"), ".cache").toString());
    environment.putIfAbsent("UV_CACHE_DIR", downloads + "/uv");
    environment.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    environment.putAll(variables);
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    if (!process.waitFor(300, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("no end: " + Files.readString(out) + Files.readString(err));
    }
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static Map<String, String> digests(Path root) throws Exception {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(root)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        found.put(root.relativize(file).toString(), digest(file));
      }
    }
    return found;
  }

  private static String digest(Path file) throws IOException, NoSuchAlgorithmException {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }
}
