package io.sluice.cli;

import io.sluice.app.past.KnownRun;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Verdict;
import io.sluice.core.record.RunRecord;
import io.sluice.core.record.StageRecord;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice show}: all that is known of one run. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    header = "Shows one run: verdict in sentences, figures, families, stages, lineage, logs.",
    description = {
      "Its record is read from the state folder of this machine; with --registry, or where",
      "MLFLOW_TRACKING_URI names a server, from the registry too.",
      "A run whose record is damaged is shown as far as its events tell, and ends with 1."
    },
    footer = {
      "",
      "Examples:",
      "  sluice show r-20261130-102745-e362",
      "  sluice show r-20261130-102745-e362 --pipeline pipelines/rma-forecast --json"
    })
final class ShowCommand extends PastCommand {
  @Parameters(
      index = "0",
      paramLabel = "RUN",
      description = "Id of the run; `sluice runs` lists them.")
  private String run = "";

  @Option(
      names = "--pipeline",
      paramLabel = "PIPELINE",
      description = "Folder of the pipeline, or any folder of its project. Default: this one.")
  private Path folder = Path.of(".");

  ShowCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  Path folder() {
    return folder;
  }

  @Override
  ExitCode execute() {
    KnownRun found = runs().get(run, places());
    print(found.json(), text(found));
    return found.trouble().isPresent() ? ExitCode.RUN_FAILED : ExitCode.DONE;
  }

  private static String text(KnownRun run) {
    StringBuilder text = new StringBuilder("run " + run.run());
    run.model().ifPresent(m -> text.append(" of ").append(m));
    text.append(": ").append(run.standing().word());
    text.append(run.why().isEmpty() ? "" : ", " + run.why()).append('\n');
    run.began().ifPresent(b -> row(text, "began", b.truncatedTo(ChronoUnit.SECONDS).toString()));
    run.took().ifPresent(t -> row(text, "took", Spans.of(t)));
    run.record().ifPresent(record -> recorded(record, run, text));
    text.append("where\n");
    row(text, "record", run.where());
    row(text, "every line", run.log().orElse("not on this machine"));
    return text.toString();
  }

  private static void recorded(RunRecord record, KnownRun run, StringBuilder text) {
    if (!run.sentences().isEmpty()) {
      text.append("verdict\n");
      run.sentences().forEach(s -> text.append("  ").append(s).append('\n'));
    }
    record.verdict().ifPresent(v -> figures(v, text));
    families(record, text);
    stages(record, text);
    text.append("lineage\n");
    record.asOf().ifPresent(a -> row(text, "as of", a.toString()));
    record.code().ifPresent(c -> row(text, "code", c.toString()));
    row(text, "commit", record.commit().orElse("none: the code was in no commit"));
    record.seed().ifPresent(s -> row(text, "seed", s));
    row(
        text,
        "champion it met",
        record.champion().map(v -> "version " + v).orElse("none: a first run"));
    record.drift().ifPresent(d -> row(text, "drift", d.status().word() + ": " + d.reason()));
    StageRecord.last(record.stages())
        .values()
        .forEach(s ->
            s.artifacts()
                .forEach((name, digest) -> row(text, s.stage() + "." + name, digest.toString())));
  }

  private static void figures(Verdict verdict, StringBuilder text) {
    text.append("figures on the holdout (")
        .append(verdict.policy().get(GatePolicy.METRIC).title())
        .append(")\n");
    for (Verdict.Model m : verdict.models()) {
      row(
          text,
          m.name(),
          m.value()
                  .map(ShowCommand::number)
                  .orElse("none: " + m.unusable() + " predictions unusable")
              + m.bias().map(b -> String.format(Locale.ROOT, "   bias %+.3f", b)).orElse(""));
    }
  }

  private static void families(RunRecord record, StringBuilder text) {
    if (record.families().isEmpty()) {
      return;
    }
    text.append("families\n");
    for (RunRecord.Family f : record.families()) {
      row(
          text,
          f.name(),
          f.status().name().toLowerCase(Locale.ROOT)
              + (f.picked() ? ", picked" : "")
              + f.version().map(v -> "; version " + v).orElse("")
              + f.validationLoss().map(l -> "; validation " + number(l)).orElse("")
              + (f.search().containsKey("trials")
                  ? "; " + f.search().get("trials") + " trials"
                  : "")
              + (f.cause().isEmpty() ? "" : ": " + f.cause()));
    }
  }

  private static void stages(RunRecord record, StringBuilder text) {
    Map<StageName, StageRecord> last = StageRecord.last(record.stages());
    long hits = last.values().stream().filter(StageRecord::cached).count();
    text.append("stages (").append(hits).append(" of ").append(last.size());
    text.append(" from the cache)\n");
    Comparator<RunRecord.Task> byStart =
        Comparator.comparing(t ->
            Optional.ofNullable(last.get(t.name())).map(StageRecord::started).orElse(Instant.MAX));
    for (RunRecord.Task task : record.tasks().stream().sorted(byStart).toList()) {
      Optional<StageRecord> own = Optional.ofNullable(last.get(task.name()));
      String took =
          own.flatMap(s -> s.finished().map(f -> Spans.of(Duration.between(s.started(), f))))
              .orElse("");
      row(
          text,
          task.name().value(),
          task.status().words()
              + (took.isEmpty() ? "" : "  " + took)
              + (own.map(StageRecord::cached).orElse(false) ? "  cache hit" : "")
              + (task.cause().isEmpty() || task.status() == StageStatus.SUCCEEDED
                  ? ""
                  : ": " + task.cause()));
    }
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }

  private static void row(StringBuilder text, String key, String value) {
    text.append(String.format("  %-24s %s%n", key, value));
  }
}
