package io.sluice.cli;

import io.sluice.core.run.RunId;
import io.sluice.platform.ClusterSession;
import io.sluice.platform.ClusterSessions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice cancel}: asks a run on a cluster to end. */
@Command(
    name = "cancel",
    mixinStandardHelpOptions = true,
    header = "Asks a run on a cluster to end.",
    description = {
      "What is running is ended, and its record is still written. Returns at once: `sluice attach`",
      "shows the end."
    },
    footer = {"", "Example:", "  sluice cancel r-20261124-101500-3f2a --on cluster"})
final class CancelCommand extends OnCommand {
  @Parameters(index = "0", paramLabel = "RUN", description = "The run's id.")
  private String run = "";

  private final Terminal terminal;

  CancelCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    RunId id = run(run);
    try (ClusterSession cluster = ClusterSessions.open(file(), e -> {})) {
      cluster.cancel(id);
    }
    terminal.out().println("run " + id + " is asked to end");
    return 0;
  }
}
