package io.sluice.local.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent.SetUp;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Environments from a package index of the test's own, with the real uv, pip and Python. */
@Timeout(1800)
class EnvironmentBuilderIT {
  /** Of all tests: uv is fetched into it once. */
  @TempDir private static Path shared;

  @TempDir private Path folder;
  private final List<SetUp> events = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch asked = new CountDownLatch(1);

  /** Wheels come only once it is open. */
  private volatile CountDownLatch gate = new CountDownLatch(0);

  private final Map<String, byte[]> wheels = new TreeMap<>();

  /** Which interpreters and platforms a wheel is for, where not all. */
  private final Map<String, String> tags = new TreeMap<>();

  private HttpServer index;

  @BeforeEach
  void anIndex() throws Exception {
    index = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    index.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    index.createContext("/", this::serve);
    index.start();
  }

  @AfterEach
  void end() {
    index.stop(0);
  }

  @Test
  void buildsOnceWhoeverAsksAndAgainWhatADeadBuilderLeft() throws Exception {
    EnvironmentRequest request = request("3.11", lock("tinypkg", wheel("tinypkg", 0)));
    List<CompletableFuture<Path>> both = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      both.add(
          CompletableFuture.supplyAsync(() -> {
            try {
              return builder().build(request, events::add);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }));
    }
    Path built = both.get(0).join();
    assertThat(both.get(1).join()).isEqualTo(built);
    assertThat(events.stream().filter(e -> e.phase() == SetUp.Phase.DONE)).hasSize(1);
    assertImports(built, "tinypkg");
    Files.delete(built.resolve("complete.json"));
    Files.writeString(built.resolve("half"), "built");
    builder().build(request, events::add);
    assertThat(built.resolve("half")).doesNotExist();
  }

  @Test
  void twoProcessesThatNeedTheSameBuildItOnce() throws Exception {
    byte[] wheel = wheel("slowpkg", 0);
    EnvironmentRequest request = request("3.11", lock("slowpkg", wheel));
    uvIsThere();
    holdBack();
    Forked first = fork(request);
    assertThat(asked.await(5, TimeUnit.MINUTES)).isTrue();
    Forked second = fork(request);
    await().atMost(Duration.ofMinutes(5)).until(() -> second.said().contains("another process"));
    release();
    assertThat(first.process().waitFor()).as(first.said()).isZero();
    assertThat(second.process().waitFor()).as(second.said()).isZero();
    assertThat(first.said()).contains("DONE ");
    assertThat(second.said()).doesNotContain("DONE ");
    assertImports(builder().folder(request), "slowpkg");
  }

  @Test
  void whoWaitsForABuilderThatIsKilledBuildsItItself() throws Exception {
    byte[] wheel = wheel("lostpkg", 0);
    EnvironmentRequest request = request("3.11", lock("lostpkg", wheel));
    uvIsThere();
    holdBack();
    Forked first = fork(request);
    assertThat(asked.await(5, TimeUnit.MINUTES)).isTrue();
    Forked second = fork(request);
    await().atMost(Duration.ofMinutes(5)).until(() -> second.said().contains("another process"));
    assertThat(builder().isBuilt(request)).isFalse();
    first.process().destroyForcibly().waitFor();
    release();
    assertThat(second.process().waitFor()).as(second.said()).isZero();
    assertThat(second.said()).contains("DONE ");
    assertImports(builder().folder(request), "lostpkg");
  }

