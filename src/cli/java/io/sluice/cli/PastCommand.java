package io.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.app.Pipelines;
import io.sluice.app.past.KnownRun;
import io.sluice.app.past.PastRuns;
import io.sluice.app.past.RunSource;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.platform.LocalRuns;
import io.sluice.platform.PipelineFolder;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * What the commands on runs of the past share: where their records are. The state folder of this
 * machine is read always, a registry that variables name too; the embedded one when it is asked
 * for.
 */
abstract class PastCommand implements Callable<Integer> {
  /** Records that are read of a registry: each is a file to fetch. */
  private static final int MOST_OF_REGISTRY = 200;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = "Runs of this model alone. Default: all; of a registry, the pipeline's.")
  private @Nullable String model;

  @Option(
      names = "--registry",
      description =
          "Read the records in the registry too, also where that is the embedded one, which has to"
              + " be started. One that MLFLOW_TRACKING_URI names is always read.")
  private boolean registry;

  @Option(names = "--json", description = "Print JSON instead of text.")
  private boolean json;

  private final Terminal terminal;

  PastCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Does the work and prints it; returns what the command ends with. */
  abstract ExitCode execute();

  @Override
  public final Integer call() throws InterruptedException {
    return LocalShutdown.during(
        terminal, LocalShutdown.beforeItsEnd(), shutdown -> execute().code());
  }

  /** The folder of the pipeline, which need not have a spec. */
  abstract Path folder();

  final Optional<String> model() {
    return Optional.ofNullable(model);
  }

  final Path state() {
    return new PipelineFolder(folder(), PipelineFolder.SPEC).state();
  }

  /** Where it is looked, in words. */
  final String places() {
    return state()
        + (asked() ? " or in the registry" : " (the registry was not asked: --registry does)");
  }

  private boolean asked() {
    return registry || RegistrySessions.ofThisProcess().isNamed();
  }

  /** Reads the records of all places. */
  final PastRuns runs() {
    List<RunSource> sources = new ArrayList<>();
    sources.add(new LocalRuns(state()));
    if (!asked()) {
      return PastRuns.of(sources);
    }
    try (Console console = Console.beside(terminal)) {
      try {
        List<KnownRun> recorded = recorded(console);
        sources.add(() -> recorded);
      } catch (SluiceException e) {
        // what lies here can be told without a registry that only a variable named
        if (registry || e.exitCode() == ExitCode.INTERRUPTED) {
          throw e;
        }
        console.line("(the registry was not read: " + e.getMessage() + ")");
      }
    }
    return PastRuns.of(sources);
  }

  private List<KnownRun> recorded(Console console) {
    String of = model().orElseGet(this::pipelinesModel); // before a server is started for nothing
    try (RegistrySession session = RegistrySessions.ofThisProcess().open(state(), console)) {
      return RunSource.of(
              session.registry(),
              of,
              session.page().orElse("the embedded registry"),
              MOST_OF_REGISTRY)
          .runs();
    }
  }

  /**
   * The model of the pipeline.
   *
   * @throws SluiceException SLU-9012 when there is no spec
   */
  private String pipelinesModel() {
    PipelineFolder located = PipelineArgument.locate(folder());
    return Pipelines.open(located.tree(), located.spec()).spec().model();
  }

  final void print(JsonNode value, String text) {
    if (json) {
      terminal.printJson(Json.pretty(value));
    } else {
      terminal.print(text);
    }
  }
}
