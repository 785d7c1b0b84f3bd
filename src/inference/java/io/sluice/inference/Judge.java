package io.sluice.inference;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Metric;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * What differs between panels and rows when models are scored: how one predicts, what it may know,
 * and what of its predictions can be judged.
 */
interface Judge {
  /** By which families are picked. */
  Metric.Loss metric();

  /**
   * The signature of a bundle of the kind that is judged here.
   *
   * @throws SluiceException SLU-6001, SLU-6002, and SLU-6009 when it is of another kind
   */
  BundleSignature signature(Path folder, String name);

  /** What a model with a graph predicts. */
  ModelScores.Predictions computed(Path folder, String name) throws IOException;

  /**
   * What was written down for a model: by its predict command, or by a refit that learned from
   * validation.
   *
   * @param folder of the bundle
   * @param made holds a part for each set of rows
   * @param set {@link TableSets#VALIDATION} or {@link TableSets#HOLDOUT}
   */
  double[] written(Path folder, String name, Path made, String set) throws IOException;

  /** What a model of this kind does, for messages: forecasts or predicts. */
  String does();

  /** Until when labels may have become known that a candidate learned from; empty for any. */
  Optional<Instant> newestAllowed();

  /** When the newest label of the trials' tables became known, where they say so. */
  Optional<Instant> newestOfTrials();

  /** When the newest label of all tables became known, where they say so. */
  Optional<Instant> newest();

  /** The rows that families are picked on. */
  Preference.Rows validation();

  /** Whether a prediction below zero may be right. */
  boolean negatives();

  /** What the author of a model whose predictions cannot be judged does. */
  String remedy();

  /** When each label of the holdout became known; empty where nobody knows. */
  Optional<long[]> holdoutKnownAt();

  /**
   * Of usable predictions on validation.
   *
   * @throws SluiceException SLU-6044 when the metric is not defined there
   */
  default double validationLoss(double[] predicted) {
    double loss = metric().value(validation().actual(), predicted, validation().weight());
    if (!Double.isFinite(loss)) {
      throw Refusal.of(
          "SLU-6044",
          "%s on %s is %s".formatted(metric().name(), TableSets.VALIDATION, loss),
          "the metric is not defined on these rows: take another, or other rows");
    }
    return loss;
  }
}
