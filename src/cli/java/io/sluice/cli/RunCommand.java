package io.sluice.cli;

import io.sluice.app.Pipelines;
import io.sluice.app.Releases;
import io.sluice.app.RunPipeline;
import io.sluice.app.RunReport;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunEventJson;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import io.sluice.core.spec.Overlay;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice run}: from data to a verdict. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    header = "Runs a pipeline on this machine, from data to a verdict.",
    description = {
      "Data, tuning, training, evaluation against the champion, gate, registration, promotion. Sets up",
      "what it needs on first use. Uses the MLflow server that MLFLOW_TRACKING_URI names, else one of",
      "its own on 127.0.0.1."
    },
    footer = {
      "",
      "Exit codes: 0 promoted or held; 1 a stage failed; 2 the input is wrong; 3 a service is",
      "unreachable; 4 the champion moved during the run; 5 held, with --fail-on-hold; 130 Ctrl-C.",
      "",
      "Examples:",
      "  sluice run pipelines/rma-forecast",
      "  sluice run pipelines/rma-forecast --profile smoke --set stages.tune.with.trials=3",
      "  sluice run pipelines/rma-forecast --as-of 2026-06-01 --json"
    })
final class RunCommand implements Callable<Integer> {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

  @Mixin private PipelineArgument pipeline = new PipelineArgument();

  @Option(names = "--profile", paramLabel = "NAME", description = "A profile of the spec.")
  private @Nullable String profile;

  @Option(
      names = "--set",
      paramLabel = "PATH=VALUE",
      description = "Changes one value for this run, for example stages.tune.with.trials=10.")
  private List<String> settings = new ArrayList<>();

  @Option(
      names = "--as-of",
      paramLabel = "INSTANT",
      description = "What the data may know: 2026-06-01 or 2026-06-01T00:00:00Z. Default: now.")
  private @Nullable String asOf;

  @Option(names = "--run-id", paramLabel = "ID", description = "Default: made from the time.")
  private @Nullable String runId;

  @Option(names = "--json", description = "Print events as JSON lines, the report as the last.")
  private boolean json;

  @Option(
      names = {"-v", "--verbose"},
      description = "Print every line that stages write.")
  private boolean verbose;

  @Option(names = "--fail-on-hold", description = "Exit with 5 when the gate holds.")
  private boolean failOnHold;

  private final Terminal terminal;

  RunCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    PipelineArgument.Located located = pipeline.locate();
    Pipelines.Opened opened = Pipelines.open(located.tree(), located.spec());
    List<Overlay> overlays = settings.stream().map(s -> Setting.overlay(s, opened.spec())).toList();
    Clock clock = Clock.systemUTC();
    RunId id = id(clock);
    RunPipeline.Request request =
        new RunPipeline.Request(
            opened,
            id,
            Optional.ofNullable(profile),
            overlays,
            Optional.of(instant(clock)),
            Optional.of(Person.name()));

    // Outermost: a signal's process ends only once everything below is closed.
    try (Parting parting = Parting.open()) {
      try {
        return run(located, opened, request, clock, parting);
      } catch (SluiceException | InterruptedException e) {
        if (!parting.asked()) {
          throw e;
        }
        // Whatever was going on broke because it was told to.
        terminal.show(
            List.of(Diagnostic.of("SLU-9027", "interrupted while setting up", "run it again")));
        return ExitCode.INTERRUPTED.code();
      }
    }
  }

  private int run(
      PipelineArgument.Located located,
      Pipelines.Opened opened,
      RunPipeline.Request request,
      Clock clock,
      Parting parting)
      throws InterruptedException {
    try (Console console =
            new Console(
                json ? terminal.err() : terminal.out(),
                terminal.interactive() && !json,
                verbose,
                Terminal.width());
        RunFolder folder = new RunFolder(located.state(), request.id().value())) {
      Consumer<RunEvent> events = json ? this::printJson : console;
      Consumer<RunEvent> all = events.andThen(folder);
      try (Wiring.LocalRun machine = Wiring.local(located, opened, clock, all)) {
        RunPipeline.Started run =
            new RunPipeline(machine.target(), Wiring.wheelDigest()).start(request, all);
        parting.cancelBy(run::cancel);
        RunReport report = run.await();
        if (report.verdict().isPresent() && !parting.asked()) {
          report =
              report.with(
                  new Releases(machine.registry(), report.model())
                      .registeredBy(report.run().value()));
        }
        finish(report, machine.address(), console, folder);
        return exitCode(report);
      }
    }
  }

  private void finish(RunReport report, String registry, Console console, RunFolder folder) {
    if (json) {
      terminal
          .out()
          .println(Json.write(Json.object().put("event", "report").set("report", report.json())));
      terminal.out().flush();
      return;
    }
    if (report.status() != StageStatus.SUCCEEDED) {
      console.line("run " + report.run() + " " + word(report.status()) + ": " + report.reason());
      console.line(
          (folder.isWhole() ? "every line of it: " : "what of it could be written: ")
              + folder.file());
      return;
    }
    String version = report.version().map(v -> " version " + v).orElse("");
    console.line(
        switch (report.verdict().orElse("")) {
          case "PROMOTE" -> "PROMOTED " + report.model() + version;
          case "HOLD" -> "HELD " + report.model() + version;
          default -> "done";
        });
    report
        .drift()
        .filter(RunReport.Drift::needsReview)
        .ifPresent(d -> console.line("review forecasts made from this data: " + d.reason()));
    console.line("registry: " + registry);
  }

  private int exitCode(RunReport report) {
    if (failOnHold && report.exitCode() == ExitCode.DONE && report.held()) {
      return ExitCode.HELD.code();
    }
    return report.exitCode().code();
  }

  private void printJson(RunEvent event) {
    terminal.out().println(Json.write(RunEventJson.write(event)));
    terminal.out().flush();
  }

  private Instant instant(Clock clock) {
    if (asOf == null) {
      return clock.instant().truncatedTo(java.time.temporal.ChronoUnit.SECONDS);
    }
    try {
      return asOf.length() == "2026-01-01".length()
          ? LocalDate.parse(asOf).atStartOfDay(ZoneOffset.UTC).toInstant()
          : Instant.parse(asOf);
    } catch (DateTimeParseException e) {
      throw wrong(
          "SLU-9024", "--as-of " + asOf + " is no instant", "2026-06-01 or 2026-06-01T00:00:00Z");
    }
  }

  private RunId id(Clock clock) {
    if (runId == null) {
      String random = String.format("%04x", ThreadLocalRandom.current().nextInt(1 << 16));
      return new RunId("r-" + STAMP.format(clock.instant()) + "-" + random);
    }
    try {
      return new RunId(runId);
    } catch (IllegalArgumentException e) {
      throw wrong(
          "SLU-9025", "--run-id: " + e.getMessage(), "lower-case letters, digits and hyphens");
    }
  }

  private static String word(StageStatus status) {
    return status.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
