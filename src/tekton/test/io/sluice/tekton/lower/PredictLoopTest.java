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

/** The loop of sluice-predict as it stands in the catalog, by the shells that images have. */
class PredictLoopTest {
  /** What its inputs say it writes; it notes where it was called, and with what variables. */
  private static final String FORECAST =
      "echo \"$SLUICE_AS_OF${SLUICE_LIMIT+, and a limit}\" >>calls;"
          + " cp \"$SLUICE_INPUTS/windows.csv\" \"$SLUICE_OUTPUTS/forecast.csv\"";

  @TempDir Path workspace;

  @BeforeEach
  void layOut() throws IOException {
    for (String folder : List.of("code", "results", "inputs", "outputs", "predict")) {
      Files.createDirectories(workspace.resolve(folder));
    }
    Files.writeString(
        workspace.resolve("env"),
        "export SLUICE_INPUTS='%1$s/inputs' SLUICE_OUTPUTS='%1$s/outputs'\n".formatted(workspace));
    origin("validation", "a");
    origin("validation", "b");
    origin("holdout", "c");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void theCommandIsCalledOnceForEachOriginWhateverItsTime(String shell) throws Exception {
    assertThat(run(shell, "0", FORECAST)).as(log()).isZero();
    layOut();
    assertThat(run(shell, "60", FORECAST)).as(log()).isZero();
    assertThat(workspace.resolve("code/calls")).hasContent("a\nb\nc\na\nb\nc");
    assertThat(workspace.resolve("outputs/predictions/validation/b.csv")).hasContent("of b");
    assertThat(workspace.resolve("outputs/predictions/holdout/c.csv")).hasContent("of c");
    assertThat(workspace.resolve("results")).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void ofATableOfRowsTheCommandIsCalledOnceForEachSet(String shell) throws Exception {
    for (String origin : List.of("validation/a", "validation/b", "holdout/c")) {
      Path folder = workspace.resolve("predict/windows").resolve(origin);
      Files.delete(folder.resolve("windows.csv"));
      Files.delete(folder.resolve("as-of"));
      Files.delete(folder);
    }
    for (String set : List.of("validation", "holdout")) {
      Path folder =
          Files.createDirectories(
              workspace.resolve("predict/windows").resolve(set).resolve("rows"));
      Files.writeString(folder.resolve("as-of"), "now\n");
      Files.writeString(folder.resolve("rows.csv"), "rows of " + set + "\n");
    }
    String predicts =
        "echo \"$SLUICE_AS_OF\" >>calls;"
            + " cp \"$SLUICE_INPUTS/rows.csv\" \"$SLUICE_OUTPUTS/predictions.csv\"";
    assertThat(run(shell, "0", predicts)).as(log()).isZero();
    assertThat(workspace.resolve("code/calls")).hasContent("now\nnow");
    assertThat(workspace.resolve("outputs/predictions/validation/rows.csv"))
        .hasContent("rows of validation");
    assertThat(workspace.resolve("outputs/predictions/holdout/rows.csv"))
        .hasContent("rows of holdout");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void withinItsTimeACommandKeepsItsExitCode(String shell) throws Exception {
    assertThat(run(shell, "60", FORECAST + "; [ $SLUICE_AS_OF != b ] || exit 3")).isEqualTo(3);
    assertThat(log()).contains("exit code 3 at origin b of validation");
    assertThat(workspace.resolve("results")).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "busybox sh", "bash"})
  void afterItsTimeACommandIsEndedWhateverItIgnoresAndTheOriginIsSaid(String shell)
      throws Exception {
    String hangs =
        "[ $SLUICE_AS_OF != a ] || { trap '' TERM; echo $$ >pid; sleep 100; sleep 100; }";
    assertThat(run(shell, "5", FORECAST + ";" + hangs)).isEqualTo(124);
    assertThat(workspace.resolve("results/failure"))
        .hasContent("its time, 5 s, was over at origin a of validation");
    assertThat(log()).contains("predict: its time, 5 s, was over at origin a of validation");
    long pid = Long.parseLong(Files.readString(workspace.resolve("code/pid")).strip());
    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(workspace.resolve("outputs/predictions/validation")).isEmptyDirectory();
  }

  private void origin(String set, String name) throws IOException {
    Path folder =
        Files.createDirectories(workspace.resolve("predict/windows").resolve(set).resolve(name));
    Files.writeString(folder.resolve("as-of"), name + "\n");
    Files.writeString(folder.resolve("windows.csv"), "of " + name + "\n");
  }

  private int run(String shell, String limit, String command) throws Exception {
    Files.writeString(
        workspace.resolve("predict/command"),
        "set -- sh -c '" + command.replace("'", "'\\''") + "'\n");
    List<String> argv = new ArrayList<>(List.of(shell.split(" ")));
    Optional<String> program =
        argv.getFirst().equals("busybox") ? Busybox.program() : Optional.of(argv.getFirst());
    Assumptions.assumeTrue(
        program.isPresent(), "no busybox here, and apt-get gives none: its shell is not checked");
    argv.set(0, program.orElseThrow());
    Step step =
        Catalog.task("sluice-predict").spec().steps().stream()
            .filter(s -> s.name().equals(Optional.of("run")))
            .findFirst()
            .orElseThrow();
    Path script = workspace.resolve("loop.sh");
    Files.writeString(script, step.script().orElseThrow());
    argv.add(script.toString());
    // A file, since what a killed command leaves running would hold a pipe open.
    ProcessBuilder builder =
        new ProcessBuilder(argv)
            .redirectErrorStream(true)
            .redirectOutput(workspace.resolve("log").toFile());
    builder.environment().put("SLUICE_WORKSPACE", workspace.toString());
    builder.environment().put("SLUICE_LIMIT", limit);
    Process process = builder.start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }

  private String log() throws IOException {
    Path log = workspace.resolve("log");
    return Files.exists(log) ? Files.readString(log) : "";
  }
}
