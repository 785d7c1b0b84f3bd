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

/** How sluice-stage runs a command, by the shells that images have. */
class StageCommandTest {
  @TempDir Path workspace;

  @BeforeEach
  void layOut() throws IOException {
    Files.createDirectories(workspace.resolve("code"));
    Files.createDirectories(workspace.resolve("results"));
    Files.writeString(workspace.resolve("env"), "export SLUICE_MODE='stage'\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void withoutALimitTheCommandTakesTheShellsPlace(String shell) throws Exception {
    assertThat(run(shell, "0", "sh", "-c", "echo $SLUICE_MODE $1 >out; exit 3", "x", "a b"))
        .isEqualTo(3);
    assertThat(workspace.resolve("code/out")).hasContent("stage a b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void withinItsLimitACommandKeepsItsExitCode(String shell) throws Exception {
    assertThat(run(shell, "60", "sh", "-c", "echo $SLUICE_MODE >out; exit 3")).isEqualTo(3);
    assertThat(workspace.resolve("code/out")).hasContent("stage");
    assertThat(workspace.resolve("results")).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void afterItsLimitACommandIsEndedAndSaysSo(String shell) throws Exception {
    assertThat(run(shell, "1", "sh", "-c", "trap '' TERM; sleep 100; sleep 100")).isEqualTo(124);
    assertThat(workspace.resolve("results/failure")).hasContent("its time, 1 s, was over");
  }

  private int run(String shell, String limit, String... command)
      throws IOException, InterruptedException {
    Step step =
        Catalog.task("sluice-stage").spec().steps().stream()
            .filter(s -> s.name().equals(Optional.of("run")))
            .findFirst()
            .orElseThrow();
    List<String> argv = new ArrayList<>(List.of(shell.split(" ")));
    Assumptions.assumeTrue(onPath(argv.getFirst()), shell + " is not on this machine");
    for (String word : step.command().subList(1, step.command().size())) {
      switch (word) {
        case "$(workspaces.stage.path)/env" -> argv.add(workspace.resolve("env").toString());
        case "$(params.limit)" -> argv.add(limit);
        default -> argv.add(word);
      }
    }
    Files.writeString(workspace.resolve("command"), Busybox.words(command));
    // A file, since what a killed command leaves running would hold a pipe open.
    Process process =
        new ProcessBuilder(argv)
            .redirectErrorStream(true)
            .redirectOutput(workspace.resolve("log").toFile())
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }

  private static boolean onPath(String program) {
    return List.of("/bin", "/usr/bin").stream()
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
