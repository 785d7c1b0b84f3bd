package io.sluice.cli;

import io.sluice.app.Releases;
import io.sluice.core.diag.ExitCode;
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
    description = {
      "Makes an earlier champion champion again, and says so in the promotion log.",
      "A second rollback with another reason goes one further back. The same one again changes",
      "nothing: it may be the retry of a command that was cut off."
    },
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
      description =
          "A former champion. Default: the one before the present one; after a rollback, the one"
              + " before that.")
  private @Nullable Integer to;

  RollbackCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  ExitCode execute(Opened opened) {
    Releases releases = opened.releases();
    Releases.Decided done =
        releases.rollback(Optional.ofNullable(to), CurrentUser.name(), reason());
    Entry entry = done.entry();
    print(
        Json.object()
            .put("champion", entry.to())
            .put("entry", entry.number())
            .put("repeated", done.repeated()),
        done.repeated()
            ? "version "
                + entry.to()
                + " is champion again already: you said so with this reason before (entry "
                + entry.number()
                + ", "
                + entry.at()
                + "), and nothing was changed; --to VERSION, or another reason, goes further back\n"
            : "version "
                + entry.to()
                + " is champion again (entry "
                + entry.number()
                + ")\n"
                + unread(done));
    return ExitCode.DONE;
  }
}
