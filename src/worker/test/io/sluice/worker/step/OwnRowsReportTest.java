package io.sluice.worker.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Decision;
import io.sluice.core.gate.Gate;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.plan.OwnEvaluation;
import io.sluice.core.plan.Plan;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.record.Resolved;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.task.Task;
import io.sluice.store.Area;
import io.sluice.store.FolderStore;
import io.sluice.store.Trees;
import io.sluice.worker.bundle.ModelFiles;
import io.sluice.worker.cache.KeyedStage;
import io.sluice.worker.cache.TaskArguments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the store step makes of the rows that a team's own evaluation left. */
class OwnRowsReportTest {
  private static final Instant AS_OF = Instant.parse("2026-06-01T00:00:00Z");
  private static final Digest ANY = Digest.of("any");
  private static final String TABLE =
      """
      {"apiVersion":"sluice.io/table/v1","id":["query"],"label":"answer","features":{"a":"float"},
       "classes":["no","yes"]}
      """;

  @TempDir Path folder;
  private FolderStore store;
  private final List<KeyedStage.Present> inputs = new ArrayList<>();
  private final List<TaskArguments.Input> missing = new ArrayList<>();
  private OwnEvaluation own = new OwnEvaluation("rows", "loss", Task.OWN);

  @BeforeEach
  void twoQueries() throws IOException {
    store = new FolderStore(folder.resolve("store"), Area.TRUSTED);
    input("candidates/ranker", "weights", "1");
  }

  /** An input of the stage: a folder with one file. */
  private Manifest input(String name, String... files) throws IOException {
    Path at = folder.resolve("made").resolve(name);
    Files.createDirectories(at);
    for (int i = 0; i < files.length; i += 2) {
      Files.writeString(at.resolve(files[i]), files[i + 1]);
    }
    Manifest content =
        new Manifest(Optional.empty(), java.util.Map.of(), Trees.put(store, at, "x"))
            .artifact("x")
            .orElseThrow();
    inputs.add(
        new KeyedStage.Present(
            new TaskArguments.Input(name, false, new TaskArguments.Source.Produced(ANY), "x"),
            ANY,
            Optional.of(AS_OF),
            false,
            content));
    return content;
  }

  private EvaluationReport written(String rows, String json) throws IOException {
    Path out = folder.resolve("outputs/rows");
    Files.createDirectories(out);
    Files.writeString(out.resolve("rows.csv"), rows);
    Files.writeString(
        out.resolve("rows.json"),
        "{\"apiVersion\":\"sluice.io/own-rows/v1\",\"id\":[\"query\"]" + json + "}");
    Files.deleteIfExists(out.resolve("evaluation.json"));
    Files.deleteIfExists(out.resolve("bundles.json"));
    new OwnRowsReport(store, stage(), own).write(folder.resolve("outputs"), folder.resolve("tmp"));
    return HoldoutTable.report(out);
  }

  private KeyedStage stage() {
    Resolved resolved =
        new Resolved(
            "search",
            new RunId("run-1"),
            AS_OF,
            ANY,
            Optional.empty(),
            1,
            PromotionLog.Head.EMPTY,
            Optional.of(
                new Resolved.Champion(1, "before", "run-0", new TreeMap<>(), new TreeMap<>())),
            Optional.empty());
    TaskArguments arguments =
        new TaskArguments(
            new RunId("run-1"),
            new StageName("judge"),
            Plan.Kind.STAGE,
            1,
            ANY,
            Optional.empty(),
            "",
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            1,
            Json.object(),
            List.of(),
            Optional.of(own),
            false,
            folder,
            folder,
            false,
            List.of(),
            List.of("rows"),
            List.of());
    return new KeyedStage(arguments, resolved, Optional.empty(), inputs, missing, Optional.empty());
  }

