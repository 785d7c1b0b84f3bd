package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.serving.Tensors;
import java.nio.file.Path;
import java.util.List;

/**
 * A loaded model of any kind, as a service sees it, and a replay of what it answered: tables in,
 * tables out, by the same code that evaluate scores with.
 *
 * <p>{@link #predict} may be called by several threads at once; the caller sees to it that none is
 * inside when {@link #close} is called.
 */
public sealed interface Predictor extends AutoCloseable permits ModelBundle, TabularModel {
  /** The table of a forecast's answer that says which periods its columns are. */
  String HORIZON = "horizon";

  /** The table of a forecast's input with each origin, where the model itself takes none. */
  String ORIGIN_DAY = "origin_day";

  /**
   * The table with each origin in microseconds since 1970, where one is not a midnight: no model
   * takes it, and it tells two forecasts of a day apart.
   */
  String ORIGIN_MICROS = "origin_micros";

  /** The table with what a tabular model answers. */
  String PREDICTION = "prediction";

  /**
   * Loads the bundle in a folder, which passes its own probe first.
   *
   * @throws io.sluice.core.diag.SluiceException (exit code 2) SLU-6001 to SLU-6009: which part is
   *     wrong, and how
   */
  static Predictor load(Path folder) {
    return switch (BundleSignature.read(folder, String.valueOf(folder.getFileName()))) {
      case ForecastSignature forecast -> ModelBundle.load(folder);
      case TabularSignature tabular -> TabularModel.load(folder);
    };
  }

  /** What the model eats and gives. */
  BundleSignature signature();

  /** The hyperparameters that the model was fitted with, as {@code params.json} has them. */
  JsonNode params();

  /** A difference up to {@code tolerance * max(1, |expected|)} is none; the bundle's probe says. */
  double tolerance();

  /**
   * Predicts.
   *
   * @param input of a forecast: the window, 32-bit numbers of {@code lookback * channels} columns,
   *     oldest period first, NaN = missing; and the origin days, whole numbers of one column. Of
   *     rows: one table for each column of the signature, by its name, one column wide
   * @return of a forecast: the output by its name in the signature, 32-bit numbers, and {@link
   *     #HORIZON}. Of rows: {@link #PREDICTION}, one number, or one for each of several classes
   * @throws IllegalArgumentException when a table is missing, or has another type or size
   * @throws io.sluice.core.diag.SluiceException SLU-6008 when the model fails, SLU-6009 when a
   *     column is missing or of another type
   */
  List<Tensors.Tensor> predict(List<Tensors.Tensor> input);

  @Override
  void close();
}
