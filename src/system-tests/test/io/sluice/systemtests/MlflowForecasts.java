package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Manifest;
import io.sluice.core.record.StageRecord;
import io.sluice.core.run.RunId;
import io.sluice.inference.ForecastSignature;
import io.sluice.inference.Windows;
import io.sluice.mlflow.RealServer;
import io.sluice.store.FolderStore;
import io.sluice.store.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What MLflow's own client makes of a version, held against the numbers that Sluice scored. */
final class MlflowForecasts {
  private final String registry;
  private final FolderStore store;
  private final RunId run;
  private final Path folder;

  /**
   * Of a run.
   *
   * @param state of the program that ran it
   * @param folder for what is laid out, not there yet
   */
  MlflowForecasts(String registry, Path state, String run, Path folder) throws IOException {
    this.registry = registry;
    this.store = new FolderStore(state.resolve("store"));
    this.run = new RunId(run);
    this.folder = Files.createDirectory(folder);
  }

  /** A version whose model is a graph, against its probe. */
  String ofGraph(String version) throws IOException, InterruptedException {
    return python(version, "probe");
  }

  /**
   * A version that forecasts by a command, against its predict stage.
   *
   * @param split the stage that cut the tables
   * @param signature the bytes of its {@code signature.json}
   * @param origins how many of the holdout's, the latest
   */
  String ofCommand(String version, String family, String split, byte[] signature, int origins)
      throws IOException, InterruptedException {
    Path bundle = Files.createDirectory(folder.resolve("bundle"));
    Files.write(bundle.resolve("signature.json"), signature);
    Path tables = lay(split, "holdout");
    Path windows = folder.resolve("windows");
    Windows.cut(tables, "holdout", ForecastSignature.read(bundle, family), windows);
    Path predictions = lay("predict-" + family, "predictions/holdout");
    try (Stream<Path> all = Files.list(windows)) {
      List<Path> sorted = all.sorted().toList();
      assertThat(sorted).hasSizeGreaterThan(origins);
      for (Path early : sorted.subList(0, sorted.size() - origins)) {
        Files.move(early, folder.resolve(early.getFileName()));
      }
    }
    return python(version, "predictions", windows.toString(), predictions.toString());
  }

  private Path lay(String stage, String artifact) throws IOException {
    StageRecord record =
        StageRecord.all(store, run).stream()
            .filter(r -> r.stage().value().equals(stage))
            .findFirst()
            .orElseThrow();
    Manifest outputs = store.manifest(record.outputs().orElseThrow());
    Path target = folder.resolve(stage);
    Trees.lay(store, outputs.artifact(artifact).orElseThrow(), target);
    return target;
  }

  private String python(String version, String... more) throws IOException, InterruptedException {
    Path script =
        ForkedSluice.root()
            .resolve("src/system-tests/test/io/sluice/systemtests/mlflow_forecasts.py");
    List<String> argv = new ArrayList<>();
    argv.add(RealServer.venv().resolve("bin/python").toString());
    argv.addAll(List.of("-B", script.toString(), registry, version));
    argv.addAll(List.of(more));
    ProcessBuilder builder = new ProcessBuilder(argv).redirectErrorStream(true);
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    builder.environment().put("MLFLOW_DISABLE_TELEMETRY", "true");
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }
}
