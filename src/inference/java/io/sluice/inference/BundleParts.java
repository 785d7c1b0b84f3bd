package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.record.FilesBundle;
import io.sluice.core.record.PredictCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The parts of a bundle that follow from the others: a family's command writes what nobody else can
 * know ({@code signature.json} and the model) and need not know MLflow's format or ours.
 */
public final class BundleParts {
  /** There when the bundle forecasts by a command; written by {@code train@1}. */
  public static final String PREDICT = PredictCommand.FILE;

  /**
   * There when the model was fitted to validation too, after everything was chosen: what it
   * forecast before, in files as a predict command's.
   */
  public static final String VALIDATION = "validation";

  private static final int PROBE_ROWS = 8;

  /** As {@code sluice_ml} states it: float32 arithmetic of another build stays well inside. */
  private static final double TOLERANCE = 1e-5;

  /** A Tuesday in 2024. */
  private static final int PROBE_DAY = 19_730;

  private BundleParts() {}

  /**
   * Adds {@code params.json}, {@code probe.json}, {@code MLmodel} and the files that this names
   * where they are not there. What is there stays as it is, and a bundle that is whole is not even
   * looked into.
   *
   * @param folder the bundle
   * @param name what messages call it
   * @param params the hyperparameters that the command was given
   * @return the files that were added
   * @throws SluiceException SLU-6001 to SLU-6008 when they cannot be derived, because signature and
   *     model are not there or do not go together
   */
  public static List<String> complete(Path folder, String name, JsonNode params)
      throws IOException {
    return complete(folder, name, params, Optional.empty());
  }

  /**
   * The same of a model whose tables are there.
   *
   * @param inputs folder of the stage's inputs; of the first tabular set in it the values of a
   *     probe are taken, column by column
   */
  public static List<String> complete(
      Path folder, String name, JsonNode params, Optional<Path> inputs) throws IOException {
    boolean command = there(folder, PREDICT);
    List<String> added = new ArrayList<>();
    if (!there(folder, "params.json")) {
      Files.writeString(folder.resolve("params.json"), Json.pretty(params));
      added.add("params.json");
    }
    if (command) {
      BundleSignature signature = BundleSignature.read(folder, name);
      if (!there(folder, MlflowModel.FILE)) {
        added.addAll(
            MlflowModel.ofCommand(
                folder,
                signature,
                PredictCommand.parse(Files.readAllBytes(folder.resolve(PREDICT)))));
      }
      return added;
    }
    if (there(folder, "probe.json") && there(folder, MlflowModel.FILE)) {
      return added;
    }
    switch (BundleSignature.read(folder, name)) {
      case ForecastSignature forecast -> forecast(folder, name, added);
      case TabularSignature tabular -> tabular(folder, name, inputs, added);
    }
    return added;
  }

  /**
   * Finishes a bundle that the team's own evaluation alone meets: one without a signature may be
   * any files, which {@code bundle.json} says.
   *
   * @return the files that were added
   * @throws SluiceException SLU-6311 when the command wrote {@code bundle.json} itself
   */
  public static List<String> ofFiles(Path folder, String name, String family, JsonNode params)
      throws IOException {
    if (there(folder, FilesBundle.FILE)) {
      throw Refusal.of(
          "SLU-6311",
          "bundle `%s`: the command wrote %s into its model".formatted(name, FilesBundle.FILE),
          "that file is Sluice's: call yours something else");
    }
    List<String> added = new ArrayList<>();
    if (!there(folder, "params.json")) {
      Files.writeString(folder.resolve("params.json"), Json.pretty(params));
      added.add("params.json");
    }
    Files.writeString(
        folder.resolve(FilesBundle.FILE), Json.pretty(new FilesBundle(family).json()));
    added.add(FilesBundle.FILE);
    if (!there(folder, MlflowModel.FILE)) {
      added.addAll(MlflowModel.ofFiles(folder));
    }
    return added;
  }

  private static void tabular(Path folder, String name, Optional<Path> inputs, List<String> added)
      throws IOException {
    try (TabularModel model = TabularModel.unproven(folder, name)) {
      if (!there(folder, "probe.json")) {
        Features like = like(model.signature(), inputs);
        Files.writeString(
            folder.resolve("probe.json"), Json.write(TabularProbe.make(model, name, like)) + "\n");
        added.add("probe.json");
      }
      if (!there(folder, MlflowModel.FILE)) {
        JsonNode probe = BundleFiles.json(folder, name, "probe.json");
        try {
          TabularProbe.parse(probe, model.signature());
        } catch (IllegalArgumentException e) {
          throw BundleFiles.badProbe(name, e);
        }
        added.addAll(MlflowModel.ofGraph(folder, model, probe));
      }
    }
  }

