package io.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.app.Pipelines;
import io.sluice.app.Releases;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.Visible;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.platform.PipelineFolder;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What the commands on a model's releases share: the pipeline, the registry, {@code --json}. */
abstract class ReleaseCommand implements Callable<Integer> {
  @Mixin private PipelineArgument pipeline = new PipelineArgument();

  @Option(names = "--json", description = "Print JSON instead of text.")
  private boolean json;

  private final Terminal terminal;

  ReleaseCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /**
   * What a command works on.
   *
   * @param state folder of the project's state
   */
  record Opened(ModelRegistry registry, String model, Path state) {
    Releases releases() {
      return new Releases(registry, model);
    }
  }

  /** Does the work and prints it; returns what the command ends with. */
  abstract ExitCode execute(Opened opened);

  /** What to say when a signal came before the work was done. */
  Diagnostic interrupted() {
    return LocalShutdown.beforeItsEnd();
  }

  @Override
  public Integer call() throws InterruptedException {
    PipelineFolder located = pipeline.locate();
    String model = Pipelines.open(located.tree(), located.spec()).spec().model();
    return LocalShutdown.during(
        terminal, interrupted(), shutdown -> withRegistry(located.state(), model));
  }

  private int withRegistry(Path state, String model) {
    try (Console console = Console.beside(terminal);
        RegistrySession session = RegistrySessions.ofThisProcess().open(state, console)) {
      return execute(new Opened(session.registry(), model, state)).code();
    }
  }

  /** Prints one or the other, as the user asked. */
  final void print(JsonNode value, String text) {
    if (json) {
      terminal.printJson(Json.pretty(value));
    } else {
      terminal.print(text);
    }
  }

  /** The log keeps all of it (`--json`); a line has room for the first sentence. */
  private static String firstSentence(String why) {
    int end = why.indexOf(". ");
    return end < 0 ? why : why.substring(0, end + 1);
  }

  static String line(Entry e, boolean inForce) {
    String state = inForce ? "champion" : e.valid() ? "" : "lost the race";
    return String.format(
        "%4d  %-9s version %-4d %-20s  %s: %s%s%n",
        e.number(),
        e.kind().name().toLowerCase(java.util.Locale.ROOT),
        e.to(),
        e.at().truncatedTo(java.time.temporal.ChronoUnit.SECONDS),
        Visible.line(e.who()),
        Visible.line(firstSentence(e.why())),
        state.isEmpty() ? "" : "  [" + state + "]");
  }
}
