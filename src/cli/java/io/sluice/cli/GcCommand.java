package io.sluice.cli;

import io.sluice.platform.ClusterSession;
import io.sluice.platform.ClusterSessions;
import java.time.Clock;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sluice gc}: removes from a cluster what is past its time. */
@Command(
    name = "gc",
    mixinStandardHelpOptions = true,
    header = "Shows, and removes with --yes, what runs left on a cluster beyond their time.",
    description = {
      "The target says how long runs are kept (`keep`). PipelineRuns go with their TaskRuns and pods,",
      "and uploads whose client died. The store, the registry and runs that are going are not touched."
    },
    footer = {"", "Example:", "  sluice gc --on cluster --yes"})
final class GcCommand extends OnCommand {
  @Option(names = "--yes", description = "Remove it.")
  private boolean yes;

  private final Terminal terminal;

  GcCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    try (ClusterSession cluster = ClusterSessions.open(file(), e -> {})) {
      List<ClusterSession.Leftover> found = cluster.leftovers(Clock.systemUTC().instant());
      for (ClusterSession.Leftover l : found) {
        if (yes) {
          l.remove().run();
        }
        terminal
            .out()
            .printf(
                "%-12s %-7s %s  %s%n",
                yes ? "removed" : "would remove", l.what(), l.name(), l.why());
      }
      if (found.isEmpty()) {
        terminal.out().println("nothing is past its time");
      } else if (!yes) {
        terminal.out().println("remove it with `sluice gc --on " + on() + " --yes`");
      }
    }
    return 0;
  }
}