  /** Values as the model's own tables have them; made up where there is no such table. */
  private static Features like(TabularSignature signature, Optional<Path> inputs)
      throws IOException {
    if (inputs.isPresent()) {
      for (Path input : TableSets.entries(inputs.get())) {
        if (RowReader.isSet(input)) {
          String called = String.valueOf(input.getFileName());
          int most = TabularProbe.ROWS * (signature.columns().size() + 1);
          Features first = TabularRows.first(input, called, most);
          if (first.size() > 0 && first.columns().keySet().containsAll(signature.columns())) {
            return first;
          }
        }
      }
    }
    return TabularProbe.madeUp(signature);
  }

  private static void forecast(Path folder, String name, List<String> added) throws IOException {
    try (ModelBundle bundle = ModelBundle.unproven(folder, name)) {
      if (!there(folder, "probe.json")) {
        Files.writeString(folder.resolve("probe.json"), Json.write(probe(bundle, name)) + "\n");
        added.add("probe.json");
      }
      if (!there(folder, MlflowModel.FILE)) {
        added.addAll(
            MlflowModel.ofGraph(
                folder, bundle, ModelBundle.probe(folder, name, bundle.signature())));
      }
    }
  }

  private static boolean there(Path folder, String file) {
    return Files.exists(folder.resolve(file), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Counts of several sizes, one window with gaps, and what the model says to them here: a later
   * load that answers otherwise is another model. Rows with no finite answer are no use for that.
   */
  private static ObjectNode probe(ModelBundle bundle, String name) {
    ForecastSignature signature = bundle.signature();
    SplittableRandom random = new SplittableRandom(0);
    int size = signature.windowSize();
    float[] windows = new float[PROBE_ROWS * size];
    long[] days = new long[PROBE_ROWS];
    for (int r = 0; r < PROBE_ROWS; r++) {
      int most = 1 << (2 * r);
      for (int i = 0; i < size; i++) {
        boolean gap = r == PROBE_ROWS - 1 && random.nextInt(4) == 0;
        windows[r * size + i] = gap ? Float.NaN : random.nextInt(most);
      }
      days[r] = PROBE_DAY + 37L * r;
    }
    float[] answers = bundle.predict(windows, days);
    ObjectNode probe = Json.object();
    ObjectNode inputs = probe.putObject("inputs");
    ArrayNode shown = inputs.putArray(signature.window());
    ArrayNode origins = JsonNodeFactory.instance.arrayNode();
    ArrayNode output = probe.putArray("output");
    int width = signature.horizons().size();
    for (int r = 0; r < PROBE_ROWS; r++) {
      ArrayNode answer = JsonNodeFactory.instance.arrayNode();
      boolean finite = true;
      for (int h = 0; h < width; h++) {
        answer.add(answers[r * width + h]);
        finite &= Float.isFinite(answers[r * width + h]);
      }
      if (finite) {
        shown.add(window(windows, r * size, signature));
        origins.addArray().add(days[r]);
        output.add(answer);
      }
    }
    if (output.size() < Probe.MIN_ROWS) {
      throw Refusal.of(
          "SLU-6006",
          "bundle `%s`: to %d of %d made-up windows the model answers no finite number"
              .formatted(name, PROBE_ROWS - output.size(), PROBE_ROWS),
          "write probe.json with windows that the model is made for");
    }
    signature.originDay().ifPresent(input -> inputs.set(input, origins));
    probe.put("tolerance", TOLERANCE);
    return probe;
  }

  private static ArrayNode window(float[] windows, int offset, ForecastSignature signature) {
    ArrayNode window = JsonNodeFactory.instance.arrayNode();
    int at = offset;
    for (int period = 0; period < signature.lookback(); period++) {
      ArrayNode values = window.addArray();
      for (int channel = 0; channel < signature.channels().size(); channel++) {
        float value = windows[at++];
        if (Float.isNaN(value)) {
          values.addNull();
        } else {
          values.add(value);
        }
      }
    }
    return window;
  }
}