  private Diagnostic refused(String rows, String json) {
    SluiceException e = catchThrowableOfType(SluiceException.class, () -> written(rows, json));
    assertThat(e).as(rows + json).isNotNull();
    assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_WRONG);
    assertThat(e.diagnostics().getFirst().hint()).isPresent();
    return e.diagnostics().getFirst();
  }

  @Test
  void theReportSaysWhatSluiceKnowsAndWhatTheTeamSays() throws Exception {
    missing.add(
        new TaskArguments.Input(
            "candidates/deep", false, new TaskArguments.Source.Failed(3), "model"));
    EvaluationReport report =
        written(
            "query,language,candidate:ranker,baseline:popular\nq1,de,0.2,0.9\nq2,en,0,1\n",
            ",\"slices\":[\"language\"],\"validation\":{\"rows\":7,"
                + "\"values\":{\"candidate:ranker\":0.1,\"baseline:popular\":0.8}}");
    assertThat(report.task()).contains(Task.OWN);
    assertThat(report.asOf()).isEqualTo(AS_OF);
    assertThat(report.chosen()).isEqualTo("ranker");
    assertThat(report.bestBaseline()).contains("popular");
    assertThat(report.champion()).isEmpty();
    assertThat(report.rows())
        .isEqualTo(
            new EvaluationReport.Rows(
                2, 7, 2, Optional.empty(), Optional.empty(), Optional.of(0L)));
    assertThat(report.family("deep").flatMap(EvaluationReport.Family::reason))
        .hasValueSatisfying(
            r -> assertThat(r.sentence()).contains("SLU-7502", "ended with exit code 3"));
    assertThat(report.audit().unaudited())
        .extracting(EvaluationReport.Unaudited::what)
        .containsExactly(
            "the losses",
            "what the models learned from",
            "whether the rows are those of the holdout");
    assertThat(Evaluate.bundles(folder.resolve("outputs/rows/bundles.json")))
        .containsEntry(
            "candidate:ranker",
            ModelFiles.ofFolder(folder.resolve("made/candidates/ranker")).digest());
  }

  @Test
  void whatDoesNotGoTogetherIsRefusedByName() throws Exception {
    String good = "query,candidate:ranker\nq1,0.2\n";
    assertThat(written(good, "").chosen()).isEqualTo("ranker");
    assertThat(refused("query,candidate:ranker\n", "").id()).isEqualTo("SLU-6060");
    assertThat(refused(good, ",\"unit\":[\"query\"]").message()).contains("unit");
    assertThat(refused(good, ",\"classes\":[\"a\",\"b\"]").id()).isEqualTo("SLU-6060");
    assertThat(refused("query\nq1\n", ""))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6061"))
        .satisfies(d -> assertThat(d.message()).contains("no column candidate:ranker"));
    assertThat(refused("query,candidate:ranker,candidate:rankr\nq1,1,1\n", ""))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6061"))
        .satisfies(
            d -> assertThat(d.hint().orElseThrow()).contains("did you mean \"candidate:ranker\""));
    assertThat(refused(good, ",\"leftOut\":{\"other\":\"why\"}").id()).isEqualTo("SLU-6061");
    assertThat(refused(good, ",\"leftOut\":{\"ranker\":\"why\"}").message())
        .contains("rows.csv has a column of it");
    assertThat(
            refused(good, ",\"validation\":{\"rows\":1,\"values\":{\"baseline:x\":1}}").message())
        .contains("no such column");
    assertThat(refused("query,candidate:ranker,champion\nq1,1,1\n", "").id()).isEqualTo("SLU-6062");
    assertThat(refused("query,candidate:ranker\nq1,1\nq1,1\n", ""))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6063"))
        .satisfies(d -> assertThat(d.message()).contains("line 3", "q1"));
    assertThat(refused("query,candidate:ranker\nq1,-0.1\n", ""))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6065"))
        .satisfies(d -> assertThat(d.message()).contains("line 2", "candidate:ranker"));
    assertThat(refused("query,candidate:ranker,baseline:a,baseline:b\nq1,1,1,1\n", ""))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6067"));
    assertThat(refused("name,candidate:ranker\nq1,1\n", "").id()).isEqualTo("SLU-6021");

    Files.writeString(folder.resolve("outputs/rows/evaluation.json"), "{}");
    SluiceException e =
        catchThrowableOfType(
            SluiceException.class,
            () ->
                new OwnRowsReport(store, stage(), own)
                    .write(folder.resolve("outputs"), folder.resolve("tmp")));
    assertThat(e.diagnostics().getFirst().message()).contains("wrote rows/evaluation.json");
  }

  @Test
  void nothingIsWrittenThroughALinkOfTheCommand() throws Exception {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("rows.csv"), "query,candidate:ranker\nq1,0.2\n");
    Files.writeString(
        elsewhere.resolve("rows.json"),
        "{\"apiVersion\":\"sluice.io/own-rows/v1\",\"id\":[\"query\"]}");
    Path outputs = Files.createDirectories(folder.resolve("outputs"));
    Files.createSymbolicLink(outputs.resolve("rows"), elsewhere);
    SluiceException e =
        catchThrowableOfType(
            SluiceException.class,
            () -> new OwnRowsReport(store, stage(), own).write(outputs, folder.resolve("tmp")));
    assertThat(e.diagnostics().getFirst())
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6060"))
        .satisfies(d -> assertThat(d.message()).contains("rows is not a folder"));
    assertThat(elsewhere).isDirectoryNotContaining("glob:**{evaluation,bundles}.json");
  }

  @Test
  void theChampionMeetsEveryRowAndACandidateThatDoesNotIsForTheGate() throws Exception {
    input("champion", "weights", "0");
    assertThat(refused("query,candidate:ranker\nq1,1\n", "").id()).isEqualTo("SLU-6062");
    for (String value : List.of("", "NaN", "inf")) {
      assertThat(refused("query,candidate:ranker,champion\nq1,1,1\nq2,1," + value + "\n", ""))
          .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6064"))
          .satisfies(d -> assertThat(d.message()).contains("line 3", "the champion"));
    }
    EvaluationReport report =
        written("query,candidate:ranker,champion\nq1,,1\nq2,Infinity,1\nq3,1,1\n", "");
    assertThat(report.family("ranker").flatMap(EvaluationReport.Family::unusable))
        .contains(new EvaluationReport.Unusable(1, 1, 0));
    assertThat(report.champion().map(EvaluationReport.Champion::family)).contains("before");
    assertThat(report.bestBaseline()).isEmpty();
  }

  @Test
  void aFamilyIsPickedOnValidationOrByBeingTheOnlyOne() throws Exception {
    input("candidates/other", "weights", "2");
    String both = "query,candidate:other,candidate:ranker\nq1,0.1,0.5\n";
    assertThat(refused(both, "").id()).isEqualTo("SLU-6067");
    assertThat(
            written(
                    both,
                    ",\"validation\":{\"rows\":3,"
                        + "\"values\":{\"candidate:other\":0.5,\"candidate:ranker\":0.3}}")
                .chosen())
        .as("whatever the holdout says")
        .isEqualTo("ranker");
    EvaluationReport without =
        written("query,candidate:other\nq1,0.1\n", ",\"leftOut\":{\"ranker\":\"does not load\"}");
    assertThat(without.chosen()).isEqualTo("other");
    assertThat(without.family("ranker").flatMap(EvaluationReport.Family::reason))
        .hasValueSatisfying(r -> assertThat(r.sentence()).contains("SLU-6067", "does not load"));
    assertThat(
            refused("query\nq1\n", ",\"leftOut\":{\"ranker\":\"broken\",\"other\":\"broken\"}")
                .message())
        .contains("no candidate is left");
  }

  @Test
  void theRowsAreThoseOfATableSetThatTheStageCannotHaveChanged() throws Exception {
    input("holdout", "table.json", TABLE, "rows.csv", "query,a,answer\nq1,1,yes\nq2,2,no\n");
    assertThat(written("query,candidate:ranker\nq2,1\nq1,0\n", "").rows().expected()).contains(2L);
    assertThat(refused("query,candidate:ranker\nq1,1\n", ""))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6066"))
        .satisfies(d -> assertThat(d.message()).contains("lacks 1 of the 2 rows", "q2"));
    assertThat(refused("query,candidate:ranker\nq1,1\nq2,1\nq3,1\n", "").message())
        .contains("line 4", "no row q3");

    own = new OwnEvaluation("rows", "logloss", Task.BINARY);
    String classes = ",\"classes\":[\"no\",\"yes\"]";
    EvaluationReport report =
        written("query,actual,candidate:ranker\nq1,1,0.9\nq2,0,0.3\n", classes);
    assertThat(report.classes()).containsExactly("no", "yes");
    assertThat(report.audit().targets()).isEqualTo(EvaluationReport.Audited.CLEAN);
    assertThat(refused("query,actual,candidate:ranker\nq1,1,0.9\nq2,1,0.3\n", classes))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6066"))
        .satisfies(d -> assertThat(d.message()).contains("line 3", "`actual`", "it is 1"));
    assertThat(
            refused("query,actual,weight,candidate:ranker\nq1,1,1,0.9\nq2,0,9,0.3\n", classes)
                .message())
        .contains("`weight`", "it is 9");
    assertThat(
            refused(
                    "query,actual,candidate:ranker\nq1,1,0.9\nq2,0,0.3\n",
                    ",\"classes\":[\"yes\",\"no\"]")
                .message())
        .contains("`classes`");
  }

  @Test
  void rowsAreNotMadeToLookNewByATimeOfTheJudge() throws Exception {
    input("holdout", "table.json", TABLE, "rows.csv", "query,a,answer\nq1,1,yes\nq2,2,no\n");
    assertThat(
            refused("query,time,candidate:ranker\nq1,2026-01-01,1\nq2,2026-01-09,0\n", "")
                .message())
        .contains("column `time`", "the holdout has no time");
    for (String column : List.of("origin", "horizon", "targetEnd")) {
      assertThat(
              refused("query,%s,candidate:ranker\nq1,1,1\nq2,1,0\n".formatted(column), "")
                  .message())
          .contains("column `" + column + "`");
    }
    inputs.removeIf(p -> p.input().name().equals("holdout"));
    assertThat(refused("query,targetEnd,candidate:ranker\nq1,2027-01-01,1\n", "").message())
        .as("nor where the holdout has another form")
        .contains("targetEnd");
  }

  @Test
  void slicesOfTheTableStayAsTheyAre() throws Exception {
    String table = TABLE.replace("\"label\"", "\"slices\":[\"city\"],\"label\"");
    input(
        "holdout",
        "table.json",
        table,
        "rows.csv",
        "query,a,city,answer\nq1,1,Bonn,yes\nq2,2,Ulm,no\n");
    String rows = "query,city,long,candidate:ranker\nq1,Bonn,no,1\nq2,Ulm,no,0\n";
    assertThat(written(rows, ",\"slices\":[\"long\",\"city\"]").slices()).contains("city");
    assertThat(refused(rows, ",\"slices\":[\"long\"]"))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6066"))
        .satisfies(d -> assertThat(d.message()).contains("`slices` [long]", "[city]"));
    assertThat(refused(rows.replace("Ulm", "Bonn"), ",\"slices\":[\"city\"]").message())
        .contains("line 3", "city", "it is Bonn, and Ulm in the holdout");
  }

  @Test
  void whatIsWrongInNamesIsSaidInWords() throws Exception {
    String rows = "query,candidate:ranker\nq1,1\n";
    for (String field : List.of("group", "slices", "classes")) {
      assertThat(refused(rows, ",\"" + field + "\":[null]").message())
          .contains("`" + field + "`", "each name once, and none is empty");
    }
    assertThat(
            refused(rows, ",\"validation\":{\"rows\":1,\"values\":{\"candidate:ranker\":null}}")
                .message())
        .contains("`validation.values.candidate:ranker` is null");
    assertThat(refused(rows, ",\"leftOut\":{\"ranker\":null}").message())
        .contains("`leftOut.ranker` is null");
    for (String name : List.of("", "<b>x", "a b", "x".repeat(64))) {
      assertThat(refused("query,candidate:ranker,baseline:" + name + "\nq1,1,1\n", ""))
          .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6061"))
          .satisfies(d -> assertThat(d.message()).contains("baseline:").doesNotContain("<"));
    }
    assertThat(written("query,candidate:ranker,baseline:most_popular\nq1,1,1\n", "").bestBaseline())
        .contains("most_popular");
    for (String field : List.of("group", "slices")) {
      assertThat(refused(rows, ",\"" + field + "\":[\"candidate:ranker\"]").message())
          .contains("candidate:ranker", "of a model");
    }
  }

  @Test
  void nullInTheTableOfTheHoldoutIsSaidInWords() throws Exception {
    for (String wrong :
        List.of(TABLE.replace("[\"query\"]", "[null]"), TABLE.replace("\"float\"", "null"))) {
      inputs.removeIf(p -> p.input().name().equals("holdout"));
      input("holdout", "table.json", wrong, "rows.csv", "query,a,answer\nq1,1,yes\n");
      assertThat(refused("query,candidate:ranker\nq1,1\n", ""))
          .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6050"))
          .satisfies(d -> assertThat(d.message()).contains("null").doesNotContain("invoke"));
    }
  }

  @Test
  void aHoldoutHasEachRowOnce() throws Exception {
    input("holdout", "table.json", TABLE, "rows.csv", "query,a,answer\nq1,1,yes\nq1,2,no\n");
    assertThat(refused("query,candidate:ranker\nq1,1\n", ""))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6066"))
        .satisfies(d -> assertThat(d.message()).contains("holdout/rows.csv", "line 3", "q1"));
  }

  @Test
  void probabilitiesOfTheChampionAreOnesThatTheMetricCanJudge() throws Exception {
    input("champion", "weights", "0");
    own = new OwnEvaluation("rows", "logloss", Task.MULTICLASS);
    String header = "query,actual,candidate:ranker#0,candidate:ranker#1,champion#0,champion#1\n";
    String classes = ",\"classes\":[\"cat\",\"dog\"]";
    assertThat(refused(header + "q1,0,0.5,0.5,0.5,0.4\n", classes))
        .satisfies(d -> assertThat(d.id()).isEqualTo("SLU-6064"))
        .satisfies(d -> assertThat(d.message()).contains("the champion is 0.5, 0.4"));
    EvaluationReport report = written(header + "q1,0,0.5,0.1,0.5,0.5\n", classes);
    assertThat(report.family("ranker").flatMap(EvaluationReport.Family::unusable))
        .contains(new EvaluationReport.Unusable(0, 0, 1));
  }

  @Test
  void forecastsKeepTheirOriginsAndHorizons() throws Exception {
    own = new OwnEvaluation("rows", "loss", Task.FORECAST);
    String header = "query,origin,horizon,targetEnd,candidate:ranker\n";
    EvaluationReport report =
        written(header + "q1,2026-01-12,1,2026-01-19,0.5\nq1,2026-01-05,1,2026-01-12,0.5\n", "");
    assertThat(report.task()).isEmpty();
    assertThat(report.firstHoldoutOrigin()).isEqualTo(Instant.parse("2026-01-05T00:00:00Z"));
    HoldoutRows rows =
        HoldoutTable.read(
            folder.resolve("outputs/rows"),
            new GateContext(AS_OF, Optional.empty(), Optional.empty()));
    assertThat(rows.size()).isEqualTo(2);
    assertThat(
            refused(header + "q1,2026-01-12,1,2026-01-19,0.5\nq1,2026-01-12,1,2026-01-19,1\n", "")
                .id())
        .isEqualTo("SLU-6063");
  }

  @Test
  void whatNobodyCouldAuditHoldsWhereThePolicyAsksForIt() throws Exception {
    Verdict held = verdict(0.3, ",\"floors\":{\"loss\":0.5},\"requireAudit\":true");
    assertThat(held.findings()).extracting(Verdict.Finding::code).containsExactly("audit");
    assertThat(held.findings().getFirst().text()).contains("the losses", "`judge`");
  }

  @Test
  void aFirstGateWithoutABaselineHoldsUnlessAFloorIsProvenToBeReached() throws Exception {
    assertThat(verdict(0.3, "")).extracting(Verdict::decision).isEqualTo(Decision.HOLD);
    assertThat(verdict(0.3, "").findings()).extracting(Verdict.Finding::code).contains("reference");
    Verdict promoted = verdict(0.3, ",\"floors\":{\"loss\":0.5}");
    assertThat(promoted.decision()).isEqualTo(Decision.PROMOTE);
    assertThat(promoted.reference()).contains("baseline:floor");
    Verdict hardly = verdict(0.49, ",\"floors\":{\"loss\":0.5}");
    assertThat(hardly.findings()).extracting(Verdict.Finding::code).containsExactly("improvement");
    Verdict above = verdict(0.6, ",\"floors\":{\"loss\":0.5}");
    assertThat(above.findings()).extracting(Verdict.Finding::code).contains("floor", "worse");
  }

  /** Of 400 queries with losses around a mean. */
  private Verdict verdict(double mean, String policy) throws IOException {
    Random random = new Random(1);
    StringBuilder rows = new StringBuilder("query,candidate:ranker\n");
    for (int i = 0; i < 400; i++) {
      rows.append("q%03d,%s\n".formatted(i, mean + 0.2 * (random.nextDouble() - 0.5)));
    }
    written(rows.toString(), "");
    HoldoutRows read =
        HoldoutTable.read(
            folder.resolve("outputs/rows"),
            new GateContext(AS_OF, Optional.empty(), Optional.empty()));
    return Gate.decide(
        read,
        GatePolicy.parse(Json.parse("{\"metric\":\"loss\",\"task\":\"own\"" + policy + "}")),
        History.NONE,
        1);
  }
}
