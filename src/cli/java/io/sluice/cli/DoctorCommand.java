package io.sluice.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.app.ChampionBundle;
import io.sluice.app.Pipelines;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.platform.ClusterSession;
import io.sluice.platform.ClusterSessions;
import io.sluice.platform.LocalMachine;
import io.sluice.platform.PipelineFolder;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice doctor}: is everything that a run needs well, and does the log hold? */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    header =
        "Checks this machine, the registry and the promotion log; with --fix it mends alias and tag.",
    description = {
      "With --on it checks a cluster: versions, rights, store, secrets, accounts, and what to apply where",
      "something is missing. Shows where the alias `champion` and the tag stage=Production differ from the",
      "log, and whether they lag behind it or others set them; --fix makes both say what the log says.",
      "A champion that others set on purpose is kept by `sluice adopt`. A damaged log is only accepted",
      "with --accept-damage DIGEST --reason TEXT, by a person. Compares the champion's files with those that",
      "the log recorded; where an older entry has none, --record-digest DIGEST --reason TEXT appends one."
    },
    footer = {
      "",
      "Exit codes: 0 nothing is wrong (or it was mended); 1 something is; 3 the registry is unreachable.",
      "UNKNOWN is what nobody could look at, for example for want of a right; it is not well, nor wrong.",
      "",
      "Example:",
      "  sluice doctor pipelines/rma-forecast",
      "  sluice doctor pipelines/rma-forecast --fix",
      "  sluice doctor pipelines/rma-forecast --record-digest sha256:5f70.. --reason 'first run of serving'",
      "  sluice doctor --on cluster"
    })
final class DoctorCommand implements Callable<Integer> {
  @Mixin private PipelineArgument pipeline = new PipelineArgument();

  @Option(names = "--json", description = "Print JSON instead of text.")
  private boolean json;

  @Option(
      names = "--fix",
      description =
          "Make alias and tag say what the promotion log says, also where others set them.")
  private boolean fix;

  @Option(
      names = "--accept-damage",
      paramLabel = "DIGEST",
      description = "Accept exactly the damage of this digest, as an earlier doctor printed it.")
  private @Nullable String damage;

  @Option(
      names = "--record-digest",
      paramLabel = "DIGEST",
      description =
          "Have the log record the champion's files, as an earlier doctor printed their digest.")
  private @Nullable String record;

  @Option(
      names = "--reason",
      description = "Why the damage is accepted, or the files are recorded; it is logged.")
  private @Nullable String reason;

  @Option(
      names = "--on",
      paramLabel = "NAME",
      description = "Check the cluster of the target targets/NAME.yaml instead of this machine.")
  private @Nullable String on;

  private final Terminal terminal;

  DoctorCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (damage != null || record != null) {
      ReasonOption.given(reason);
    }
    if (on != null) {
      if (fix || damage != null || record != null) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-9029",
                (fix ? "--fix" : damage != null ? "--accept-damage" : "--record-digest")
                    + " with --on",
                "--on checks a cluster; for the registry leave it out, and name the server by"
                    + " MLFLOW_TRACKING_URI"));
      }
      return cluster(on);
    }
    PipelineFolder located = pipeline.locate();
    Pipelines.Opened opened = Pipelines.open(located.tree(), located.spec());
    return LocalShutdown.during(terminal, interrupted(), shutdown -> machine(located, opened));
  }

  /** What to say when a signal came before the work was done. */
  Diagnostic interrupted() {
    if (damage != null || record != null) {
      return LocalShutdown.beforeTheDecision();
    }
    if (fix) {
      return Diagnostic.of(
          "SLU-9027",
          "interrupted before alias and tag were confirmed",
          "run it again: it sets what does not say yet what the log says");
    }
    return LocalShutdown.beforeItsEnd();
  }

  private int machine(PipelineFolder located, Pipelines.Opened opened) {
    List<CheckResult> findings = new ArrayList<>();
    findings.add(
        new CheckResult(
            "java",
            true,
            System.getProperty("java.version") + ", " + System.getProperty("java.home")));
    LocalMachine.environments(opened)
        .forEach(
            (name, state) -> findings.add(new CheckResult("environment " + name, true, state)));
    String model = opened.spec().model();
    try (Console console = Console.beside(terminal);
        RegistrySession session = RegistrySessions.ofThisProcess().open(located.state(), console)) {
      PromotionLog log = session.registry().promotions(model);
      ChampionBundle files = new ChampionBundle(session.registry(), model);
      findings.add(new CheckResult("registry", true, shown(session)));
      if (damage != null) {
        findings.add(accept(log, files, damage, ReasonOption.given(reason)));
      }
      if (record != null) {
        PromotionLog.Entry entry =
            files.record(
                digest("--record-digest", record), CurrentUser.name(), ReasonOption.given(reason));
        findings.add(new CheckResult("files recorded", true, "entry " + entry.number()));
      }
      if (logFindings(log, fix, findings)) {
        files.check().ifPresent(findings::add);
      }
    }
    boolean well = findings.stream().noneMatch(CheckResult::failed);
    print(findings, well);
    return well ? ExitCode.DONE.code() : ExitCode.RUN_FAILED.code();
  }

  private int cluster(String name) {
    List<CheckResult> findings = new ArrayList<>();
    try (ClusterSession cluster =
        ClusterSessions.open(TargetOption.read(pipeline.folder(), name), e -> {})) {
      findings.addAll(cluster.checkup());
      findings.add(registry(cluster));
    }
    boolean well = findings.stream().noneMatch(CheckResult::failed);
    print(findings, well);
    return well ? ExitCode.DONE.code() : ExitCode.RUN_FAILED.code();
  }

  /** The registry as this machine reaches it; what cannot be asked is a finding like the others. */
  private static CheckResult registry(ClusterSession cluster) {
    try {
      Optional<RegistrySession> opened = cluster.registry();
      if (opened.isEmpty()) {
        return CheckResult.unknown(
            "registry",
            "not looked at: neither registry.uri of the target nor MLFLOW_TRACKING_URI says where"
                + " it is reached from here");
      }
      try (RegistrySession session = opened.get()) {
        return registry(session);
      }
    } catch (SluiceException e) {
      Diagnostic why = e.diagnostics().getFirst();
      return CheckResult.fail("registry", why.id() + " " + why.message());
    }
  }

  private static String shown(RegistrySession session) {
    return session.page().orElse("embedded; it ends with this command");
  }

  private static CheckResult registry(RegistrySession session) {
    try {
      session.registry().versions("sluice-doctor-asks-for-nothing");
      return new CheckResult("registry", true, shown(session));
    } catch (SluiceException e) {
      return new CheckResult("registry", false, session.address() + ": " + e.getMessage());
    }
  }

  private static Digest digest(String option, String text) {
    try {
      return Digest.parse(text);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9018", option + ": " + e.getMessage(), "copy it from `sluice doctor`"));
    }
  }

  private static CheckResult accept(
      PromotionLog log, ChampionBundle files, String damage, String reason) {
    Digest shown = digest("--accept-damage", damage);
    PromotionLog.Inspection inspection = log.inspect();
    PromotionLog.Entry entry =
        log.accept(
            shown,
            new PromotionLog.Request(
                PromotionLog.Kind.OVERRIDE,
                inspection.head(),
                inspection.champion().orElse(0),
                CurrentUser.name(),
                reason,
                "",
                inspection.champion().flatMap(files::withoutLog)));
    return new CheckResult("damage accepted", true, "entry " + entry.number());
  }

  /** What is to be said of the log; false where it is damaged. */
  private static boolean logFindings(PromotionLog log, boolean fix, List<CheckResult> findings) {
    PromotionLog.Inspection inspection = log.inspect();
    for (String text : inspection.damage()) {
      findings.add(new CheckResult("promotion log", false, text));
    }
    for (String text : inspection.accepted()) {
      findings.add(new CheckResult("promotion log", true, "accepted earlier: " + text));
    }
    if (!inspection.damage().isEmpty()) {
      String digest = inspection.damageDigest().map(Digest::toString).orElse("");
      findings.add(
          new CheckResult(
              "promotions",
              false,
              "frozen until a person accepts: --accept-damage " + digest + " --reason .."));
      return false;
    }
    findings.add(
        new CheckResult(
            "promotion log",
            true,
            inspection.entries().size()
                + (inspection.entries().size() == 1 ? " entry, " : " entries, ")
                + inspection
                    .champion()
                    .map(v -> "champion is version " + v)
                    .orElse("no champion yet")));
    projectionFindings(log, inspection, fix, findings);
    return true;
  }

  private static void projectionFindings(
      PromotionLog log,
      PromotionLog.Inspection inspection,
      boolean fix,
      List<CheckResult> findings) {
    String what = "alias and tag";
    Optional<Integer> champion = inspection.champion();
    String found = inspection.projections().sentence();
    switch (inspection.relation()) {
      case AGREE -> findings.add(CheckResult.pass(what, "say what the log says"));
      case BEHIND -> {
        if (fix) {
          fixed(log, findings);
        } else {
          findings.add(
              CheckResult.fail(
                  what,
                  found
                      + ": they lag behind the log, a writer was cut off; set them: `sluice doctor"
                      + " --fix`"));
        }
      }
      case FOREIGN -> {
        if (fix && champion.isPresent()) {
          fixed(log, findings);
        } else {
          findings.add(
              CheckResult.fail(
                  what,
                  found
                      + ": the log does not know that, others set it, and gates hold; "
                      + (champion.isPresent()
                          ? "put the log's version "
                              + champion.get()
                              + " back: `sluice doctor --fix`; or keep"
                          : "there is no entry of the log to set them by; make")
                      + " what others set"
                      + (champion.isPresent() ? ": " : " the first entry: ")
                      + "`sluice adopt VERSION --reason ..`"));
        }
      }
    }
  }

  private static void fixed(PromotionLog log, List<CheckResult> findings) {
    for (String change : log.overwriteProjections()) {
      findings.add(CheckResult.pass("mended", change));
    }
    findings.add(CheckResult.pass("alias and tag", "say what the log says"));
  }

  private void print(List<CheckResult> findings, boolean well) {
    if (json) {
      ObjectNode root = Json.object().put("well", well);
      var list = root.putArray("findings");
      findings.forEach(f ->
          list.addObject()
              .put("what", f.what())
              .put("well", f.passed())
              .put("outcome", f.outcome().word())
              .put("detail", f.detail()));
      terminal.printJson(Json.pretty(root));
    } else {
      for (CheckResult f : findings) {
        terminal.print("%-7s %-16s %s%n".formatted(word(f.outcome()), f.what(), f.detail()));
      }
    }
  }

  private static String word(CheckResult.Outcome outcome) {
    return switch (outcome) {
      case PASSED -> "ok";
      case FAILED -> "WRONG";
      case UNKNOWN -> "UNKNOWN";
    };
  }
}
