package io.sluice.serving.replay;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.RowId;
import io.sluice.ledger.LedgerPlace;
import io.sluice.ledger.LedgerReader;
import io.sluice.serving.follow.FollowSettings;
import java.nio.file.Path;

/** Looks up predictions in the ledger of a model's service, beside the service that writes it. */
public final class KeptPredictions {
  private KeptPredictions() {}

  /**
   * Finds a prediction.
   *
   * @param place of the ledger, as a service's setting; empty for the usual one
   * @param state folder of the project's state
   * @throws SluiceException SLU-9501, SLU-9504 or SLU-9505 when there is no ledger to read,
   *     SLU-9507 when it has no such prediction, or the prediction no such row
   */
  public static Prediction find(String place, Path state, String model, RowId id) {
    LedgerPlace ledger =
        place.isEmpty()
            ? LedgerPlace.in(FollowSettings.folder(state, model))
            : LedgerPlace.parse(place);
    Prediction found;
    try (LedgerReader reader = LedgerReader.open(ledger)) {
      found =
          reader
              .find(id.prediction())
              .orElseThrow(() ->
                  unknown(
                      "the ledger %s has no prediction %s".formatted(ledger, id.prediction()),
                      "is it another ledger (--ledger)? A service that was killed may have lost it;"
                          + " its answers say `Sluice-Ledger: buffered` then"));
    }
    if (!found.version().model().equals(model)) {
      throw unknown(
          "prediction %s is one of %s, not of %s"
              .formatted(id.prediction(), found.version().model(), model),
          "name the pipeline of that model");
    }
    if (id.row().filter(row -> row > found.rows()).isPresent()) {
      throw unknown(
          "prediction %s has %d rows, and no row %d"
              .formatted(id.prediction(), found.rows(), id.row().get()),
          "rows count from 1");
    }
    return found;
  }

  private static SluiceException unknown(String what, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of("SLU-9507", what, hint));
  }
}
