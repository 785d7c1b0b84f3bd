package io.sluice.worker.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.record.PredictCommand;
import io.sluice.core.record.PredictSettings;
import io.sluice.inference.BundleParts;
import io.sluice.store.Trees;
import io.sluice.worker.cache.KeyedStage;
import io.sluice.worker.workspace.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finishes what a family's command left as its {@code model}, before it is filed: from here on
 * there is one bundle, which evaluate, register and every later run mean by its digest.
 */
public final class TrainedBundle {
  private static final String OUTPUT = "model";

  private final ArtifactStore store;
  private final KeyedStage stage;
  private final Workspace workspace;

  public TrainedBundle(ArtifactStore store, KeyedStage stage, Workspace workspace) {
    this.store = store;
    this.stage = stage;
    this.workspace = workspace;
  }

  /**
   * Adds what follows from the rest.
   *
   * @return the files that were added, for the log
   * @throws SluiceException when what the command left is too little or contradicts itself
   */
  public List<String> finish() throws IOException {
    Path folder = workspace.outputs().resolve(OUTPUT);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return List.of(); // whether an output is there and no link is checked for all stages alike
    }
    Path own = folder.resolve(PredictCommand.FOLDER);
    Optional<PredictSettings> predict = stage.arguments().predict().map(PredictSettings::parse);
    if (Files.exists(predict.isPresent() ? own : folder.resolve(PredictCommand.FILE))) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-6311",
              "the command wrote " + PredictCommand.FOLDER + "/ into its model",
              predict.isPresent()
                  ? "that folder is Sluice's: call yours something else"
                  : "to forecast by a command, give the family `predict:` in sluice.yaml"));
    }
    if (predict.isPresent()) {
      take(predict.get(), folder);
    }
    JsonNode params = Json.parse(Files.readAllBytes(workspace.params()));
    String name = stage.arguments().family().orElse(OUTPUT);
    if (stage.arguments().ownModels() && !signed(folder)) {
      return empty(folder) ? List.of() : BundleParts.ofFiles(folder, name, name, params);
    }
    return BundleParts.complete(folder, name, params, Optional.of(workspace.inputs()));
  }

  private static boolean signed(Path folder) {
    return Files.exists(folder.resolve("signature.json"), LinkOption.NOFOLLOW_LINKS);
  }

  /** An output without a file is refused for all stages alike. */
  private static boolean empty(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.noneMatch(f -> !Files.isDirectory(f, LinkOption.NOFOLLOW_LINKS));
    }
  }

  /** The command with its code and its lock. */
  private void take(PredictSettings predict, Path folder) throws IOException {
    List<String> executable = List.of();
    if (stage.code().isPresent()) {
      Manifest code = stage.code().get();
      Trees.lay(store, code, folder.resolve(PredictCommand.CODE));
      executable =
          code.entries().stream()
              .filter(Manifest.Entry::executable)
              .map(Manifest.Entry::path)
              .toList();
    }
    PredictSettings.Environment environment = predict.environment();
    if (environment.lock().isPresent()) {
      Files.copy(
          folder.resolve(PredictCommand.CODE).resolve(environment.lock().get()),
          folder.resolve(PredictCommand.LOCK));
    }
    PredictCommand recorded =
        new PredictCommand(
            predict.command(),
            new PredictCommand.Environment(
                environment.name(),
                stage.arguments().environment(),
                stage.arguments().image(),
                environment.python(),
                environment.lock().map(path -> PredictCommand.LOCK)),
            executable);
    Files.createDirectories(folder.resolve(PredictCommand.FOLDER));
    Files.writeString(folder.resolve(PredictCommand.FILE), Json.pretty(recorded.json()));
  }
}
