package io.sluice.core.serving;

import java.time.Duration;
import java.util.Optional;

/** The ledger of a service that keeps no predictions. */
record NoLedger() implements Ledger {
  @Override
  public Receipt append(Prediction prediction, Duration patience) {
    return new Receipt.NotKept();
  }

  @Override
  public Optional<Prediction> find(PredictionId id) {
    return Optional.empty();
  }

  @Override
  public Keyed byKey(String model, String key, Duration patience) {
    return new Keyed.Fresh();
  }

  @Override
  public State state() {
    return new State(Mode.OFF, Optional.empty(), Optional.empty(), 0, 0, 0, 0, 0);
  }

  @Override
  public void close() {
    // nothing is open
  }
}
