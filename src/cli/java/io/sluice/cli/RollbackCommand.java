package io.sluice.cli;

import io.sluice.app.Releases;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog.Entry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sluice rollback}: one more entry in the log, naming an earlier champion. */
@Command(
    name = "rollback",
    mixinStandardHelpOptions = true,
    description = "Makes an earlier champion champion again, and says so in the promotion log.",
    footer = {
      "",
      "Exit code 4: somebody else moved the champion meanwhile; look and decide again.",
      "",
      "Example:",
      "  sluice rollback pipelines/rma-forecast --reason 'forecasts for DE doubled overnight'"
    })
final class RollbackCommand extends DecisionCommand {
  @Option(
      names = "--to",
      paramLabel = "VERSION",
      description = "A former champion. Default: the champion before the present one.")
  private @Nullable Integer to;

  RollbackCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  void execute(Releases releases) {
    Entry entry = releases.rollback(Optional.ofNullable(to), CurrentUser.name(), reason());
    print(
        Json.object().put("champion", entry.to()).put("entry", entry.number()),
        "version " + entry.to() + " is champion again (entry " + entry.number() + ")\n");
  }
}
