package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A classifier and a regressor from {@code sluice init} to a verdict. */
@Timeout(1800)
class TabularIT {
  private static final Path EXAMPLE = ForkedSluice.root().resolve("pipelines/tabular");
  private static final int MOST_LINES = 40;

  /** A model of no use: no penalty is strong enough to leave it anything but the class shares. */
  private static final String CONSTANT =
      "model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-12)).fit(x, y)";

  @TempDir Path folder;

  @Test
  void aRealModelIsPromotedAndOneThatKnowsNothingIsHeld() throws Exception {
    ForkedSluice sluice = new ForkedSluice(folder.resolve("state"));
    try (RegistrySession session =
        RegistrySessions.ofThisProcess().open(sluice.state(), event -> {})) {
      Path classifier = init(sluice, "classification");
      assertThat(run(sluice, classifier)).contains("PROMOTED tumour-classifier");
      for (Version version : session.registry().versions("tumour-classifier")) {
        assertThat(session.registry().files(version))
            .contains("model/MLmodel", "model/signature.json", "model/probe.json");
      }
      Path regressor = init(sluice, "regression");
      assertThat(run(sluice, regressor)).contains("PROMOTED disease-progression");

      Path script = classifier.resolve("tumour/train.py");
      String knowing = Files.readString(script);
      edit(classifier.resolve("sluice.yaml"), "model: tumour-classifier", "model: labels-shuffled");
      Files.writeString(
          script,
          knowing.replace(".fit(x, y)", ".fit(x, np.random.default_rng(SEED).permutation(y))"));
      assertThat(run(sluice, classifier))
          .contains("HELD labels-shuffled")
          .doesNotContain("PROMOTE");
      edit(classifier.resolve("sluice.yaml"), "model: labels-shuffled", "model: says-the-shares");
      Files.writeString(
          script, knowing.replace("model = MODELS[sys.argv[1]](params).fit(x, y)", CONSTANT));
      assertThat(run(sluice, classifier))
          .contains("HELD says-the-shares")
          .doesNotContain("PROMOTE");
    }
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

  private Path init(ForkedSluice sluice, String kind) throws Exception {
    Path pipeline = folder.resolve(kind);
    ForkedSluice.Ended init = sluice.run("init", "--kind", kind, pipeline.toString());
    assertThat(init.code()).as(init.shown()).isZero();
    return pipeline;
  }

  private static String run(ForkedSluice sluice, Path pipeline) throws Exception {
    ForkedSluice.Ended run = sluice.run("run", pipeline.toString(), "--profile", "smoke");
    assertThat(run.code()).as(run.shown()).isZero();
    return run.shown();
  }

  private static void edit(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }
}
