package io.sluice.cli;

import io.sluice.app.past.KnownRun;
import io.sluice.app.past.PastRuns;
import io.sluice.app.past.Standing;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.DateOrInstant;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice runs}: the runs that were, newest first. */
@Command(
    name = "runs",
    mixinStandardHelpOptions = true,
    header = "Lists the runs of a project, newest first, and how each ended.",
    description = {
      "promoted, held, passed (the gate said PROMOTE, nothing was promoted), done (a part of a run),",
      "failed, cancelled, unfinished (at work, or cut off), damaged (its record does not read)."
    },
    footer = {
      "",
      "Examples:",
      "  sluice runs pipelines/rma-forecast",
      "  sluice runs --status held,failed --since 2026-11-01 --json"
    })
final class RunsCommand extends PastCommand {
  private static final int DEFAULT_MOST = 20;

  @Mixin private PipelineArgument pipeline = new PipelineArgument();

  @Option(
      names = "--status",
      paramLabel = "STATUS",
      split = ",",
      description = "Runs that ended so: one or more of ${COMPLETION-CANDIDATES}.")
  private @Nullable Set<Standing> standings;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Runs that began then or later: 2026-06-01 or 2026-06-01T00:00:00Z.")
  private @Nullable String since;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "At most so many. Default: 20; 0 for all.")
  private int limit = DEFAULT_MOST;

  RunsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  Path folder() {
    return pipeline.folder();
  }

  @Override
  ExitCode execute() {
    Optional<Instant> from = Optional.ofNullable(since).map(RunsCommand::instant);
    Set<Standing> wanted = standings == null ? EnumSet.noneOf(Standing.class) : standings;
    List<KnownRun> all = runs().list(new PastRuns.Filter(model(), wanted, from));
    List<KnownRun> shown = limit > 0 && all.size() > limit ? all.subList(0, limit) : all;
    StringBuilder text = new StringBuilder();
    if (shown.isEmpty()) {
      text.append("no such run in ").append(places()).append('\n');
    } else {
      int widest = shown.stream().mapToInt(r -> r.model().orElse("-").length()).max().orElse(1);
      String form = "%-24s %-" + widest + "s  %-20s %9s  %-10s %s%n";
      text.append(String.format(form, "run", "model", "began", "took", "status", "why"));
      for (KnownRun run : shown) {
        text.append(
            String.format(
                form,
                run.run(),
                run.model().orElse("-"),
                run.began().map(b -> b.truncatedTo(ChronoUnit.SECONDS).toString()).orElse("-"),
                run.took().map(Spans::of).orElse("-"),
                run.standing().word(),
                run.why().lines().findFirst().orElse("")));
      }
      if (shown.size() < all.size()) {
        text.append(all.size() - shown.size()).append(" more: --limit 0 shows all\n");
      }
    }
    print(PastRuns.json(shown), text.toString());
    return ExitCode.DONE;
  }

  private static Instant instant(String text) {
    return DateOrInstant.parse(text)
        .orElseThrow(() ->
            new SluiceException(
                ExitCode.INPUT_WRONG,
                Diagnostic.of(
                    "SLU-9024",
                    "--since: not a point in time: " + text,
                    "2026-06-01 or 2026-06-01T00:00:00Z")));
  }
}
