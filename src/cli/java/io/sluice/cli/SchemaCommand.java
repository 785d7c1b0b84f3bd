package io.sluice.cli;

import io.sluice.core.spec.SpecSchema;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code sluice schema}: what an editor needs to complete and check a spec. */
@Command(
    name = "schema",
    mixinStandardHelpOptions = true,
    description = "Prints the JSON Schema of sluice.yaml, for editors.",
    footer = {"", "Example:", "  sluice schema > sluice.schema.json"})
final class SchemaCommand implements Callable<Integer> {
  private final Terminal terminal;

  SchemaCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    terminal.out().print(SpecSchema.json());
    return 0;
  }
}
