package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A classifier, a regressor and a team's own evaluation from {@code sluice init} to a verdict. */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TabularIT {
  private static final Path EXAMPLE = ForkedSluice.root().resolve("pipelines/tabular");
  private static final int MOST_LINES = 40;

  /** A model of no use: no penalty is strong enough to leave it anything but the class shares. */
  private static final String CONSTANT =
      "model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-12)).fit(x, y)";

  private Path folder;
  private ForkedSluice sluice;
  private RegistrySession session;

  @BeforeAll
  void start(@TempDir Path temporary) {
    folder = temporary;
    sluice = new ForkedSluice(folder.resolve("state"));
    session = RegistrySessions.ofThisProcess().open(sluice.state(), event -> {});
  }

  @AfterAll
  void end() {
    session.close();
  }

  @Test
  void aRealModelIsPromotedAndOneThatKnowsNothingIsHeld() throws Exception {
    Path classifier = init("classification");
    measured(classifier);
    assertThat(run(classifier))
        .contains("PROMOTED tumour-classifier", "Of 2 limits of numbers that stages reported 2");
    for (Version version : session.registry().versions("tumour-classifier")) {
      assertThat(session.registry().files(version))
          .contains("model/MLmodel", "model/signature.json", "model/probe.json");
      assertThat(session.registry().metrics(version))
          .containsEntry("bench.coverage", 0.97)
          .containsKey("bench.size_kb")
          .doesNotContainKeys("bench.size_kb.forest", "bench.size_kb.champion", "bench.note");
    }
    edit(classifier.resolve("sluice.yaml"), "coverage: 0.97", "coverage: 0.93");
    assertThat(run(classifier))
        .contains("HELD tumour-classifier")
        .contains("bench.coverage of ", " is 0.93, and may be ", "as the champion's is 0.97");
    Path regressor = init("regression");
    assertThat(run(regressor)).contains("PROMOTED disease-progression");

    Path script = classifier.resolve("tumour/train.py");
    String knowing = Files.readString(script);
    edit(classifier.resolve("sluice.yaml"), "model: tumour-classifier", "model: labels-shuffled");
    Files.writeString(
        script,
        knowing.replace(".fit(x, y)", ".fit(x, np.random.default_rng(SEED).permutation(y))"));
    assertThat(run(classifier)).contains("HELD labels-shuffled").doesNotContain("PROMOTE");
    edit(classifier.resolve("sluice.yaml"), "model: labels-shuffled", "model: says-the-shares");
    Files.writeString(
        script, knowing.replace("model = MODELS[sys.argv[1]](params).fit(x, y)", CONSTANT));
    assertThat(run(classifier)).contains("HELD says-the-shares").doesNotContain("PROMOTE");
  }

  @Test
  void aCommandThatPredictsRowsBecomesChampionAndJudgesTheNextOneByItsOwnCode() throws Exception {
    Path pipeline = folder.resolve("commands");
    copy("customers/data.py", pipeline);
    copy("families/rates.py", pipeline);
    Files.writeString(
        pipeline.resolve("sluice.yaml"),
        Files.readString(EXAMPLE.resolve("sluice.yaml"))
            .replaceFirst("(?s)\n  linear: .*?(?=\n  rates: )", "")
            .replaceFirst("\n  boosting: [^\n]*", "")
            .replace(
                "{ candidates: train.model,",
                "{ candidates: train.model, champion: champion.train.model,")
            .replace(", prefer: [rates, linear]", ""));

    assertThat(run(pipeline, "--as-of", "2026-03-01")).contains("PROMOTED churn version 1");
    Version champion = session.registry().version("churn", 1).orElseThrow();
    assertThat(session.registry().files(champion))
        .contains("model/predict/predict.json", "model/predict/code/families/rates.py")
        .doesNotContain("model/model.onnx");

    // from now on the family says the same of every row; the champion's own code still tells them
    // apart
    Path script = pipeline.resolve("families/rates.py");
    edit(script, "return (left + ", "return model[\"share\"] + 0 * (left + ");
    assertThat(run(pipeline, "--as-of", "2026-09-01"))
        .contains("predict-champion", "HELD churn version 2", "proven worse than the champion")
        .contains("for every row, so it tells no row from another")
        .doesNotContain("PROMOTE");
  }

  @Test
  void whatOnlyTheTeamCanJudgeIsPromotedAndTheNextModelMeetsItsFiles() throws Exception {
    Path pipeline = init("own");
    Path spec = pipeline.resolve("sluice.yaml");
    String asWritten = Files.readString(spec);
    Files.writeString(
        spec,
        asWritten
            .replaceFirst("(?s)\n  lda:\n.*?(?=\n\nstages:)", "")
            .replace("dimensions: { int: [2, 40] }", "dimensions: { int: [2, 3] }"));
    assertThat(run(pipeline))
        .contains("PROMOTED picture-search version 1", "than the baseline brightness")
        .contains("Not audited for leaks: the losses (the team's own evaluation `judge`");
    Version first = session.registry().version("picture-search", 1).orElseThrow();
    assertThat(session.registry().files(first))
        .contains("model/MLmodel", "model/bundle.json", "model/index.npz")
        .doesNotContain("model/signature.json");

    Files.writeString(spec, asWritten);
    assertThat(run(pipeline))
        .contains("PROMOTED picture-search", "replaces the champion", "better than the champion")
        .contains("1 earlier gate has looked at mostly the same rows");
    ForkedSluice.Ended back = sluice.run("rollback", pipeline.toString(), "--reason", "a test");
    assertThat(back.code()).as(back.shown()).isZero();
    assertThat(back.shown()).contains("version 1 is champion again");
  }

  @Test
  void eachFamilyOfTheExampleIsOneShortFileThatKnowsNothingOfSluice() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLE.resolve("families"))) {
      List<Path> scripts = files.filter(f -> f.toString().endsWith(".py")).toList();
      assertThat(scripts).hasSize(5);
      for (Path script : scripts) {
        assertThat(Files.readAllLines(script))
            .as(script.toString())
            .hasSizeLessThanOrEqualTo(MOST_LINES);
        assertThat(script).content().doesNotContain("sluice_ml", "import mlflow");
      }
    }
    assertThat(EXAMPLE.resolve("sluice.yaml")).content().doesNotContain("sluiceMl");
    assertThat(EXAMPLE.resolve("envs/boosting.lock")).content().doesNotContain("sluice", "mlflow");
  }

  /** Gives a pipeline a stage that measures all models, and limits of what it reports. */
  private static void measured(Path pipeline) throws IOException {
    Files.writeString(
        pipeline.resolve("tumour/bench.py"),
        """
        import json
        import os
        from pathlib import Path

        inputs, results = Path(os.environ["SLUICE_INPUTS"]), Path(os.environ["SLUICE_RESULTS"])
        models = {m.name: m for m in (inputs / "models").iterdir()}
        if (inputs / "champion").exists():
            models["champion"] = inputs / "champion"
        for name, model in models.items():
            size = (model / "model.onnx").stat().st_size / 1024
            (results / f"size_kb.{name}").write_text(f"{size:.1f}")
        coverage = json.loads(Path(os.environ["SLUICE_PARAMS"]).read_text())["coverage"]
        (results / "coverage").write_text(str(coverage))
        (results / "note").write_text("measured")
        """);
    Path spec = pipeline.resolve("sluice.yaml");
    edit(
        spec,
        "  evaluate:\n",
        """
          bench:
            environment: sklearn
            run: [python, -m, tumour.bench]
            inputs: { models: train.model, champion: champion.train.model }
            with: { coverage: 0.97 }
          evaluate:
        """);
    edit(
        spec,
        "  repetition: spend\n",
        """
          repetition: spend
          guards:
            results:
              bench.size_kb: { max: 500, worseBy: 10% }
              bench.coverage: { min: 0.9, worseByAbsolute: 0.01 }
        """);
  }

  private static void copy(String file, Path pipeline) throws IOException {
    Path to = pipeline.resolve(file);
    Files.createDirectories(to.getParent());
    Files.copy(EXAMPLE.resolve(file), to);
  }

  private Path init(String kind) throws Exception {
    Path pipeline = folder.resolve(kind);
    ForkedSluice.Ended init = sluice.run("init", "--kind", kind, pipeline.toString());
    assertThat(init.code()).as(init.shown()).isZero();
    return pipeline;
  }

  private String run(Path pipeline, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("run", pipeline.toString()));
    arguments.addAll(List.of("--profile", "smoke"));
    arguments.addAll(List.of(more));
    ForkedSluice.Ended run = sluice.run(arguments.toArray(String[]::new));
    assertThat(run.code()).as(run.shown()).isZero();
    return run.shown();
  }

  private static void edit(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }
}
