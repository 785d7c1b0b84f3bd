package io.sluice.cli;

import io.sluice.app.Releases;
import io.sluice.core.diag.ExitCode;
import java.util.Locale;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice trace}: from a version to everything it came from. */
@Command(
    name = "trace",
    mixinStandardHelpOptions = true,
    description =
        "Traces a model version to its data, parameters, code, environments, verdict and promotions.",
    footer = {"", "Example:", "  sluice trace pipelines/rma-forecast 3"})
final class TraceCommand extends ReleaseCommand {
  @Parameters(index = "1", paramLabel = "VERSION", description = "Version number in the registry.")
  private int version;

  TraceCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  ExitCode execute(Releases releases) {
    Releases.Trace trace = releases.trace(version);
    StringBuilder text = new StringBuilder();
    text.append(trace.version().model()).append(" version ").append(trace.version().version());
    text.append(trace.champion() ? " (champion)" : "").append('\n');
    row(text, "created", trace.version().created().toString());
    row(text, "mlflow run", trace.version().run());
    trace.page().ifPresent(p -> row(text, "page", p));
    text.append("lineage\n");
    new TreeMap<>(trace.version().tags()).forEach((k, v) -> row(text, k, v));
    text.append("parameters\n");
    new TreeMap<>(trace.params()).forEach((k, v) -> row(text, k, v));
    text.append("metrics\n");
    new TreeMap<>(trace.metrics()).forEach((k, v) -> row(text, k, number(v)));
    text.append("promotions\n");
    if (trace.promotions().isEmpty()) {
      text.append("  never promoted\n");
    }
    trace.promotions().forEach(e -> text.append(line(e, false)));
    print(trace.json(), text.toString());
    return ExitCode.DONE;
  }

  /** To read; the exact value is in the JSON. */
  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, "%.6g", value);
  }

  private static void row(StringBuilder text, String key, String value) {
    text.append(String.format("  %-34s %s%n", key, value));
  }
}
