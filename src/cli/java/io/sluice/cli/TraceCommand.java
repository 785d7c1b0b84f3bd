package io.sluice.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.app.Releases;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.Visible;
import io.sluice.core.json.Json;
import io.sluice.core.serving.RowId;
import io.sluice.serving.replay.TracedPrediction;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code sluice trace}: from a version, or from one number, to everything it came from. */
@Command(
    name = "trace",
    mixinStandardHelpOptions = true,
    description =
        "Traces a model version, or a prediction, to its data, parameters, code, environments,"
            + " verdict and promotions.",
    footer = {
      "",
      "Examples:",
      "  sluice trace pipelines/rma-forecast 3",
      "  sluice trace pipelines/rma-forecast 019f2c3a-5b7e-7c41-9d3e-0a1b2c3d4e5f.2"
    })
final class TraceCommand extends ReleaseCommand {
  @Parameters(
      index = "1",
      paramLabel = "VERSION|ID",
      description =
          "Version number in the registry, or the id of a prediction or of one of its rows.")
  private String what = "";

  @Mixin private LedgerOption ledger = new LedgerOption();

  TraceCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  ExitCode execute(Opened opened) {
    if (what.matches("[0-9]{1,9}")) {
      Releases.Trace trace = opened.releases().trace(Integer.parseInt(what));
      StringBuilder text = new StringBuilder();
      append(text, trace);
      print(trace.json(), text.toString());
      return ExitCode.DONE;
    }
    return prediction(opened);
  }

  private ExitCode prediction(Opened opened) {
    RowId id = LedgerOption.id(what, "neither a version number nor the id of a prediction");
    TracedPrediction traced = new TracedPrediction(id, ledger.find(opened, id));
    Releases.Trace trace = opened.releases().trace(traced.prediction().version().version());
    List<String> changed = traced.changed(trace.version().tags());
    StringBuilder text = new StringBuilder();
    text.append("prediction ").append(id).append('\n');
    traced.rows().forEach((k, v) -> row(text, k, v));
    if (!changed.isEmpty()) {
      text.append("the registry says otherwise than when the version was served\n");
      changed.forEach(c -> text.append("  ").append(Visible.line(c)).append('\n'));
    }
    append(text, trace);
    ObjectNode json = Json.object();
    json.set("prediction", traced.json());
    ArrayNode otherwise = json.putArray("changedInRegistry");
    changed.forEach(otherwise::add);
    json.set("version", trace.json());
    print(json, text.toString());
    return ExitCode.DONE;
  }

  private static void append(StringBuilder text, Releases.Trace trace) {
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
  }

  /** To read; the exact value is in the JSON. */
  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, "%.6g", value);
  }

  private static void row(StringBuilder text, String key, String value) {
    text.append(String.format("  %-34s %s%n", Visible.line(key), Visible.line(value)));
  }
}
