package io.sluice.worker.split;

import java.util.Locale;

/** A table set that the split makes. */
enum Part {
  TRAIN,
  VALIDATION,
  HOLDOUT;

  /** Name of the stage's output. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
