package io.sluice.cli;

import io.sluice.app.Pipelines;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.ml.Wheel;
import io.sluice.platform.LocalMachine;
import io.sluice.platform.PipelineFolder;
import io.sluice.platform.StoredLabels;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice check}: is the spec right? */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = "Checks a pipeline's spec and tells everything that is wrong with it in one go.",
    footer = {"", "Example:", "  sluice check pipelines/rma-forecast"})
final class CheckCommand implements Callable<Integer> {
  @Mixin private PipelineArgument pipeline = new PipelineArgument();

  @Option(names = "--json", description = "Print the diagnostics as a JSON array.")
  private boolean json;

  private final Terminal terminal;

  CheckCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    PipelineFolder located = pipeline.locate();
    try {
      Pipelines.Examined examined = Pipelines.examine(located.tree(), located.spec());
      Pipelines.Opened opened = examined.opened();
      List<Diagnostic> wrong = new ArrayList<>(examined.problems());
      wrong.addAll(unless(wrong, () -> LocalMachine.locks(opened)));
      if (examined.problems().isEmpty()) {
        wrong.addAll(
            unless(
                wrong,
                () -> {
                  StoredLabels.check(
                      located,
                      opened.spec(),
                      opened.base(Wheel.digest()),
                      Clock.systemUTC().instant());
                  return List.of();
                }));
      }
      if (!wrong.isEmpty()) {
        throw new SluiceException(ExitCode.INPUT_WRONG, wrong);
      }
    } catch (SluiceException e) {
      if (!json) {
        throw e;
      }
      terminal.printJson(Json.pretty(list(e.diagnostics())));
      return e.exitCode().code();
    }
    terminal.print(json ? "[]\n" : located.folder().resolve(located.spec()) + ": fine\n");
    return 0;
  }

  /** What a look at more files finds; what already stands in the list is not said twice. */
  private static List<Diagnostic> unless(List<Diagnostic> known, Supplier<List<Diagnostic>> look) {
    List<Diagnostic> found;
    try {
      found = look.get();
    } catch (SluiceException e) {
      found = e.diagnostics();
    }
    return found.stream().filter(d -> !known.contains(d)).toList();
  }

  private static com.fasterxml.jackson.databind.JsonNode list(List<Diagnostic> diagnostics) {
    var array = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.arrayNode();
    for (Diagnostic d : diagnostics) {
      var o = array.addObject().put("id", d.id()).put("message", d.message());
      d.location()
          .ifPresent(at ->
              o.put("file", at.file().name())
                  .put("line", at.line())
                  .put("column", at.column())
                  .put("length", at.length()));
      d.hint().ifPresent(h -> o.put("hint", h));
    }
    return array;
  }
}
