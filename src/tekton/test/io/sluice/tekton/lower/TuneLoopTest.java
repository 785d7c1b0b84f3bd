package io.sluice.tekton.lower;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.tekton.v1.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The loop of sluice-tune as it stands in the catalog, by the shells that images have. */
class TuneLoopTest {
  @TempDir Path workspace;

  @BeforeEach
  void layOut() throws IOException {
    Files.createDirectories(workspace.resolve("code"));
    Files.createDirectories(workspace.resolve("tuner"));
    Files.writeString(workspace.resolve("env"), "export SLUICE_MODE='trial'\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void runsTrialsUntilToldToStopAndSurvivesOneThatFails(String shell) throws Exception {
    Process loop =
        start(
            shell,
            "60",
            "command",
            "sh",
            "-c",
            "cat; pwd >where; n=${SLUICE_PARAMS%/params.json}; n=${n##*/};"
                + " echo \"$SLUICE_MODE $n\" >\"$SLUICE_RESULTS/objective\"; exit $((n * 3))");
    for (int n = 0; n < 3; n++) {
      hand("ask", Integer.toString(n));
      await("tell");
      assertThat(read("tuner/tell")).isEqualTo(Integer.toString(n));
      Files.delete(workspace.resolve("tuner/tell"));
      assertThat(read("tuner/trials/" + n + "/exit")).isEqualTo(Integer.toString(n * 3));
      assertThat(read("tuner/trials/" + n + "/results/objective")).isEqualTo("trial " + n);
    }
    hand("stop", "1");
    assertThat(loop.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(loop.exitValue()).isEqualTo(1);
    assertThat(read("code/where")).isEqualTo(workspace.resolve("code").toRealPath().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void givesUpWhenTheTunerGivesNoSign(String shell) throws Exception {
    Process loop = start(shell, "1", "command", "true");
    assertThat(loop.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(loop.exitValue()).isEqualTo(70);
    assertThat(new String(loop.getInputStream().readAllBytes())).contains("no sign of the tuner");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void leavesTheLoopToAFunction(String shell) throws Exception {
    Process loop = start(shell, "60", "function", "sh", "-c", "echo in $SLUICE_MODE; exit 3");
    assertThat(loop.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(loop.exitValue()).isEqualTo(3);
    assertThat(new String(loop.getInputStream().readAllBytes())).isEqualTo("in trial\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void severalAnswerEachInItsFolderAndEndTheTrialThatIsOutOfTime(String shell) throws Exception {
    Files.writeString(
        workspace.resolve("env"), "export SLUICE_MODE='trial'\nexport SLUICE_PARALLEL='2'\n");
    Files.createDirectories(workspace.resolve("tuner/trials/1"));
    Files.writeString(workspace.resolve("tuner/trials/1/limit"), "1");
    for (int k = 1; k <= 2; k++) {
      Files.createDirectories(workspace.resolve("tuner/worker-" + k));
      hand("worker-" + k + "/ask", Integer.toString(k));
    }
    Process loop =
        start(shell, "60", "command", "sh", "-c", "case $SLUICE_PARAMS in */1/*) sleep 1000; esac");
    await("worker-1/tell");
    await("worker-2/tell");
    assertThat(read("tuner/worker-1/tell")).isEqualTo("1");
    assertThat(read("tuner/worker-2/tell")).isEqualTo("2");
    assertThat(read("tuner/trials/1/exit")).isNotEqualTo("0");
    assertThat(workspace.resolve("tuner/trials/1/late")).exists();
    assertThat(read("tuner/trials/2/exit")).isEqualTo("0");
    assertThat(workspace.resolve("tuner/trials/2/late")).doesNotExist();
    assertThat(Integer.parseInt(read("tuner/worker-2/beat"))).isPositive();
    hand("stop", "3");
    assertThat(loop.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(loop.exitValue()).isEqualTo(3);
  }

  private Process start(String shell, String patience, String loop, String... command)
      throws IOException {
    List<String> argv = new ArrayList<>(List.of(shell.split(" ")));
    Optional<String> program =
        argv.getFirst().equals("busybox") ? Busybox.program() : Optional.of(argv.getFirst());
    Assumptions.assumeTrue(
        program.isPresent(), "no busybox here, and apt-get gives none: its shell is not checked");
    argv.set(0, program.orElseThrow());
    Step run =
        Catalog.task("sluice-tune").spec().steps().stream()
            .filter(s -> s.name().equals(Optional.of("run")))
            .findFirst()
            .orElseThrow();
    Path script = workspace.resolve("loop.sh");
    Files.writeString(script, run.script().orElseThrow());
    argv.add(script.toString());
    Files.writeString(workspace.resolve("command"), Busybox.words(command));
    ProcessBuilder builder = new ProcessBuilder(argv).redirectErrorStream(true);
    builder.environment().put("SLUICE_WORKSPACE", workspace.toRealPath().toString());
    builder.environment().put("SLUICE_PATIENCE", patience);
    builder.environment().put("SLUICE_LOOP", loop);
    return builder.start();
  }

  private void hand(String name, String content) throws IOException {
    Path file = workspace.resolve("tuner").resolve(name + ".tmp");
    Files.writeString(file, content);
    Files.move(file, workspace.resolve("tuner").resolve(name));
  }

  private void await(String name) throws InterruptedException {
    for (int i = 0; i < 6000; i++) { // five minutes guard against a hang
      if (Files.exists(workspace.resolve("tuner").resolve(name))) {
        return;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("no " + name);
  }

  private String read(String file) throws IOException {
    return Files.readString(workspace.resolve(file)).strip();
  }
}
