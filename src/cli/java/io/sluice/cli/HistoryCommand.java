package io.sluice.cli;

import io.sluice.app.Releases;
import io.sluice.core.promotion.PromotionLog.Entry;
import java.util.Optional;
import picocli.CommandLine.Command;

/** {@code sluice history}: the promotion log. */
@Command(
    name = "history",
    mixinStandardHelpOptions = true,
    header = "Shows every promotion and rollback of a model, and which version is champion.",
    description = "Says where alias and tag in the registry name another version than the log.",
    footer = {"", "Example:", "  sluice history pipelines/rma-forecast --json"})
final class HistoryCommand extends ReleaseCommand {
  HistoryCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  void execute(Releases releases) {
    Releases.History history = releases.history();
    StringBuilder text = new StringBuilder();
    if (history.entries().isEmpty()) {
      text.append(history.model()).append(" has no promotions yet.\n");
    }
    Optional<Long> head = history.champion().map(Entry::number);
    for (Entry e : history.entries()) {
      text.append(line(e, head.equals(Optional.of(e.number()))));
    }
    history.warning().ifPresent(warning -> text.append("! ").append(warning).append('\n'));
    print(history.json(), text.toString());
  }
}
