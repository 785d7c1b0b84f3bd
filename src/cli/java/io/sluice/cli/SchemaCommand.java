package io.sluice.cli;

import io.sluice.core.spec.SpecSchema;
import io.sluice.core.spec.TargetParser;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sluice schema}: what an editor needs to complete and check a spec. */
@Command(
    name = "schema",
    mixinStandardHelpOptions = true,
    description = "Prints the JSON Schema of sluice.yaml, or of targets, for editors.",
    footer = {
      "",
      "Example:",
      "  sluice schema > sluice.schema.json",
      "  sluice schema --target > target.schema.json"
    })
final class SchemaCommand implements Callable<Integer> {
  @Option(names = "--target", description = "Of targets/NAME.yaml.")
  private boolean target;

  private final Terminal terminal;

  SchemaCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    terminal.out().print(target ? TargetParser.schema() : SpecSchema.json());
    return 0;
  }
}