  /** One story, since each environment of pip's takes its time. */
  @Test
  void withoutUvPipDoesItAndItsComplaintsReadAlike() throws Exception {
    byte[] extra = wheel("extrapkg", 0);
    EnvironmentRequest request =
        new EnvironmentRequest(
            "tabular",
            "3.11",
            "tabular.lock",
            lock("tinypkg", wheel("tinypkg", 0)),
            Optional.of(
                new WheelSource(
                    "extrapkg-1.0-py3-none-any.whl",
                    Digest.of(extra),
                    () -> new ByteArrayInputStream(extra))));
    // This index has no uv, so it cannot be fetched; and there is none on PATH.
    EnvironmentBuilder pip = withoutUv();
    Path built = pip.build(request, events::add);
    assertThat(events).extracting(SetUp::detail).anyMatch(d -> d.startsWith("pip instead of uv ("));
    assertImports(built, "tinypkg");
    assertImports(built, "extrapkg");
    assertThat(pip.isBuilt(request)).isTrue();

    String lock = lock("hashpkg", wheel("hashpkg", 0));
    wheels.put("hashpkg", wheel("hashpkg", 1));
    assertRefused(pip, request("3.11", lock), ExitCode.INPUT_WRONG, "SLU-3011", "hashpkg");

    String unreachable = lock("farpkg", wheel("farpkg", 0));
    index.stop(0);
    assertRefused(pip, request("3.11", unreachable), ExitCode.UNREACHABLE, "SLU-3013");
  }

  @Test
  void aWrongHashNamesThePackage() throws Exception {
    String lock = lock("hashpkg", wheel("hashpkg", 0));
    wheels.put("hashpkg", wheel("hashpkg", 1));
    assertRefused(
        builder(), request("3.11", lock), ExitCode.INPUT_WRONG, "SLU-3011", "hashpkg==1.0");
  }

  @Test
  void aVersionThatDoesNotExistNamesThePackage() throws Exception {
    String lock = lock("oldpkg", wheel("oldpkg", 0)).replace("==1.0", "==99.0");
    assertRefused(
        builder(), request("3.11", lock), ExitCode.INPUT_WRONG, "SLU-3012", "oldpkg==99.0");
  }

  @Test
  void aPackageWithoutAWheelForThisPythonIsNamed() throws Exception {
    tags.put("oldpkg", "cp27-cp27m-manylinux1_x86_64");
    String lock = lock("oldpkg", wheel("oldpkg", 0));
    assertRefused(
        builder(),
        request("3.11", lock),
        ExitCode.INPUT_WRONG,
        "SLU-3012",
        "oldpkg==1.0",
        "this machine and Python");
  }

  @Test
  void aLockThatPinsOnePackageTwiceIsRefusedBeforeAnythingIsFetched() throws Exception {
    String lock = lock("tinypkg", wheel("tinypkg", 0));
    Path cache = Files.createDirectory(folder.resolve("empty"));
    EnvironmentBuilder builder = new EnvironmentBuilder(cache, variables(), Clock.systemUTC());
    assertRefused(
        builder,
        request("3.11", lock + lock.replace("tinypkg==1.0", "TinyPkg==2.0")),
        ExitCode.INPUT_WRONG,
        "SLU-3401",
        "TinyPkg to 1.0 and to 2.0");
    assertThat(cache).isEmptyDirectory();
  }

  @Test
  void pinsThatContradictEachOtherAreNamed() throws Exception {
    String lock =
        lock("tinypkg", wheel("tinypkg", 0))
            + lock("needypkg", wheel("needypkg", 0, "Requires-Dist: tinypkg>=2\n"));
    String[] words = {"SLU-3403", "needypkg", "tinypkg>=2", "1.0"};
    assertRefused(builder(), request("3.11", lock), ExitCode.INPUT_WRONG, words);
    assertRefused(withoutUv(), request("3.11", lock), ExitCode.INPUT_WRONG, words);
  }

  @Test
  void whatALockLeavesOutOnPurposeIsItsAuthorsBusiness() throws Exception {
    String lock = lock("needypkg", wheel("needypkg", 0, "Requires-Dist: tinypkg>=2\n"));
    assertImports(builder().build(request("3.11", lock), events::add), "needypkg");
  }

