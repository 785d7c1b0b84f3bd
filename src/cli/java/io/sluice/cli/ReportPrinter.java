package io.sluice.cli;

import io.sluice.app.run.RunReport;
import io.sluice.app.run.StageSelector;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import java.util.Optional;

/** Prints the report of a run that has ended, the same for every command that waits for one. */
final class ReportPrinter {
  private final Terminal terminal;
  private final Console console;
  private final boolean json;

  /**
   * A printer for one command.
   *
   * @param json whether to print the report as a line of JSON instead of text
   */
  ReportPrinter(Terminal terminal, Console console, boolean json) {
    this.terminal = terminal;
    this.console = console;
    this.json = json;
  }

  /**
   * Adds what the registry knows about the run. A registry that does not answer from here changes
   * nothing about the run.
   *
   * @param whole the run that registered versions: for a part of a run, the whole run
   */
  RunReport registered(RunReport report, Optional<ModelRegistry> registry, RunId whole) {
    if (report.verdict().isEmpty() || registry.isEmpty()) {
      return report;
    }
    try {
      return report.registeredIn(registry.get(), whole);
    } catch (SluiceException e) {
      console.line("(the registry does not answer from here: " + e.getMessage() + ")");
      return report;
    }
  }

  /**
   * Prints the last lines of a command.
   *
   * @param call the stage that was asked for; empty for a whole run
   * @param events the file that has every line of the run; empty when there is none
   * @param registry where people find the registry, or why they do not; empty when none is known
   */
  void print(
      RunReport report, Optional<StageSelector> call, Optional<RunFolder> events, String registry) {
    if (json) {
      terminal
          .out()
          .println(Json.write(Json.object().put("event", "report").set("report", report.json())));
      terminal.out().flush();
      return;
    }
    console.line(
        call.map(c -> RunSummaryLine.of(report, c)).orElseGet(() -> RunSummaryLine.of(report)));
    if (report.status() != StageStatus.SUCCEEDED) {
      events.ifPresent(f ->
          console.line(
              (f.isWhole() ? "every line of it: " : "what of it could be written: ") + f.file()));
      return;
    }
    if (report.families().size() > 1) {
      report.families().forEach(f -> console.line("  " + f.sentence()));
    }
    report
        .drift()
        .filter(RunReport.Drift::needsReview)
        .ifPresent(d -> console.line("review predictions made from this data: " + d.reason()));
    report.unaudited().ifPresent(u -> console.line("not audited for leaks: " + u));
    report
        .unrecorded()
        .ifPresent(u ->
            console.line(
                "not recorded: "
                    + u
                    + "; the verdict stands, run again with --run-id "
                    + report.run()
                    + " to record it"));
    if (!registry.isEmpty()) {
      console.line("registry: " + registry);
    }
  }
}
