package io.sluice.cli;

import io.sluice.app.Pipelines;
import io.sluice.app.Setting;
import io.sluice.app.run.BuildLink;
import io.sluice.app.run.LocalStagedRun;
import io.sluice.app.run.RunReport;
import io.sluice.app.run.RunRequest;
import io.sluice.app.run.RunSummary;
import io.sluice.app.run.StageRequest;
import io.sluice.app.run.StageSelector;
import io.sluice.app.run.StartedRun;
import io.sluice.app.run.WholeRun;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.run.DateOrInstant;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunEventJson;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.TargetSpec;
import io.sluice.ml.Wheel;
import io.sluice.platform.ClusterSession;
import io.sluice.platform.ClusterSessions;
import io.sluice.platform.LocalMachine;
import io.sluice.platform.PipelineFolder;
import io.sluice.platform.RegistrySession;
import io.sluice.state.LocalRunFolder;
import io.sluice.state.StateFile;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice run}: from data to a verdict. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    header = "Runs a pipeline from data to a verdict, on this machine or a cluster.",
    description = {
      "Data, tuning, training, evaluation against the champion, gate, registration, promotion. On"
          + " this",
      "machine it sets up what it needs on first use, and uses the MLflow server that",
      "MLFLOW_TRACKING_URI names, else one of its own on 127.0.0.1. With --on it runs on the"
          + " cluster of",
      "a target; Ctrl-C then asks the run to end, and a second one leaves it. With --stage it runs"
          + " a",
      "part: stages are there for the next call with the same --run-id, and a promotion is one of"
          + " them."
    },
    footer = {
      "",
      "Exit codes: 0 promoted or held; 1 a stage failed; 2 the input is wrong; 3 a service is",
      "unreachable; 4 the champion moved during the run; 5 held, with --fail-on-hold; 130 Ctrl-C.",
      "",
      "Examples:",
      "  sluice run pipelines/rma-forecast",
      "  sluice run pipelines/rma-forecast --profile smoke --set stages.tune.with.trials=3",
      "  sluice run pipelines/rma-forecast --as-of 2026-06-01 --json",
      "  sluice run pipelines/rma-forecast --on cluster",
      "  sluice run pipelines/rma-forecast --run-id monday --stage tune --trials 20",
      "  sluice run pipelines/rma-forecast --run-id monday --stage evaluate",
      "  sluice run pipelines/rma-forecast --run-id monday --stage promote"
    })
final class RunCommand implements Callable<Integer> {
  /** So many records of a model are looked through for the run's own. */
  private static final int RECENT_RECORDS = 20;

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