  @Test
  void settingsOfTheCallersShellDoNotReachTheInstaller() throws Exception {
    uvIsThere();
    Path elsewhere = folder.resolve("elsewhere");
    Map<String, String> hostile = variables();
    Path none = Files.writeString(folder.resolve("none.txt"), "tinypkg==7\n");
    hostile.put("PYTHONPATH", elsewhere.toString());
    hostile.put("PYTHONHOME", elsewhere.toString());
    hostile.put("PYTHONUSERBASE", elsewhere.toString());
    hostile.put("VIRTUAL_ENV", elsewhere.toString());
    hostile.put("CONDA_PREFIX", elsewhere.toString());
    for (String tool : List.of("PIP_", "UV_")) {
      hostile.put(tool + "CONSTRAINT", none.toString());
      hostile.put(tool + "PREFIX", elsewhere.toString());
      hostile.put(tool + "TARGET", elsewhere.toString());
      hostile.put(tool + "USER", "1");
    }
    hostile.put("UV_SYSTEM_PYTHON", "1");
    hostile.put("UV_PYTHON", "/usr/bin/python3");
    hostile.put("UV_PROJECT_ENVIRONMENT", elsewhere.toString());
    EnvironmentBuilder builder = new EnvironmentBuilder(shared, hostile, Clock.systemUTC());
    String lock = "# in a hostile shell\n" + lock("tinypkg", wheel("tinypkg", 0));
    assertImports(builder.build(request("3.11", lock), events::add), "tinypkg");
    assertThat(elsewhere).doesNotExist();
  }

  @Test
  void packagesThatASettingSendsElsewhereAreMissed() throws Exception {
    uvIsThere();
    Path config = folder.resolve("uv.toml");
    Files.writeString(config, "[pip]\ntarget = \"" + folder.resolve("elsewhere") + "\"\n");
    Map<String, String> variables = variables();
    variables.remove("UV_NO_CONFIG");
    variables.put("UV_CONFIG_FILE", config.toString());
    EnvironmentBuilder builder = new EnvironmentBuilder(shared, variables, Clock.systemUTC());
    String lock = "# sent elsewhere\n" + lock("tinypkg", wheel("tinypkg", 0));
    assertRefused(builder, request("3.11", lock), ExitCode.INPUT_WRONG, "SLU-3402", "tinypkg==1.0");
  }

  @Test
  void anIndexThatDoesNotAnswerIsAServiceOutOfReach() throws Exception {
    EnvironmentRequest request = request("3.11", lock("farpkg", wheel("farpkg", 0)));
    uvIsThere();
    index.stop(0);
    assertRefused(builder(), request, ExitCode.UNREACHABLE, "SLU-3013", "127.0.0.1");
  }

  @Test
  void aPackageThatCannotBeInstalledIsNamedWithTheInstallersWords() throws Exception {
    byte[] broken = "this is not an archive".getBytes(StandardCharsets.UTF_8);
    EnvironmentRequest request = request("3.11", lock("tinypkg", broken));
    assertRefused(builder(), request, ExitCode.INPUT_WRONG, "SLU-3014", "tinypkg", "tabular.lock");
  }

