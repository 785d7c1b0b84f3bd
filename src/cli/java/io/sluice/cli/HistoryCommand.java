package io.sluice.cli;

import io.sluice.app.Releases;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.promotion.PromotionLog.Entry;
import java.util.Optional;
import picocli.CommandLine.Command;

/** {@code sluice history}: the promotion log. */
@Command(
    name = "history",
    mixinStandardHelpOptions = true,
    header = "Shows every promotion and rollback of a model, and which version is champion.",
    description = {
      "Says where alias and tag in the registry name another version than the log.",
      "Of a damaged log it shows the entries that read, and what is wrong with which other one."
    },
    footer = {
      "",
      "Exit code 1: the log is damaged.",
      "",
      "Example:",
      "  sluice history pipelines/rma-forecast --json"
    })
final class HistoryCommand extends ReleaseCommand {
  HistoryCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  ExitCode execute(Opened opened) {
    Releases releases = opened.releases();
    Releases.History history = releases.history();
    StringBuilder text = new StringBuilder();
    if (history.entries().isEmpty() && history.damage().isEmpty()) {
      text.append(history.model()).append(" has no promotions yet.\n");
    }
    Optional<Long> head = history.champion().map(Entry::number);
    for (Entry e : history.entries()) {
      text.append(line(e, head.equals(Optional.of(e.number()))));
    }
    history.warning().ifPresent(warning -> text.append("! ").append(warning).append('\n'));
    for (String damage : history.damage()) {
      text.append("! damaged: ").append(damage).append('\n');
    }
    if (!history.damage().isEmpty()) {
      text.append(
          "! promotions are frozen; the entries above are those that read: `sluice doctor` says how"
              + " a person accepts the damage\n");
    }
    print(history.json(), text.toString());
    return history.damage().isEmpty() ? ExitCode.DONE : ExitCode.RUN_FAILED;
  }
}