  @Option(
      names = "--on",
      paramLabel = "NAME",
      description = "Run on a cluster: the target targets/NAME.yaml. Default: this machine.")
  private @Nullable String on;

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description = {
        "Write the run's record (run.json) there, when the registry has one, and in FILE.page"
            + " where",
        "that registry shows the version; not of the registry that ends with the run. A run that",
        "fails writes FILE.failure: stage, step, last lines."
      })
  private @Nullable Path recordFile;

  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      description = {
        "Run one stage, with what it needs and is not there yet: preprocess (what prepares tables,",
        "whatever its name), drift, tune, train, evaluate, promote, or stages.NAME of the spec. The",
        "next call with the same --run-id continues the run: the pipeline's files, --profile,",
        "--as-of and --set stay as they were at first."
      })
  private @Nullable String stage;

  @Option(
      names = "--change",
      paramLabel = "PATH=VALUE",
      description = "With --stage: changes one value from this stage on.")
  private List<String> changes = new ArrayList<>();

  @Option(
      names = "--trials",
      paramLabel = "N",
      description = "With --stage: how many trials its searches have.")
  private @Nullable Integer trials;

  @Option(names = "--detach", description = "With --on: start the run and return.")
  private boolean detach;

  @Option(names = "--json", description = "Print events as JSON lines, the report as the last.")
  private boolean json;

  @Option(
      names = {"-v", "--verbose"},
      description = "Print every line that stages write.")
  private boolean verbose;

  @Mixin private FailOnHoldOption failOnHold = new FailOnHoldOption();

  private final Terminal terminal;

  RunCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    FailureFile failure = new FailureFile(recordFile);
    failure.begin(terminal.err()::println);
    try {
      return start(failure);
    } catch (SluiceException e) {
      failure.write(e, terminal.err()::println);
      throw e;
    }
  }

  private int start(FailureFile failure) throws InterruptedException {
    PipelineFolder located = pipeline.locate();
    check();
    if (stage != null) {
      return runStage(located, StageSelector.parse(stage), failure);
    }
    Pipelines.Opened opened = Pipelines.open(located.tree(), located.spec());
    Clock clock = Clock.systemUTC();
    RunRequest request = request(located, clock);
    var unused = plan(opened, request, List.of()); // reports what is wrong now
    if (on != null) {
      return runOn(on, located, opened, request, clock, failure);
    }
    return runHere(
        failure,
        located,
        opened,
        request.id(),
        clock,
        Optional.empty(),
        (machine, events) ->
            new WholeRun(machine.target(), Wheel.digest(), clock).start(opened, request, events));
  }

  /** What profile, settings and changes make of the pipeline; before anything is set up. */
  private static Plan plan(Pipelines.Opened opened, RunRequest request, List<String> changes) {
    List<Overlay> overlays =
        Stream.concat(request.settings().stream(), changes.stream())
            .map(s -> Setting.overlay(s, opened.spec()))
            .toList();
    return opened.plan(request.profile(), overlays, Wheel.digest());
  }

  private RunRequest request(PipelineFolder located, Clock clock) {
    return new RunRequest(
        RunIds.of(runId, clock),
        located.spec(),
        Optional.ofNullable(profile),
        settings,
        Optional.ofNullable(asOf).map(RunCommand::instant),
        CurrentUser.name());
  }

  /** Says what cannot be asked for together. */
  private void check() {
    if (detach && on == null) {
      throw wrong(
          "SLU-9033",
          "--detach without --on",
          "only a run on a cluster continues without its client");
    }
    if (stage != null && on != null) {
      throw wrong(
          "SLU-9037",
          "--stage with --on",
          "stages run one by one on this machine; on a cluster the Jenkins plugin does that");
    }
    if (stage != null && trials != null) {
      StageSelector.Kind kind = StageSelector.parse(stage).kind();
      if (trials < 1 || (kind != StageSelector.Kind.TUNE && kind != StageSelector.Kind.STAGE)) {
        throw wrong(
            "SLU-9037",
            "--trials " + trials + " with --stage " + stage,
            "a search has at least one trial: --stage tune --trials 20");
      }
    }
    if (stage == null && (!changes.isEmpty() || trials != null)) {
      throw wrong(
          "SLU-9037",
          (trials == null ? "--change" : "--trials") + " without --stage",
          "for a whole run: --set stages.tune.with.trials=20");
    }
  }

  private int runStage(PipelineFolder located, StageSelector call, FailureFile failure)
      throws InterruptedException {
    Clock clock = Clock.systemUTC();
    RunRequest whole = request(located, clock);
    LocalStagedRun run =
        new LocalStagedRun(
            new LocalRunFolder(
                located.state().resolve("runs").resolve(whole.id().value()).resolve("staged")),
            whole.id());
    StageRequest request =
        new StageRequest(whole, located.name(), call, changes, Optional.ofNullable(trials));
    Pipelines.Opened opened = run.pipeline(located.tree(), request);
    var unused = call.in(plan(opened, whole, changes)); // reports what is wrong now
    return runHere(
        failure,
        located,
        opened,
        whole.id(),
        clock,
        Optional.of(call),
        (machine, events) ->
            run.start(opened, request, machine.target(), Wheel.digest(), clock, events));
  }

  /** Starts something on this machine. */
  private interface Starting {
    StartedRun start(LocalMachine machine, Consumer<RunEvent> events);
  }

  private int runHere(
      FailureFile failure,
      PipelineFolder located,
      Pipelines.Opened opened,
      RunId id,
      Clock clock,
      Optional<StageSelector> call,
      Starting starting)
      throws InterruptedException {
    return LocalShutdown.during(
        terminal,
        Diagnostic.of("SLU-9027", "interrupted while setting up", "run it again"),
        shutdown -> run(failure, located, opened, id, clock, call, starting, shutdown));
  }

  private int run(
      FailureFile failure,
      PipelineFolder located,
      Pipelines.Opened opened,
      RunId id,
      Clock clock,
      Optional<StageSelector> call,
      Starting starting,
      LocalShutdown shutdown)
      throws InterruptedException {
    try (Console console = console();
        RunFolder folder = new RunFolder(located.state(), id.value())) {
      Consumer<RunEvent> events = json ? this::printJson : console;
      Consumer<RunEvent> all = events.andThen(folder).andThen(failure);
      opened.tree().commitTrouble().ifPresent(console::line);
      try (LocalMachine machine = LocalMachine.open(located.state(), opened, clock, all)) {
        StartedRun run = starting.start(machine, all);
        shutdown.cancelBy(run::cancel);
        RunReport report = run.await();
        failure.write(report, console::line);
        ReportPrinter printer = new ReportPrinter(terminal, console, json);
        if (!shutdown.asked()) {
          report = printer.registered(report, Optional.of(machine.registry()), report.run());
        }
        if (call.isEmpty() || report.verdict().isPresent()) {
          writeRecord(report, machine.registry(), machine.page().isPresent(), console);
        }
        printer.print(
            report,
            call,
            Optional.of(folder),
            machine.page().orElse("ends with this command; `sluice registry` keeps it up"));
        return failOnHold.exitCode(report);
      }
    }
  }

  private int runOn(
      String name,
      PipelineFolder located,
      Pipelines.Opened opened,
      RunRequest request,
      Clock clock,
      FailureFile failure)
      throws InterruptedException {
    TargetSpec file = TargetOption.read(located.folder(), name);
    String again = "sluice attach " + request.id() + " --on " + name;
    try (ClusterInterrupt interrupt = ClusterInterrupt.open();
        Console console = console();
        RunFolder folder = new RunFolder(located.state(), request.id().value())) {
      Consumer<RunEvent> all =
          (json ? (Consumer<RunEvent>) this::printJson : console).andThen(folder).andThen(failure);
      opened.tree().commitTrouble().ifPresent(console::line);
      try (ClusterSession cluster = ClusterSessions.open(file, all)) {
        StartedRun run =
            new WholeRun(cluster.target(), Wheel.digest(), clock).start(opened, request, all);
        if (detach) {
          console.line("run " + request.id() + " is going; follow it: " + again);
          return ExitCode.DONE.code();
        }
        interrupt.cancelBy(() -> {
          console.line("asking the run to end; Ctrl-C again leaves it");
          run.cancel();
        });
        RunReport report = run.await();
        failure.write(report, console::line);
        Optional<RegistrySession> registry = cluster.registry();
        ReportPrinter printer = new ReportPrinter(terminal, console, json);
        report = printer.registered(report, registry.map(RegistrySession::registry), report.run());
        if (registry.isPresent()) {
          writeRecord(report, registry.get().registry(), /* stays= */ true, console);
        }
        printer.print(
            report,
            Optional.empty(),
            Optional.of(folder),
            registry.map(RegistrySession::address).orElse(""));
        registry.ifPresent(RegistrySession::close);
        return failOnHold.exitCode(report);
      } catch (InterruptedException | SluiceException e) {
        Optional<SluiceException> unasked = interrupt.failure();
        if (unasked.isPresent()) {
          console.line("the run could not be asked to end and may still run: " + again);
          throw unasked.get();
        }
        if (!interrupt.left()) {
          if (interrupt.hasRun()) {
            console.line("this client stops following the run, which continues: " + again);
          }
          throw e;
        }
        console.line(
            interrupt.asked()
                ? "left; the run was asked to end: " + again
                : "left before the run was started, or at its start: " + again);
        return ExitCode.INTERRUPTED.code();
      }
    }
  }

  /** The record that the run left in the registry; a missing one does not fail the run. */
  private void writeRecord(
      RunReport report, ModelRegistry registry, boolean stays, Console console) {
    if (recordFile == null) {
      return;
    }
    try {
      Optional<byte[]> found =
          registry.recordedRuns(report.model(), RECENT_RECORDS).stream()
              .filter(bytes -> RunSummary.isOf(bytes, report.run()))
              .findFirst();
      if (found.isPresent()) {
        new StateFile(recordFile).write(found.get());
        // CI systems name the build's page so: Jenkins, and those that follow it
        BuildLink.of(Optional.ofNullable(System.getenv("BUILD_URL")))
            .ifPresent(link -> link.tag(registry, RunSummary.of(found.get()), console::line));
        if (stays) {
          RunSummary.of(found.get())
              .version()
              .flatMap(v -> registry.version(report.model(), v))
              .flatMap(registry::page)
              .ifPresent(page -> new StateFile(Path.of(recordFile + ".page")).write(page));
        }
      } else {
        console.line("(the registry has no record of the run)");
      }
    } catch (SluiceException e) {
      console.line("(the run's record is not written: " + e.getMessage() + ")");
    } catch (IllegalArgumentException e) {
      // another version of Sluice wrote it, in the images of the cluster for example
      console.line("(the run's record cannot be read here: " + e.getMessage() + ")");
    }
  }

  private Console console() {
    return new Console(
        json ? terminal.err() : terminal.out(),
        terminal.interactive() && !json,
        verbose,
        Terminal.width());
  }

  private void printJson(RunEvent event) {
    terminal.printJson(Json.write(RunEventJson.write(event)) + "\n");
  }

  private static Instant instant(String text) {
    return DateOrInstant.parse(text)
        .orElseThrow(() ->
            wrong(
                "SLU-9024",
                "--as-of " + text + " is not a date or an instant",
                "2026-06-01 or 2026-06-01T00:00:00Z"));
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
