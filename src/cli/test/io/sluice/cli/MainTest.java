package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.run.RunFailure;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command line promises before anything runs. */
class MainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "init",
        "check",
        "compile",
        "run",
        "runs",
        "show",
        "history",
        "trace",
        "replay",
        "diff",
        "rollback",
        "override",
        "adopt",
        "doctor",
        "registry",
        "serve",
        "schema"
      })
  void everyCommandHasHelpWithAnExample(String command) {
    assertThat(sluice(command, "--help")).isZero();
    assertThat(text(out)).contains("Usage: sluice " + command).containsPattern("Examples?:");
    assertThat(text(out).lines()).allMatch(line -> line.length() <= 100);
  }

  @Test
  void everyCommandIsListedWithAWholeSentence() {
    assertThat(sluice("--help")).isZero();
    assertThat(text(out)).startsWith("Builds a model version").contains("better.\n");
    String list = text(out).split("Commands:\n")[1].split("\n\n")[0];
    assertThat(list.split("\n(?=  \\w)")).hasSize(20).allMatch(entry -> entry.endsWith("."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"forecast", "classification", "regression"})
  void everyKindOfPipelineToStartFromIsRightAndCompiles(String kind) {
    String pipeline = folder.resolve(kind).toString();
    assertThat(sluice("init", "--kind", kind, pipeline)).as(text(err)).isZero();
    assertThat(sluice("check", pipeline)).as(text(err)).isZero();
    assertThat(sluice("compile", pipeline)).as(text(err)).isZero();
  }

  @Test
  void aKindOfPipelineThatThereIsNotIsNamed() {
    assertThat(sluice("init", "--kind", "classifcation", folder.resolve("x").toString()))
        .isEqualTo(2);
    assertThat(text(err)).startsWith("error[SLU-9010]").contains("did you mean \"classification\"");
    assertThat(folder.resolve("x")).doesNotExist();
  }

  @Test
  void suggestsTheCommandThatWasMeant() {
    assertThat(sluice("chekc")).isEqualTo(2);
    assertThat(text(err)).startsWith("error[SLU-9010]").contains("check").doesNotContain("\tat ");
  }

  @Test
  void reportsAFolderWithoutASpec() {
    assertThat(sluice("check", folder.toString())).isEqualTo(2);
    assertThat(text(err)).startsWith("error[SLU-9012]").contains("sluice init");
  }

  @Test
  void aWrongSpecIsShownWithLineColumnAndCaret() throws IOException {
    Files.writeString(
        folder.resolve("sluice.yaml"), "apiVersion: sluice.io/v1alpha1\nmodle: rma\n");

    assertThat(sluice("check", folder.toString())).isEqualTo(2);
    assertThat(text(err)).contains("sluice.yaml:2:1").contains("^^^^^").contains("model");
  }

  /** The plugin that asked for the record shows it as the error of its step. */
  @Test
  void whatIsRefusedBeforeItRunsIsLeftBesideTheRecord() throws IOException {
    Files.writeString(
        folder.resolve("sluice.yaml"), "apiVersion: sluice.io/v1alpha1\nmodle: rma\n");
    Path record = folder.resolve("out").resolve("run.json");

    assertThat(sluice("run", folder.toString(), "--record=" + record)).isEqualTo(2);

    RunFailure failure = RunFailure.parse(Files.readString(Path.of(record + ".failure")));
    assertThat(failure.code()).isEqualTo(ExitCode.INPUT_WRONG);
    assertThat(failure.text()).contains("sluice.yaml:2:1").contains("modle");
  }

  @Test
  void labelsThatTheMetricCannotJudgeAreRefusedBeforeAnythingRuns() throws IOException {
    String spec =
        """
        apiVersion: sluice.io/v1alpha1
        model: net-returns
        code: { include: ["*.py"] }
        environments:
          plain: { python: "3.11" }
        data:
          weeks:
            environment: plain
            path: weeks.csv
            labels: { column: returned, eventTime: week, knownAt: reported, matureAfter: 7d }
        families:
          level: { environment: plain, run: [python3, level.py] }
        stages:
          split:
            environment: plain
            run: [python3, split.py]
            inputs: { weeks: data.weeks }
            outputs: [train, validation, holdout]
          train:
            uses: train@1
            forEach: families
            inputs: { train: split.train, validation: split.validation }
          evaluate:
            uses: evaluate@1
            inputs:
              candidates: train.model
              holdout: split.holdout
              validation: split.validation
              snapshot: data.weeks
            with: { unit: [product] }
        gate: { rows: evaluate.rows, metric: %s }
        """;
    Files.writeString(folder.resolve("level.py"), "");
    Files.writeString(folder.resolve("split.py"), "");
    Files.writeString(
        folder.resolve("weeks.csv"),
        "product,week,reported,returned\nP-1,2026-01-05,2026-01-12,4\nP-2,2026-01-05,2026-01-12,-3\n");

    Files.writeString(folder.resolve("sluice.yaml"), spec.formatted("poisson_deviance"));
    assertThat(sluice("check", folder.toString())).isEqualTo(2);
    assertThat(text(err))
        .startsWith("error[SLU-4036]")
        .contains("weeks.csv, line 3: the label -3 (`returned`) of `P-2`", "poisson_deviance")
        .contains("mae, rmse, wape, pinball(0.9)");

    Files.writeString(folder.resolve("sluice.yaml"), spec.formatted("mae"));
    assertThat(sluice("check", folder.toString())).isZero();
    // where rows need not be those of the snapshot, nobody knows yet what the labels will be
    Files.writeString(
        folder.resolve("sluice.yaml"), spec.formatted("poisson_deviance, requireAudit: false"));
    assertThat(sluice("check", folder.toString())).isZero();
  }

  @Test
  void diagnosticsCanBeReadByPrograms() throws IOException {
    Files.writeString(
        folder.resolve("sluice.yaml"), "apiVersion: sluice.io/v1alpha1\nmodle: rma\n");

    assertThat(sluice("check", "--json", folder.toString())).isEqualTo(2);
    assertThat(Json.parse(text(out)).findValuesAsText("line")).contains("2");
  }

  @Test
  void checkTellsOfSpecAndLocksInOneGo() throws IOException {
    Path pipeline = folder.resolve("p");
    assertThat(sluice("init", pipeline.toString())).isZero();
    Path spec = pipeline.resolve("sluice.yaml");
    String text =
        Files.readString(spec)
            .replaceFirst(
                "environments:", "environments:\n  more: { python: \"3.11\", lock: more.lock }")
            .replaceFirst("code:", "code: { include: [\"none/**\"] }\nformer:")
            .replaceFirst("former:.*\n", "");
    Files.writeString(spec, text);
    Files.writeString(pipeline.resolve("more.lock"), "\n--index-url wheels\nsix>=1\n");
    assertThat(sluice("check", pipeline.toString())).isEqualTo(2);
    assertThat(text(err))
        .contains("SLU-1032", "none/**")
        .contains("more.lock:2:1", "more.lock:3:1", "SLU-3016");
  }

  @Test
  void aProfileOrAStageThatIsNotThereIsToldBeforeAnythingIsSetUp() throws IOException {
    Path pipeline = folder.resolve("p");
    assertThat(sluice("init", pipeline.toString())).isZero();
    assertThat(sluice("run", pipeline.toString(), "--profile", "nihgtly")).isEqualTo(2);
    assertThat(sluice("run", pipeline.toString(), "--run-id", "r", "--stage", "stages.nope"))
        .isEqualTo(2);
    assertThat(text(err)).contains("nihgtly").contains("SLU-9601");
    assertThat(pipeline.resolve(".sluice/mlflow")).doesNotExist();
  }

  @Test
  void aLongValueIsShownByItsEnds() throws IOException {
    Files.writeString(
        folder.resolve("sluice.yaml"),
        "apiVersion: sluice.io/v1alpha1\nmodel: \"" + "x".repeat(70_000) + "\"\n");
    assertThat(sluice("check", folder.toString())).isEqualTo(2);
    assertThat(text(err)).contains("characters) ..").hasSizeLessThan(5_000);
  }

  @Test
  void noColourReachesAPipe() {
    sluice("--help");
    sluice("nonsense");
    assertThat(text(out) + text(err)).doesNotContain("\u001b");
  }

  @Test
  void aStaleCompilationFailsWithADiff() throws IOException {
    Path root = Path.of(System.getProperty("sluice.root"));
    String example = root.resolve("pipelines/rma-forecast").toString();
    Path compiled = folder.resolve("tekton");
    assertThat(sluice("compile", "-o", compiled.toString(), example)).isZero();
    assertThat(sluice("compile", "--check", "-o", compiled.toString(), example)).isZero();

    Path pipeline = compiled.resolve("pipeline.yaml");
    Files.writeString(pipeline, Files.readString(pipeline).replace("preprocess", "prepare"));

    assertThat(sluice("compile", "--check", "-o", compiled.toString(), example)).isEqualTo(2);
    assertThat(text(out)).contains("+++ b/").contains("-").contains("preprocess");
    assertThat(text(err)).contains("SLU-9015").contains("pipeline.yaml");
  }

  @Test
  void compilingTouchesNothingThatItDidNotWrite() throws IOException {
    Path root = Path.of(System.getProperty("sluice.root"));
    String example = root.resolve("pipelines/rma-forecast").toString();
    Path mine = Files.createDirectories(folder.resolve("tasks")).resolve("mine.yaml");
    Files.writeString(mine, "kind: Task\n");
    Path old = Files.writeString(folder.resolve("tasks/sluice-old.yaml"), "kind: Task\n");
    Path probe = Files.writeString(folder.resolve("probe"), "");

    assertThat(sluice("compile", "-o", folder.toString(), example)).isZero();

    assertThat(mine).hasContent("kind: Task");
    assertThat(old).doesNotExist();
    assertThat(Files.getPosixFilePermissions(folder.resolve("pipeline.yaml")))
        .as("as readable as any other file")
        .isEqualTo(Files.getPosixFilePermissions(probe));
  }

  @Test
  void reportsAFolderThatCannotBeWritten() throws IOException {
    Path root = Path.of(System.getProperty("sluice.root"));
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThat(sluice("compile", "-o", file.toString(), root + "/pipelines/rma-forecast"))
        .isEqualTo(2);
    assertThat(sluice("init", file.resolve("below").toString())).isEqualTo(2);
    assertThat(text(err).lines().filter(l -> l.startsWith("error[SLU-9302]"))).hasSize(2);
  }

  @Test
  void initOverwritesNothing() throws IOException {
    Files.writeString(folder.resolve("mine.txt"), "mine");
    assertThat(sluice("init", folder.toString())).isEqualTo(2);
    assertThat(text(err)).contains("SLU-9016");
  }

  private int sluice(String... args) {
    return Main.run(args, new Terminal(stream(out), stream(err), false));
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
