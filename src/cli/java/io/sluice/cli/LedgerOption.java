package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.RowId;
import io.sluice.serving.replay.KeptPredictions;
import java.util.List;
import picocli.CommandLine.Option;

/** Where predictions were kept, for the commands that look them up. */
final class LedgerOption {
  @Option(
      names = "--ledger",
      paramLabel = "PLACE",
      defaultValue = "${env:SLUICE_SERVE_LEDGER:-}",
      description =
          "Where the service keeps predictions: a file, or postgresql://USER:PASSWORD@HOST/DATABASE."
              + " With a password set the variable SLUICE_SERVE_LEDGER instead: the list of"
              + " processes shows options. Default: that variable, or the file of `sluice serve`.")
  private String place = "";

  /**
   * Reads the id of a prediction.
   *
   * @throws SluiceException SLU-9010 when the text is none
   */
  static RowId id(String text, String wrong) {
    try {
      return RowId.parse(text);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-9010",
                  "`" + text + "` is " + wrong,
                  "each answer of the service has the ids of its predictions, such as"
                      + " 019f2c3a-5b7e-7c41-9d3e-0a1b2c3d4e5f, and .2 behind it for the second row")),
          e);
    }
  }

  Prediction find(ReleaseCommand.Opened opened, RowId id) {
    return KeptPredictions.find(place, opened.state(), opened.model(), id);
  }
}
