package io.sluice.serving.predict;

import io.sluice.core.serving.ServedVersion;
import io.sluice.inference.Predictor;

/** The hold on a version for the time of one request: its model is not closed before this is. */
public interface Lease extends AutoCloseable {
  ServedVersion version();

  Predictor predictor();

  /** Lets go; the second call does nothing. */
  @Override
  void close();
}
