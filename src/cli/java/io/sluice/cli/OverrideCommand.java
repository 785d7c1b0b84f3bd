package io.sluice.cli;

import io.sluice.app.Releases;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog.Entry;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice override}: a person promotes what the gate held. */
@Command(
    name = "override",
    mixinStandardHelpOptions = true,
    description =
        "Promotes a version that the gate held. The promotion log keeps who did it and why.",
    footer = {
      "",
      "Example:",
      "  sluice override pipelines/rma-forecast 4 --reason 'recall of product 17 is over'"
    })
final class OverrideCommand extends DecisionCommand {
  @Parameters(index = "1", paramLabel = "VERSION", description = "The version to promote.")
  private int version;

  OverrideCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  ExitCode execute(Opened opened) {
    Releases releases = opened.releases();
    Releases.Decided done = releases.override(version, CurrentUser.name(), reason());
    Entry entry = done.entry();
    print(
        Json.object().put("champion", entry.to()).put("entry", entry.number()),
        "version "
            + entry.to()
            + " is champion (entry "
            + entry.number()
            + ", by override)\n"
            + unread(done));
    return ExitCode.DONE;
  }
}