  @Test
  void aFullDiskIsNamed() throws Exception {
    uvIsThere();
    Path disk = Files.createDirectory(folder.resolve("disk"));
    Process mount =
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(mount.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assumeThat(mount.waitFor()).as("may this user mount a small disk? " + said).isZero();
    try {
      Files.createSymbolicLink(disk.resolve(uvFolder()), shared.resolve(uvFolder()));
      EnvironmentBuilder builder = new EnvironmentBuilder(disk, variables(), Clock.systemUTC());
      EnvironmentRequest request = request("3.11", lock("largepkg", wheel("largepkg", 5_000_000)));
      assertRefused(builder, request, "SLU-3015", "no space left on the device");
    } finally {
      // lazily: a child of the installer may be on its way out, with a file there still open
      assertThat(
              new ProcessBuilder("umount", "--lazy", disk.toString()).inheritIO().start().waitFor())
          .isZero();
    }
  }

  @Test
  void aCacheThatCannotBeWrittenIsNamed() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("odd"));
    Files.writeString(cache.resolve("environments"), "a file where a folder belongs");
    EnvironmentBuilder builder = new EnvironmentBuilder(cache, variables(), Clock.systemUTC());
    EnvironmentRequest request = request("3.11", lock("tinypkg", wheel("tinypkg", 0)));
    assertThat(refusal(builder, request).getMessage()).contains("SLU-3015", "environments");
  }

  @Test
  void aPythonThatIsNotHereNamesThoseThatAre() throws Exception {
    EnvironmentRequest request = request("3.99", lock("tinypkg", wheel("tinypkg", 0)));
    assertRefused(builder(), request, "SLU-3010", "Python 3.99", "found 3.");
  }

  @Test
  void aLockWithoutHashesIsRefusedBeforeAnythingIsFetched() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("empty"));
    EnvironmentBuilder builder = new EnvironmentBuilder(cache, variables(), Clock.systemUTC());
    assertRefused(builder, request("3.11", "tinypkg==1.0\nattrs>=1\n"), "SLU-3016", "attrs");
    assertThat(cache).isEmptyDirectory();
  }

  private static void assertRefused(
      EnvironmentBuilder builder, EnvironmentRequest request, ExitCode code, String... parts) {
    SluiceException e = refusal(builder, request);
    assertThat(e.getMessage()).contains(parts);
    assertThat(e.exitCode()).isEqualTo(code);
    assertThat(builder.folder(request)).doesNotExist();
  }

  private static void assertRefused(
      EnvironmentBuilder builder, EnvironmentRequest request, String... parts) {
    assertThat(refusal(builder, request).getMessage()).contains(parts);
    assertThat(builder.folder(request)).doesNotExist();
  }

  private static SluiceException refusal(EnvironmentBuilder builder, EnvironmentRequest request) {
    try {
      Path built = builder.build(request, e -> {});
      throw new AssertionError("it was built: " + built);
    } catch (SluiceException e) {
      return e;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertImports(Path environment, String module) throws Exception {
    Process python =
        new ProcessBuilder(
                environment.resolve("bin/python").toString(),
                "-c",
                "import " + module + "; print(" + module + ".HERE)")
            .redirectErrorStream(true)
            .start();
    assertThat(new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo("here\n");
  }

  /** With uv, which the first of all tests fetches from the machine's own index. */
  private EnvironmentBuilder builder() {
    uvIsThere();
    return new EnvironmentBuilder(shared, variables(), Clock.systemUTC());
  }

  /** Where neither the index nor {@code PATH} has a uv. */
  private EnvironmentBuilder withoutUv() {
    Map<String, String> variables = variables();
    variables.put(
        "PATH",
        Stream.of(variables.get("PATH").split(":", -1))
            .filter(f -> !Files.exists(Path.of(f, "uv")))
            .collect(Collectors.joining(":")));
    return new EnvironmentBuilder(folder.resolve("cache"), variables, Clock.systemUTC());
  }

  /** The machine's variables, with this test's index instead of its own. */
  private Map<String, String> variables() {
    Map<String, String> variables = new TreeMap<>(System.getenv());
    variables.keySet().removeIf(k -> k.startsWith("PIP_") || k.startsWith("UV_"));
    String simple = "http://127.0.0.1:" + index.getAddress().getPort() + "/simple/";
    variables.put("PIP_INDEX_URL", simple);
    variables.put("PIP_CONFIG_FILE", "/dev/null");
    variables.put("PIP_NO_CACHE_DIR", "1");
    variables.put("PIP_RETRIES", "1"); // with none, pip does not say that nobody answered
    variables.put("UV_DEFAULT_INDEX", simple);
    variables.put("UV_NO_CONFIG", "1");
    variables.put("UV_CACHE_DIR", folder.resolve("uv-cache").toString());
    variables.put("UV_HTTP_RETRIES", "0");
    return variables;
  }

  private static void uvIsThere() {
    synchronized (EnvironmentBuilderIT.class) {
      if (!Files.isExecutable(shared.resolve(uvFolder()).resolve("bin/uv"))) {
        String none = "# nothing is installed, but uv is fetched to do it\n";
        try {
          new EnvironmentBuilder(shared, System.getenv(), Clock.systemUTC())
              .build(request("3.11", none), e -> {});
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
    }
  }

  private static String uvFolder() {
    return "uv-" + EnvironmentBuilder.UV_VERSION;
  }

  private static EnvironmentRequest request(String python, String lock) {
    return new EnvironmentRequest("tabular", python, "tabular.lock", lock, Optional.empty());
  }

  /** Puts a wheel into the index; returns a lock that has its hash. */
  private String lock(String name, byte[] wheel) {
    wheels.put(name, wheel);
    return name + "==1.0 \\\n    --hash=" + Digest.of(wheel) + "\n";
  }

  /** A wheel with a module of one constant and, beside it, as many bytes that do not compress. */
  private static byte[] wheel(String name, int ballast) throws IOException {
    return wheel(name, ballast, "");
  }

  private static byte[] wheel(String name, int ballast, String metadata) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    files.put(name + "/__init__.py", "HERE = \"here\"\n".getBytes(StandardCharsets.UTF_8));
    byte[] bytes = new byte[ballast];
    new Random(1).nextBytes(bytes);
    files.put(name + "/ballast.bin", bytes);
    String info = name + "-1.0.dist-info/";
    files.put(
        info + "METADATA",
        ("Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n" + metadata)
            .getBytes(StandardCharsets.UTF_8));
    files.put(
        info + "WHEEL",
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            .getBytes(StandardCharsets.UTF_8));
    StringBuilder record = new StringBuilder();
    files.forEach((path, content) ->
        record
            .append(path)
            .append(",sha256=")
            .append(
                Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(HexFormat.of().parseHex(Digest.of(content).hex())))
            .append(',')
            .append(content.length)
            .append('\n'));
    files.put(
        info + "RECORD",
        record.append(info).append("RECORD,,\n").toString().getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(file.getValue());
      }
    }
    return out.toByteArray();
  }

  /** From now on wheels come only after {@link #release}. */
  private void holdBack() {
    gate = new CountDownLatch(1);
  }

  private void release() {
    gate.countDown();
  }

  /** The simple repository API (PEP 503): a page for each project, and the files. */
  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String name = path.replaceAll("^/(simple|files)/|[-/].*$|/$", "");
      byte[] wheel = wheels.get(name);
      if (wheel == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      byte[] body = wheel;
      if (path.startsWith("/simple/")) {
        String file = name + "-1.0-" + tags.getOrDefault(name, "py3-none-any") + ".whl";
        body =
            ("<!DOCTYPE html><a href=\"/files/" + file + "\">" + file + "</a>")
                .getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "text/html");
      } else if (exchange.getRequestMethod().equals("GET")) {
        asked.countDown();
        gate.await();
      }
      boolean head = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(200, head ? -1 : body.length);
      if (!head) {
        exchange.getResponseBody().write(body);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Another process that wants an environment. */
  private record Forked(Process process, Path output) {
    String said() throws IOException {
      return Files.readString(output);
    }
  }

  private Forked fork(EnvironmentRequest request) throws IOException {
    Path lock = Files.writeString(folder.resolve("fork.lock"), request.lock());
    Path output = Files.createTempFile(folder, "fork", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Builder.class.getName(),
            shared.toString(),
            request.python(),
            lock.toString());
    builder.environment().clear();
    builder.environment().putAll(variables());
    return new Forked(
        builder.redirectErrorStream(true).redirectOutput(output.toFile()).start(), output);
  }

  /** Builds one environment and prints the events: {@code CACHE PYTHON LOCK}. */
  static final class Builder {
    private Builder() {}

    public static void main(String[] args) throws Exception {
      Path built =
          new EnvironmentBuilder(Path.of(args[0]), System.getenv(), Clock.systemUTC())
              .build(
                  request(args[1], Files.readString(Path.of(args[2]))),
                  e -> System.out.println(e.phase() + " " + e.detail()));
      System.out.println("it is in " + built);
    }
  }
}
