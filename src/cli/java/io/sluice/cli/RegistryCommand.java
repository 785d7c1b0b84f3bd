package io.sluice.cli;

import io.sluice.platform.PipelineFolder;
import io.sluice.platform.RegistrySessions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice registry}: keeps the embedded MLflow server up between commands, and ends it. */
@Command(
    name = "registry",
    mixinStandardHelpOptions = true,
    header =
        "Keeps this project's MLflow server up between commands, with its pages, until `stop`.",
    description = {
      "Without it every command starts the server and ends it again. It listens on 127.0.0.1 only, keeps",
      "what it stores in `.sluice/mlflow`, and every command of the project uses the one that is up.",
      "Alone, in a folder of the project, it starts; `status` says where it is, and exits with 1 when there is none."
    },
    footer = {
      "",
      "Example:",
      "  sluice registry start pipelines/rma-forecast",
      "  sluice registry status pipelines/rma-forecast",
      "  sluice registry stop pipelines/rma-forecast"
    })
final class RegistryCommand implements Callable<Integer> {
  /** What is asked for. */
  private enum Action {
    START,
    STOP,
    STATUS
  }

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "ACTION",
      defaultValue = "start",
      description = "start, stop or status. Default: start.")
  private Action action = Action.START;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PIPELINE",
      defaultValue = ".",
      description = "A folder of the project. Default: the current folder.")
  private Path folder = Path.of(".");

  private final Terminal terminal;

  RegistryCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    Path state = new PipelineFolder(folder, PipelineFolder.SPEC).state();
    RegistrySessions sessions = RegistrySessions.ofThisProcess();
    return switch (action) {
      case START ->
          LocalShutdown.during(
              terminal, LocalShutdown.beforeItsEnd(), shutdown -> start(sessions, state));
      case STOP -> stop(sessions, state);
      case STATUS -> status(sessions, state);
    };
  }

  private int start(RegistrySessions sessions, Path state) {
    try (Console console = Console.beside(terminal)) {
      say("registry: " + sessions.keep(state, console) + ", until `sluice registry stop`");
    }
    return 0;
  }

  private int stop(RegistrySessions sessions, Path state) {
    say(
        switch (sessions.stop(state)) {
          case NONE -> "no registry of this project is running";
          case GONE -> "the registry has ended";
          case IN_USE -> "the registry ends with the last command that uses it now";
        });
    return 0;
  }

  private int status(RegistrySessions sessions, Path state) {
    Optional<RegistrySessions.Running> running = sessions.running(state);
    say(
        running
            .map(r ->
                "registry: "
                    + r.address()
                    + (r.kept()
                        ? ", until `sluice registry stop`"
                        : ", until the command that uses it ends"))
            .orElse("no registry of this project is running; `sluice registry` starts one"));
    return running.isPresent() ? 0 : 1;
  }

  private void say(String line) {
    terminal.out().println(line);
    terminal.out().flush();
  }
}
