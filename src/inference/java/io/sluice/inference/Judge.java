package io.sluice.inference;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
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

  /**
   * What a model predicts: its graph, or, where the bundle has a predict command, what that wrote.
   *
   * @param made where the command's stage left its predictions
   */
  ModelScores.Predictions predictions(Path folder, String name, Path made) throws IOException;

  /**
   * Where a candidate was fitted to validation too, after everything was chosen, its bundle says
   * what it predicted there before; anything else would compare families by what they remember. (A
   * champion's bundle says it of an earlier validation.)
   */
  ModelScores.Predictions beforeItSawValidation(
      Path folder, String family, ModelScores.Predictions made) throws IOException;

  /** Until when labels may have become known that a candidate learned from; empty for any. */
  Optional<Instant> newestAllowed();

  /** When the newest label of the trials' tables became known, where they say so. */
  Optional<Instant> newestOfTrials();

  /** When the newest label of all tables became known, where they say so. */
  Optional<Instant> newest();

  /** Of usable predictions on validation. */
  double validationLoss(double[] predicted);

  /** Predictions that the gate cannot use. */
  EvaluationReport.Unusable unusable(double[] predictions);

  /**
   * Leaves a candidate out that says something that cannot be judged.
   *
   * @throws SluiceException which it is
   */
  void refuseUnusable(String family, ModelScores.Predictions predictions);

  /** Holdout rows whose label became known after this one; empty where nobody knows. */
  Optional<Long> holdoutRowsSince(Instant label);
}
