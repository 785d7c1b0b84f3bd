package io.sluice.cli;

import io.sluice.app.Releases;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.Visible;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice diff}: two versions side by side. */
@Command(
    name = "diff",
    mixinStandardHelpOptions = true,
    description = {
      "Shows where two model versions differ: parameters, metrics, lineage.",
      "Losses on different rows are marked as not comparable: the smaller one is not the better."
    },
    footer = {"", "Example:", "  sluice diff pipelines/rma-forecast 2 3"})
final class DiffCommand extends ReleaseCommand {
  @Parameters(index = "1", paramLabel = "LEFT", description = "A version number.")
  private int left;

  @Parameters(index = "2", paramLabel = "RIGHT", description = "Another version number.")
  private int right;

  DiffCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  ExitCode execute(Opened opened) {
    Releases releases = opened.releases();
    Releases.Diff diff = releases.diff(left, right);
    StringBuilder text = new StringBuilder();
    String section = "";
    for (Releases.Difference d : diff.differences()) {
      if (!d.section().equals(section)) {
        section = d.section();
        text.append(section).append('\n');
      }
      text.append(
          String.format(
              "  %-34s %s -> %s%s%n",
              Visible.line(d.key()),
              Visible.line(d.left().orElse("(none)")),
              Visible.line(d.right().orElse("(none)")),
              d.incomparable().map(why -> "  (" + why + ")").orElse("")));
    }
    if (diff.differences().isEmpty()) {
      text.append("no differences\n");
    }
    print(diff.json(), text.toString());
    return ExitCode.DONE;
  }
}
