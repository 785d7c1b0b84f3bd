package io.sluice.cli;

import io.sluice.app.run.FollowRun;
import io.sluice.app.run.RunReport;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunEventJson;
import io.sluice.core.run.RunId;
import io.sluice.platform.ClusterSession;
import io.sluice.platform.ClusterSessions;
import io.sluice.platform.RegistrySession;
import io.sluice.tekton.lower.RunLabels;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice attach}: follows a run on a cluster, whichever client started it. */
@Command(
    name = "attach",
    mixinStandardHelpOptions = true,
    header =
        "Follows a run on a cluster from its beginning to its end, whichever client started it.",
    description = "Ctrl-C detaches from the run, which continues.",
    footer = {
      "",
      "Exit codes: as `sluice run`.",
      "",
      "Example:",
      "  sluice attach r-20261124-101500-3f2a --on cluster"
    })
final class AttachCommand extends OnCommand {
  @Parameters(index = "0", paramLabel = "RUN", description = "The run's id.")
  private String run = "";

  @Option(names = "--json", description = "Print events as JSON lines, the report as the last.")
  private boolean json;

  @Option(
      names = {"-v", "--verbose"},
      description = "Print every line that stages write.")
  private boolean verbose;

  @Mixin private FailOnHoldOption failOnHold = new FailOnHoldOption();

  private final Terminal terminal;

  AttachCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    RunId id = run(run);
    try (Console console =
            new Console(
                json ? terminal.err() : terminal.out(),
                terminal.interactive() && !json,
                verbose,
                Terminal.width());
        ClusterSession cluster = ClusterSessions.open(file(), console)) {
      Consumer<RunEvent> events = json ? this::print : console;
      RunLabels labels = cluster.labels(id);
      RunReport report =
          FollowRun.follow(id, labels.model(), events, listener -> cluster.attach(id, listener));
      Optional<RegistrySession> registry = cluster.registry();
      ReportPrinter printer = new ReportPrinter(terminal, console, json);
      report = printer.registered(report, registry.map(RegistrySession::registry), labels.whole());
      printer.print(
          report,
          Optional.empty(),
          Optional.empty(),
          registry.map(RegistrySession::address).orElse(""));
      registry.ifPresent(RegistrySession::close);
      return failOnHold.exitCode(report);
    } catch (InterruptedException e) {
      return ExitCode.INTERRUPTED.code();
    }
  }

  private void print(RunEvent event) {
    terminal.printJson(Json.write(RunEventJson.write(event)) + "\n");
  }
}
