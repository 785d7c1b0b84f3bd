package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.Visible;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.RowId;
import io.sluice.serving.replay.Replay;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sluice replay}: computes a prediction again, by the version that made it. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    header = "Computes a prediction of the service again, and compares.",
    description = {
      "Takes the input that the ledger kept and the files of the version that made the prediction, and",
      "compares within the tolerance of the version's probe. Ends with 1 when the answers differ."
    },
    footer = {
      "",
      "Example:",
      "  sluice replay pipelines/rma-forecast 019f2c3a-5b7e-7c41-9d3e-0a1b2c3d4e5f"
    })
final class ReplayCommand extends ReleaseCommand {
  @Parameters(index = "1", paramLabel = "ID", description = "The id of a prediction.")
  private String what = "";

  @Mixin private LedgerOption ledger = new LedgerOption();

  ReplayCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  ExitCode execute(Opened opened) {
    RowId id = LedgerOption.id(what, "not the id of a prediction");
    Prediction prediction = ledger.find(opened, id);
    Replay replay;
    try {
      replay = Replay.of(prediction, opened.registry());
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.UNREACHABLE,
          List.of(
              Diagnostic.of(
                  "SLU-9510",
                  "the files of version %d cannot be read: %s"
                      .formatted(prediction.version().version(), e.getMessage()),
                  "is the registry's storage there, and this disk not full?")),
          e);
    }
    print(
        replay.json(),
        "prediction %s of %s version %d, %d %s, made at %s%n%s%n"
            .formatted(
                prediction.id(),
                prediction.version().model(),
                prediction.version().version(),
                prediction.rows(),
                prediction.rows() == 1 ? "row" : "rows",
                prediction.at(),
                Visible.line(replay.sentence())));
    return replay.agrees() ? ExitCode.DONE : ExitCode.RUN_FAILED;
  }
}
