package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code sluice} itself: what it does before there is a JVM. Maven and the JDK are
 * scripts that tell what they were asked; the jars are those of the build that this test belongs
 * to.
 */
@Timeout(1800)
class LauncherIT {
  @TempDir private Path folder;
  private Path mvn;

  @BeforeEach
  void programs() throws IOException {
    mvn = script("bin/mvn", "echo '[INFO] Building sluice-core 0.1.0-SNAPSHOT      [3/12]'");
    script("jdk/bin/javac", "exit 1");
    script("jdk/bin/java", "echo \"locale=$LC_ALL\"; printf '%s\\n' \"$@\"");
    Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
  }

  @Test
  void buildsOncePerVersionOfTheSources() throws Exception {
    Ended first = sluice(Map.of(), "check", "somewhere");
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.err()).contains("building sluice", "built in");
    assertThat(first.out()).endsWith("io.sluice.cli.Main\ncheck\nsomewhere\n");

    Ended second = sluice(Map.of(), "check");
    assertThat(second.code()).isZero();
    assertThat(second.err()).isEmpty();
  }

  @Test
  void inALocaleWithoutUtf8TheJvmGetsOneThatHasIt() throws Exception {
    assertThat(sluice(Map.of("LC_ALL", "C"), "check").out()).contains("locale=C.UTF-8\n");
    assertThat(sluice(Map.of("LC_ALL", "POSIX"), "check").out()).contains("locale=C.UTF-8\n");
  }

  @Test
  void flagsOfTheUserComeLastSoThatTheyWin() throws Exception {
    String out = sluice(Map.of("SLUICE_JAVA_OPTIONS", "-Xmx4g -Dx=y"), "run").out();
    assertThat(out.lines().toList()).containsSubsequence("-Xmx1g", "-Xmx4g", "-Dx=y", "-cp");
  }

  @Test
  void reportsTheFirstErrorsOfAFailedBuildAndRetriesIt() throws Exception {
    script("bin/mvn", "echo '[ERROR] Foo.java:[1,2] no such thing'; exit 1");
    Ended failed = sluice(Map.of(), "check");
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("SLU-9003", "Foo.java:[1,2] no such thing");

    Files.delete(mvn);
    programs();
    assertThat(sluice(Map.of(), "check").code()).isZero();
  }

  @Test
  void reportsACacheThatCannotBeWritten() throws Exception {
    Files.writeString(folder.resolve("file"), "");
    Ended refused = sluice(Map.of("XDG_CACHE_HOME", folder.resolve("file").toString()), "check");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("SLU-9303", "XDG_CACHE_HOME");
  }

  @Test
  void anEmptyHomeIsTheOneOfTheUserDatabaseAndNotTheRoot() throws Exception {
    Path launch = ForkedSluice.root().resolve("src/dist/launch.sh");
    for (List<String> home : List.of(List.of("HOME="), List.of("-u", "HOME"))) {
      List<String> argv = new ArrayList<>(List.of("env"));
      argv.addAll(home);
      argv.addAll(List.of("bash", "-euc", "source '" + launch + "'; printf %s \"$HOME\""));
      Process process = new ProcessBuilder(argv).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
      assertThat(said).as(home.toString()).isEqualTo(System.getProperty("user.home"));
    }
  }

  @Test
  void onCtrlCDuringTheBuildItEndsWith130AndTheNextOneBuilds() throws Exception {
    Path up = folder.resolve("up");
    script("bin/mvn", "echo $$ >" + up + ".new; mv " + up + ".new " + up + "; exec sleep 600");
    Process going = start(Map.of(), "check");
    await().atMost(Duration.ofMinutes(5)).until(() -> Files.exists(up));
    // To the whole group, as a terminal does.
    new ProcessBuilder("/bin/kill", "-INT", "--", "-" + going.pid()).start().waitFor();
    Ended ended = ended(going);
    assertThat(ended.code()).as(ended.err()).isEqualTo(130);
    assertThat(ended.err()).contains("SLU-9027");
    long maven = Long.parseLong(Files.readString(up).strip());
    assertThat(ProcessHandle.of(maven).filter(ProcessHandle::isAlive)).isEmpty();

    programs();
    assertThat(sluice(Map.of(), "check").code()).isZero();
  }

  private record Ended(int code, String out, String err) {}

  private Ended sluice(Map<String, String> variables, String... arguments) throws Exception {
    return ended(start(variables, arguments));
  }

  private Ended ended(Process process) throws Exception {
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return new Ended(
        process.exitValue(),
        Files.readString(folder.resolve("out")),
        Files.readString(folder.resolve("err")));
  }

  private Process start(Map<String, String> variables, String... arguments) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("setsid", "env", "--default-signal=INT", "bash", launcher().toString());
    builder.command().addAll(List.of(arguments));
    builder.environment().keySet().removeIf(k -> k.startsWith("SLUICE_") || k.startsWith("LC_"));
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    builder.environment().put("SLUICE_JAVA_HOME", folder.resolve("jdk").toString());
    builder.environment().put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
    builder.environment().putAll(variables);
    return builder
        .redirectOutput(folder.resolve("out").toFile())
        .redirectError(folder.resolve("err").toFile())
        .start();
  }

  private static Path launcher() {
    return ForkedSluice.root().resolve("sluice");
  }

  private Path script(String name, String body) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/bash\n" + body + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
