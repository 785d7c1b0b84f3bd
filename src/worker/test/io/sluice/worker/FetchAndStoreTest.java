package io.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.record.Deliveries;
import io.sluice.core.record.Delivery;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.StageRecord;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.store.Area;
import io.sluice.store.FolderStore;
import io.sluice.worker.workspace.Workspace;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A stage as its pod runs it: fetch, the user's command, store; on a real store. */
class FetchAndStoreTest {
  private static final Instant AS_OF = Instant.parse("2026-03-01T00:00:00Z");

  private static final Path TABLES = Path.of("../../test-fixtures/tables");

  @TempDir Path folder;
  private FolderStore store;
  private Worker worker;
  private Digest resolved;
  private Map<String, String> env = Map.of();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void aResolvedRun() throws IOException {
    store = new FolderStore(folder.resolve("store"));
    worker =
        new Worker(
            Clock.fixed(Instant.parse("2026-03-02T00:00:00Z"), ZoneOffset.UTC),
            (path, untrusted) -> new FolderStore(path, untrusted ? Area.UNTRUSTED : Area.TRUSTED),
            (env, says) -> {
              throw new AssertionError("fetch and store have no business with the registry");
            });
    resolved = pin(AS_OF);
  }

  @Test
  void laysOutWhatTheCommandFindsAndStoresWhatItLeaves() throws Exception {
    Digest data = manifest("train", "a,b\n1,2\n");
    assertThat(fetch("stage", List.of("train=" + data + "#train"), List.of("model"))).isZero();
    assertThat(text("hit")).isEqualTo("no");
    assertThat(text("w/inputs/train")).isEqualTo("a,b\n1,2\n");
    assertThat(text("w/code/rma/train.py")).isEqualTo("print()");
    assertThat(
            sh(
                ". \"$0\" && printf %s \"$SLUICE_AS_OF $SLUICE_MODE\" > \"$SLUICE_OUTPUTS/model\""
                    + " && printf 0.5 > \"$SLUICE_RESULTS/loss\""))
        .isZero();
    assertThat(store("stage", List.of("train=" + data + "#train"), List.of("model"), "no", 0))
        .isZero();
    Manifest left = store.manifest(Digest.parse(text("outputs")));
    assertThat(left.results()).containsExactly(Map.entry("loss", "0.5"));
    assertThat(left.entries().getFirst().digest())
        .isEqualTo(Digest.of("2026-03-01T00:00:00Z stage"));
    StageRecord record =
        StageRecord.parse(Json.parse(store.records(new RunId("run-1")).getFirst()));
    assertThat(record.outputs()).contains(left.digest());
    assertThat(record.artifacts()).containsKey("model");
  }

  @Test
  void theShellGetsTheWordsOfTheCommandAsTheirAuthorWroteThem() throws Exception {
    fetch("stage", List.of(), List.of("o"));
    assertThat(sh(". \"${0%/env}/command\" && printf '%s|' \"$@\" >\"${0%/env}/words\"")).isZero();
    assertThat(text("w/words")).isEqualTo("python|--run|x|$(date) § $HOME|");
  }

  @Test
  void storeGoesByWhatFetchWasToldAndNotByWhatTheCommandMadeOfIt() throws Exception {
    fetch("stage", List.of(), List.of("o"));
    assertThat(Digest.parse(text("call"))).isEqualTo(Digest.of(text("w/call.json")));
    Files.writeString(folder.resolve("w/outputs/o"), "x");
    Files.writeString(folder.resolve("exit"), "0");
    List<String> store =
        List.of(
            "store",
            "--hit",
            "no",
            "--call",
            text("call"),
            "--exit-code-file",
            at("exit"),
            "--result-outputs",
            at("outputs"),
            "--workspace",
            at("w"));
    assertThat(run(store)).isZero();
    String changed = text("w/call.json").replace("\"7\"", "\"8\"");
    Files.writeString(folder.resolve("w/call.json"), changed);
    assertThat(run(store)).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("SLU-4026").contains("was changed");
    assertThat(text("outputs")).isEqualTo("failed:1");
    Files.delete(folder.resolve("w/call.json"));
    assertThat(run(store)).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("is gone");
  }

  @Test
  void theSameStageHitsTheCacheAndAChangedInputDoesNot() throws Exception {
    List<String> inputs = List.of("train=" + manifest("train", "1") + "#train");
    fetch("stage", inputs, List.of("model"));
    Files.writeString(folder.resolve("w/outputs/model"), "m");
    store("stage", inputs, List.of("model"), "no", 0);
    String first = text("outputs");
    fetch("stage", inputs, List.of("model"));
    assertThat(text("hit")).isEqualTo("yes");
    store("stage", inputs, List.of("model"), "yes", 0);
    assertThat(text("outputs")).isEqualTo(first);
    fetch("stage", List.of("train=" + manifest("train", "2") + "#train"), List.of("model"));
    assertThat(text("hit")).isEqualTo("no");
  }

  @Test
  void whatStagesReportedIsAFileOfTheGateAndPartOfItsKey() throws Exception {
    Digest fast = reporting("41.2");
    Digest slow = reporting("61.2");
    String failed = "?results/train-b=failed:3#@results";
    assertThat(fetch("gate", List.of("?results/bench=" + fast + "#@results", failed), List.of("v")))
        .isZero();
    assertThat(text("hit")).isEqualTo("no");
    assertThat(text("w/inputs/results/bench"))
        .isEqualTo("{\"latency_ms\":\"41.2\",\"note\":\"ok\"}");
    assertThat(folder.resolve("w/inputs/results/train-b")).doesNotExist();
    Files.writeString(folder.resolve("w/outputs/v"), "x");
    store("gate", List.of("?results/bench=" + fast + "#@results", failed), List.of("v"), "no", 0);

    fetch("gate", List.of("?results/bench=" + fast + "#@results", failed), List.of("v"));
    assertThat(text("hit")).isEqualTo("yes");
    fetch("gate", List.of("?results/bench=" + slow + "#@results", failed), List.of("v"));
    assertThat(text("hit")).as("another number").isEqualTo("no");
    fetch("gate", List.of("?results/bench=" + fast + "#@results"), List.of("v"));
    assertThat(text("hit")).as("no family failed").isEqualTo("no");
  }

  /** What a stage left whose command reported a number. */
  private Digest reporting(String latency) throws IOException {
    Manifest left =
        new Manifest(Optional.of(AS_OF), Map.of("latency_ms", latency, "note", "ok"), List.of());
    return store.put(new ByteArrayInputStream(left.bytes()));
  }

  @Test
  void aDamagedCacheEntryIsToldAndTheStageRunsAndReplacesIt() throws Exception {
    fetch("stage", List.of(), List.of("model"));
    Files.writeString(folder.resolve("w/outputs/model"), "m");
    store("stage", List.of(), List.of("model"), "no", 0);
    String first = text("outputs");
    Path entry;
    try (Stream<Path> files = Files.walk(folder.resolve("store/cache"))) {
      entry = files.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
    Files.write(entry, new byte[] {(byte) 0xff, (byte) 0xfe});
    assertThat(fetch("stage", List.of(), List.of("model"))).isZero();
    assertThat(text("hit")).isEqualTo("no");
    assertThat(out.toString(UTF_8)).contains("is damaged (it holds something else than a digest)");
    Files.writeString(folder.resolve("w/outputs/model"), "m");
    assertThat(store("stage", List.of(), List.of("model"), "no", 0)).isZero();
    assertThat(text("outputs")).isEqualTo(first);
    fetch("stage", List.of(), List.of("model"));
    assertThat(text("hit")).isEqualTo("yes");
  }

  @Test
  void theLoopOfATuneStageIsToldHowManyItIs() throws Exception {
    List<String> outputs = List.of("best", "study");
    assertThat(run(call("tune", List.of(), outputs, "{}"))).isZero();
    assertThat(text("w/env")).contains("export SLUICE_PARALLEL='1'");
    String four = "{\"parallel\":4}";
    assertThat(run(call("tune", List.of(), outputs, four))).isZero();
    assertThat(text("w/env")).contains("export SLUICE_PARALLEL='4'");
    String many = "{\"parallel\":100000}";
    assertThat(run(call("tune", List.of(), outputs, many))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("SLU-4020", "from 1 to 64");
  }

  @Test
  void aResultOfTektonIsADigestHoweverMuchAStageHasToSay() throws Exception {
    fetch("stage", List.of(), List.of("model"));
    Files.writeString(folder.resolve("w/outputs/model"), "m");
    for (int i = 0; i < 64; i++) {
      Files.writeString(folder.resolve("w/results/r" + i), "x".repeat(4096));
    }
    assertThat(store("stage", List.of(), List.of("model"), "no", 0)).isZero();
    assertThat(text("outputs")).hasSize("sha256:".length() + 64);
    assertThat(store.manifest(Digest.parse(text("outputs"))).results()).hasSize(64);
  }

  @Test
  void aResultThatCannotBeKeptCostsItselfAndNotTheModel() throws Exception {
    fetch("stage", List.of(), List.of("model"));
    Files.writeString(folder.resolve("w/outputs/model"), "m");
    Path results = folder.resolve("w/results");
    for (String name : List.of("recall@10", "recall_10", "mape_%", "f1 (macro)", "90th")) {
      Files.writeString(results.resolve(name), "value of " + name);
    }
    Files.writeString(results.resolve("nan"), "nan");
    Files.writeString(results.resolve("long"), "x".repeat(4097));
    Files.write(results.resolve("latin"), new byte[] {(byte) 0xfc});
    Files.createDirectory(results.resolve("folder"));
    Files.createSymbolicLink(results.resolve("link"), Path.of("/etc/hostname"));

    assertThat(store("stage", List.of(), List.of("model"), "no", 0)).isZero();

    assertThat(store.manifest(Digest.parse(text("outputs"))).results())
        .containsOnly(
            Map.entry("recall_10", "value of recall_10"),
            Map.entry("mape__", "value of mape_%"),
            Map.entry("f1 _macro_", "value of f1 (macro)"),
            Map.entry("90th", "value of 90th"),
            Map.entry("nan", "nan"));
    assertThat(out.toString(UTF_8).lines().filter(l -> l.contains("result `")))
        .containsExactly(
            "the result `f1 (macro)` is kept as `f1 _macro_`: names have letters, digits, blanks"
                + " and _ . - :",
            "warning[SLU-4011]: the result `folder` is left out: it is not a plain file",
            "warning[SLU-4011]: the result `latin` is left out: it is not UTF-8",
            "warning[SLU-4011]: the result `link` is left out: it is not a plain file",
            "warning[SLU-4011]: the result `long` is left out: it is larger than 4096 bytes",
            "the result `mape_%` is kept as `mape__`: names have letters, digits, blanks and _ . -"
                + " :",
            "warning[SLU-4011]: the result `recall@10` is left out: `recall_10`, as which it would"
                + " be kept, is another result");
  }

  @Test
  void tablesThatEvaluateWouldRefuseAreRefusedWhereTheyAreWritten() throws Exception {
    List<String> raw = List.of("raw=" + manifest("weeks", WEEKS) + "#weeks");
    List<String> split = call("stage", raw, List.of("holdout", "validation"), USE);
    Files.writeString(folder.resolve("exit"), "0");

    assertThat(run(split)).isZero();
    assertThat(text("w/params.json")).as("what the command sees").doesNotContain("tables");
    tables("validation", "2026-01-05", "2026-01-12", 4);
    tables("holdout", "2026-01-19", "2026-01-26", 6);
    assertThat(store("no", split)).isZero();
    assertThat(out.toString(UTF_8))
        .contains("tables are as evaluate wants them: validation, holdout, against the snapshot");
    assertThat(run(split)).isZero();
    assertThat(text("hit")).isEqualTo("yes");

    // the same values learned of another metric are another question
    List<String> other =
        call("stage", raw, List.of("holdout", "validation"), USE.replace("mae", "tweedie"));
    assertThat(run(other)).isZero();
    assertThat(text("hit")).isEqualTo("no");

    tables("validation", "2026-01-05", "2026-01-12", 4);
    tables("holdout", "2026-01-19", "2026-01-26", 5);
    assertThat(store("no", split)).as("another actual than the snapshot has").isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("SLU-6035", "holdout/rows.csv, line 2");
    assertThat(text("outputs")).isEqualTo("failed:2");
    StageRecord record = StageRecord.parse(Json.parse(store.records(new RunId("run-1")).getLast()));
    assertThat(record.cause()).contains("SLU-6035");
  }

  /** What reports say: a unit, four weeks, each known when it is over and final a week later. */
  private static final String WEEKS =
      """
      unit,week,reported,n
      u,2025-12-29,2026-01-05,3
      u,2026-01-05,2026-01-12,4
      u,2026-01-12,2026-01-19,5
      u,2026-01-19,2026-01-26,6
      """;

  private static final String USE =
      """
      {"lr":0.1,"sluice.tables":[{"stage":"evaluate",
       "tables":{"holdout":"outputs/holdout","snapshot":"inputs/raw",
                 "validation":"outputs/validation"},
       "with":{"baselines":["zero"],"metric":"mae","slices":[],"unit":["unit"],
               "labels":{"column":"n","eventTime":"week","knownAt":"reported",
                         "matureAfter":"P0D"}}}]}
      """;

  /** A panel table set of one row, in the outputs of the stage. */
  private void tables(String output, String origin, String targetEnd, int actual)
      throws IOException {
    Path set = Files.createDirectories(folder.resolve("w/outputs").resolve(output));
    Files.writeString(
        set.resolve("panel.json"),
        "{\"unit\":[\"unit\"],\"slices\":[],\"channels\":[\"n\"],\"period\":\"P7D\",\"label\":\"n\"}");
    Files.writeString(
        set.resolve("panel.csv"), "unit,eventTime,knownAt,n\nu,2025-12-29,2026-01-05,3\n");
    Files.writeString(
        set.resolve("rows.csv"),
        "unit,origin,horizon,targetEnd,knownAt,actual,weight\nu,%s,1,%s,%s,%d,1\n"
            .formatted(origin, targetEnd, targetEnd, actual));
  }

  @Test
  void aFailureIsPassedOnAndNeverCached() throws Exception {
    fetch("train", List.of(), List.of("model"));
    assertThat(store("train", List.of(), List.of("model"), "no", 7)).isEqualTo(7);
    assertThat(text("outputs")).isEqualTo("failed:7");
    fetch("train", List.of(), List.of("model"));
    assertThat(text("hit")).isEqualTo("no");
    List<String> failed = List.of("params=failed:7#best");
    fetch("train", failed, List.of("model"));
    assertThat(text("hit")).isEqualTo("upstream-failed");
    assertThat(store("train", failed, List.of("model"), "upstream-failed", 0)).isEqualTo(7);
    assertThat(text("outputs")).isEqualTo("failed:7");
  }

  @Test
  void aCommandThatFailsSaysWhyInTheRecord() throws Exception {
    fetch("train", List.of(), List.of("model"));
    Files.writeString(folder.resolve("w/results/failure"), "the loss is NaN\nin epoch 3\u0007\n");
    store("train", List.of(), List.of("model"), "no", 137);
    StageRecord record =
        StageRecord.parse(Json.parse(store.records(new RunId("run-1")).getFirst()));
    assertThat(record.cause())
        .isEqualTo(
            "the command ended with exit code 137 (killed: by hand, or because memory ran out):"
                + " the loss is NaN in epoch 3");
  }

  @Test
  void aLinkIsNoReason() throws Exception {
    fetch("train", List.of(), List.of("model"));
    Files.createSymbolicLink(folder.resolve("w/results/failure"), Path.of("/etc/hostname"));
    store("train", List.of(), List.of("model"), "no", 1);
    StageRecord record =
        StageRecord.parse(Json.parse(store.records(new RunId("run-1")).getFirst()));
    assertThat(record.cause()).isEqualTo("the command ended with exit code 1");
  }

  @Test
  void howALostMemberEndedIsPartOfTheKey() throws Exception {
    String alive = "candidates/xgb=" + manifest("model", "m") + "#model";
    List<String> killed = List.of(alive, "candidates/deep=failed:137#model");
    fetch("stage", killed, List.of("o"));
    Files.writeString(folder.resolve("w/outputs/o"), "m");
    store("stage", killed, List.of("o"), "no", 0);
    fetch("stage", killed, List.of("o"));
    assertThat(text("hit")).isEqualTo("yes");
    fetch("stage", List.of(alive, "candidates/deep=failed:124#model"), List.of("o"));
    assertThat(text("hit")).isEqualTo("no");
  }

  @Test
  void aFanInGoesOnWithWhatIsLeftUntilNothingIs() throws Exception {
    Digest model = manifest("model", "m");
    String dead = "candidates/deep=failed:1#model";
    assertThat(fetch("stage", List.of("candidates/xgb=" + model + "#model", dead), List.of("o")))
        .isZero();
    assertThat(text("hit")).isEqualTo("no");
    assertThat(Files.list(folder.resolve("w/inputs/candidates"))).hasSize(1);
    assertThat(fetch("stage", List.of(dead), List.of("o"))).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("SLU-4022").contains("candidates");
  }

  @Test
  void aMissingOutputIsNamedWithWhatIsThere() throws Exception {
    fetch("stage", List.of(), List.of("model", "report"));
    Files.writeString(folder.resolve("w/outputs/modle"), "m");
    Files.writeString(folder.resolve("w/outputs/report"), "r");
    assertThat(store("stage", List.of(), List.of("model", "report"), "no", 0)).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .contains("SLU-4010")
        .contains("did not write model; in SLUICE_OUTPUTS there is modle, report");
    assertThat(text("outputs")).isEqualTo("failed:1");
  }

  @Test
  void aLinkInAnOutputIsRefused() throws Exception {
    fetch("stage", List.of(), List.of("model"));
    Files.createSymbolicLink(folder.resolve("w/outputs/model"), Path.of("/etc/passwd"));
    assertThat(store("stage", List.of(), List.of("model"), "no", 0)).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("SLU-4012");
  }

  @Test
  void labelledDataIsAsOfItsLatestKnownRowAndMayNotComeFromTheFuture() throws Exception {
    String with = "{\"labels\":{\"knownAt\":\"known\"}}";
    run(call("data", List.of(), List.of("returns"), with));
    Path table = folder.resolve("w/outputs/returns");
    Files.writeString(table, "week,known\n1,2026-02-01\n3,2026-02-08T06:00:00Z\n2,2026-02-02\n");
    assertThat(storeData(with)).isZero();
    assertThat(store.manifest(Digest.parse(text("outputs"))).asOf())
        .contains(Instant.parse("2026-02-08T06:00:00Z"));
    Files.writeString(table, "week,known\n1,2026-03-02\n");
    assertThat(storeData(with)).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("SLU-4032").contains("line 2");
    err.reset();
    Files.writeString(table, "week,known\n1,2026-02-01\n2,\n");
    assertThat(storeData(with)).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .contains("SLU-6022", "returns, line 3, column 2 (`known`): is empty");
  }

  static List<String> tables() throws IOException {
    try (Stream<Path> files = Files.list(TABLES)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(f -> f.endsWith(".json"))
          .map(f -> f.substring(0, f.length() - ".json".length()))
          .filter(name -> asADelivery(name).has("columns"))
          .sorted()
          .toList();
    }
  }

  /** A case of the readers of tables, if it has the columns that the labels below name. */
  private static JsonNode asADelivery(String name) {
    try {
      JsonNode wanted = Json.parse(Files.readAllBytes(TABLES.resolve(name + ".json")));
      boolean fits =
          wanted.path("columns").has("reported")
              && !wanted.has("vintages")
              && wanted.path("rows").size() + wanted.path("refused").size() > 0;
      return fits ? wanted : Json.object();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("tables")
  void whatIsNotInTheFormOfTablesIsRefusedWhereItComesIn(String name) throws Exception {
    JsonNode wanted = asADelivery(name);
    String with =
        "{\"labels\":{\"column\":\"returned\",\"eventTime\":\"week\",\"knownAt\":\"reported\","
            + "\"unit\":[\"product\"]}}";
    run(call("data", List.of(), List.of("returns"), with));
    Files.copy(TABLES.resolve(name + ".csv"), folder.resolve("w/outputs/returns"));
    int exit = storeData(with);
    String said = err.toString(UTF_8);
    assertThat(exit).as("%s: %s", wanted.path("about"), said).isEqualTo(wanted.has("rows") ? 0 : 2);
    for (JsonNode words : wanted.path("refused").path("says")) {
      assertThat(said).contains(words.asText());
    }
    if (wanted.path("refused").has("column")) {
      assertThat(said).contains("(`" + wanted.path("refused").path("column").asText() + "`)");
    }
  }

  @Test
  void labelsThatTheGatesMetricCannotJudgeAreRefusedWhereTheyComeIn() throws Exception {
    String with =
        "{\"labels\":{\"column\":\"returned\",\"eventTime\":\"week\",\"knownAt\":\"reported\","
            + "\"matureAfter\":\"P14D\",\"metric\":\"%s\",\"unit\":[\"product\",\"market\"]}}";
    String deviance = with.formatted("poisson_deviance");
    run(call("data", List.of(), List.of("returns"), deviance));
    Path table = folder.resolve("w/outputs/returns");
    String header = "product,market,week,reported,returned\n";

    Files.writeString(
        table,
        header
            + "P-1,eu,2026-01-05,2026-01-12,2\n"
            + "P-2,eu,2026-01-05,2026-01-12,-3\n"
            + "P-2,eu,2026-01-12,2026-01-19,-1\n");
    assertThat(storeData(deviance)).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .contains("SLU-4036", "returns, line 3: the label -3 (`returned`) of `P-2`, `eu`")
        .contains("must not be negative for poisson_deviance", "the first of 2 such rows")
        .contains("mae, rmse, wape, pinball(0.9)");
    assertThat(storeData(with.formatted("mae"))).isZero();

    // a later report mends it, in whatever order they come; and an immature one does not count yet
    Files.writeString(
        table,
        header
            + "P-2,eu,2026-01-05,2026-01-26,0\n"
            + "P-2,eu,2026-01-05,2026-01-12,-3\n"
            + "P-1,eu,2026-02-02,2026-02-16,1\n"
            // its week ended 13 days before the as-of
            + "P-2,eu,2026-02-09,2026-02-16,-1\n"
            + "P-2,eu,2026-02-23,2026-02-24,-1\n");
    assertThat(storeData(deviance)).isZero();
    // from a power of 2 on no zero either
    assertThat(storeData(with.formatted("tweedie_deviance(2)"))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("line 2: the label 0", "must be positive");

    Files.writeString(table, header + "P-2,eu,2026-01-05,2026-01-12,0\n");
    assertThat(storeData(with.formatted("wape"))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("every label (`returned`) is 0", "wape");
    assertThat(storeData(deviance)).isZero();
  }

  @Test
  void aMissingColumnIsToldWithThoseThatThereAre() throws Exception {
    String with =
        "{\"labels\":{\"column\":\"returned\",\"eventTime\":\"week\",\"knownAt\":\"reported\"}}";
    run(call("data", List.of(), List.of("returns"), with));
    Path table = folder.resolve("w/outputs/returns");
    Files.writeString(table, "product,week,Reported,returned\nP-1,2026-01-05,2026-01-12,1\n");
    assertThat(storeData(with)).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .contains("SLU-4030", "no produced table has the column reported")
        .contains("`returns` has `product`, `week`, `Reported`, `returned`: is `Reported` meant?");
    err.reset();
    Files.writeString(table, "product,wk,reported,returned\nP-1,2026-01-05,2026-01-12,1\n");
    assertThat(storeData(with)).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("SLU-4030", "has the column week, which");
    err.reset();
    Files.writeString(table, "");
    assertThat(storeData(with)).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("SLU-6021", "returns is empty, not even a header");
  }

  @Test
  void halfADeliveryIsRefusedUnlessAPersonAcceptsItWithAReason() throws Exception {
    String with =
        "{\"labels\":{\"column\":\"returned\",\"eventTime\":\"week\",\"knownAt\":\"reported\","
            + "\"unit\":[\"product\"]}%s}";
    Digest values = Digest.of("{}");
    Deliveries last =
        new Deliveries(
            List.of(
                new Deliveries.Past(
                    new RunId("monday"),
                    new StageName("s"),
                    new Delivery(
                        values,
                        200,
                        Optional.of(100L),
                        AS_OF,
                        Optional.empty(),
                        Optional.empty()))));
    resolved = pin(AS_OF, List.of(file(Deliveries.FILE, Json.write(last.json()))));
    run(call("data", List.of(), List.of("returns"), with.formatted("")));
    Path table = folder.resolve("w/outputs/returns");

    Files.writeString(table, weeks(96, 2));
    assertThat(storeData(with.formatted(""))).isZero();
    assertThat(delivered().rows()).isEqualTo(192);
    assertThat(delivered().units()).contains(96L);
    assertThat(delivered().last())
        .contains(new Delivery.Last(new RunId("monday"), 200, Optional.of(100L)));
    assertThat(delivered().accepted()).isEmpty();

    Files.writeString(table, weeks(50, 2));
    assertThat(storeData(with.formatted(""))).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .contains("SLU-4033", "run monday", "50 units of 100", "--set data.returns.acceptLess=");
    assertThat(text("outputs")).isEqualTo("failed:2");

    // products that are gone are not made up for by rows that come twice
    Files.writeString(table, weeks(50, 4));
    assertThat(storeData(with.formatted(""))).isEqualTo(2);

    String accepted = ",\"floor\":{\"rows\":0.9,\"units\":0.95,\"accepted\":\"US closed\"}";
    assertThat(storeData(with.formatted(accepted))).isZero();
    assertThat(delivered().accepted()).contains("US closed");
    assertThat(delivered().units()).contains(50L);

    // another selection of the source is another delivery
    Files.writeString(table, weeks(5, 1));
    assertThat(storeData(with.formatted(",\"products\":5"))).isZero();
    assertThat(out.toString(UTF_8)).contains("5 rows, 5 units", "no earlier delivery");
  }

  private static String weeks(int products, int weeks) {
    StringBuilder table = new StringBuilder("product,week,reported,returned\n");
    for (int product = 0; product < products; product++) {
      for (int week = 0; week < weeks; week++) {
        table.append("P-%d,2026-01-%02d,2026-02-01,1\n".formatted(product, 1 + 7 * week));
      }
    }
    return table.toString();
  }

  private Delivery delivered() throws IOException {
    return StageRecord.parse(Json.parse(store.records(new RunId("run-1")).getFirst()))
        .delivery()
        .orElseThrow();
  }

  @Test
  void aPointerOfGitLfsIsNoData() throws Exception {
    run(call("data", List.of(), List.of("returns"), "{}"));
    Files.copy(TABLES.resolve("git-lfs.csv"), folder.resolve("w/outputs/returns"));
    assertThat(storeData("{}")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("SLU-4034", "returns", "git lfs pull");
  }

  @Test
  void aCommandThatRefusesItsInputIsToldFromOneThatFails() throws Exception {
    fetch("stage", List.of(), List.of("model"));
    Path why = folder.resolve("w/results/failure");
    Files.writeString(why, "it does not like it");
    assertThat(store("stage", List.of(), List.of("model"), "no", 2)).isEqualTo(2);
    Files.writeString(why, "SLU-7104: weeks, line 3: no number");
    assertThat(store("stage", List.of(), List.of("model"), "no", 2)).isEqualTo(65);
    assertThat(text("outputs")).isEqualTo("failed:2");
    assertThat(store("stage", List.of(), List.of("model"), "no", 1)).isEqualTo(1);
  }

  @Test
  void trainingFindsTheHyperparametersThatTuningFound() throws Exception {
    Digest best = manifest("best", "{\"params\":{\"depth\":4}}");
    fetch("train", List.of("params=" + best + "#best"), List.of("model"));
    JsonNode params = Json.parse(text("w/params.json"));
    assertThat(params.path("depth").asInt()).isEqualTo(4);
  }

  @Test
  void anyTextSurvivesTheShell() throws Exception {
    Random random = new Random(7);
    String alphabet = "ab '\"\\$`\n\t!*?~#;&|<>(){}[]=%\u00e9\u2028";
    for (int i = 0; i < 60; i++) {
      StringBuilder value = new StringBuilder();
      for (int c = random.nextInt(20); c >= 0; c--) {
        value.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      value.append('.'); // $(..) in the checker below would drop final line breaks
      Workspace workspace = new Workspace(Files.createDirectories(folder.resolve("q")));
      workspace.writeEnv(Map.of("V", value.toString()));
      Process p =
          new ProcessBuilder("/bin/sh", "-c", ". \"$0\" && printf %s \"$V\"", at("q/env")).start();
      assertThat(new String(p.getInputStream().readAllBytes(), UTF_8)).isEqualTo(value.toString());
    }
  }

  @Test
  void argumentsThatATaskWouldNotWriteAreRefused() throws Exception {
    assertThat(run(List.of("fetch", "--nope"))).isEqualTo(2);
    assertThat(run(List.of("dance"))).isEqualTo(2);
    assertThat(run(List.of())).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("SLU-4020");
  }

  @Test
  void aStoredRecordThatIsNoJsonIsADiagnosticAndTheStageStillHasAResult() throws Exception {
    store.putRecord(new RunId("run-1"), new StageName("other"), 0, "{\n\u001b[1m".getBytes(UTF_8));
    assertThat(fetch("evaluate", List.of(), List.of("rows"))).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .contains("SLU-4060")
        .contains("IllegalArgumentException: ")
        .doesNotContain("\u001b")
        .doesNotContain("\tat ");
    assertThat(store("evaluate", List.of(), List.of("rows"), "no", 3)).isEqualTo(1);
    assertThat(text("outputs")).isEqualTo("failed:1");
  }

  @Test
  void aBrokenResolvedFileIsADiagnosticAndTheStageStillHasAResult() throws Exception {
    resolved = put(List.of(file("resolved.json", "{\"apiVersion\":")));
    assertThat(fetch("stage", List.of(), List.of("o"))).isEqualTo(1);
    assertThat(store("stage", List.of(), List.of("o"), "no", 0)).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("SLU-4060").doesNotContain("\tat ");
    assertThat(text("outputs")).isEqualTo("failed:1");
  }

  @Test
  void debuggingShowsWhereItHappened() throws Exception {
    resolved = put(List.of(file("resolved.json", "{}")));
    env = Map.of("SLUICE_DEBUG", "1");
    assertThat(fetch("stage", List.of(), List.of("o"))).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .contains("SLU-4060")
        .contains("\tat io.sluice.core.record.Resolved");
  }

  @Test
  void aStreamThatFailsInALibraryCountsAsTheStoresFailure() throws Exception {
    worker = failing(new IOException("the share is gone"));
    assertThat(fetch("stage", List.of(), List.of("o"))).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("SLU-4002").contains("IOException: the share is gone");
    worker = failing(new ClosedByInterruptException());
    assertThatThrownBy(() -> fetch("stage", List.of(), List.of("o")))
        .isInstanceOf(InterruptedException.class);
  }

  private static Worker failing(IOException cause) {
    return new Worker(
        Clock.systemUTC(),
        (path, untrusted) -> {
          throw new UncheckedIOException(cause);
        },
        (env, says) -> {
          throw new AssertionError("no registry is asked for");
        });
  }

  private int storeData(String with) throws Exception {
    Files.writeString(folder.resolve("exit"), "0");
    return store("no", call("data", List.of(), List.of("returns"), with));
  }

  private int fetch(String kind, List<String> inputs, List<String> outputs) throws Exception {
    return run(call(kind, inputs, outputs, "{}"));
  }

  private int store(
      String kind, List<String> inputs, List<String> outputs, String hit, int exitCode)
      throws Exception {
    Files.writeString(folder.resolve("exit"), Integer.toString(exitCode));
    return store(hit, call(kind, inputs, outputs, "{}"));
  }

  /** As after a fetch with these arguments. */
  private int store(String hit, List<String> fetch) throws Exception {
    ArrayNode words = JsonNodeFactory.instance.arrayNode();
    fetch.subList(1, fetch.size()).forEach(words::add);
    byte[] call = Json.write(words).getBytes(UTF_8);
    Files.createDirectories(folder.resolve("w"));
    Files.write(folder.resolve("w/call.json"), call);
    return run(
        List.of(
            "store",
            "--hit",
            hit,
            "--call",
            Digest.of(call).toString(),
            "--exit-code-file",
            at("exit"),
            "--result-outputs",
            at("outputs"),
            "--workspace",
            at("w")));
  }

  private List<String> call(String kind, List<String> inputs, List<String> outputs, String with) {
    List<String> argv = new ArrayList<>(List.of("fetch"));
    argv.addAll(List.of("--result-hit", at("hit"), "--result-call", at("call")));
    argv.addAll(List.of("--run", "run-1", "--stage", "s", "--kind", kind, "--attempt", "0"));
    argv.addAll(List.of("--resolved", resolved.toString(), "--environment", "", "--image", "i"));
    argv.addAll(List.of("--family", "", "--seed", "7", "--with", with));
    argv.addAll(List.of("--workspace", at("w"), "--store", at("store"), "--inputs"));
    argv.addAll(inputs);
    argv.add("--outputs");
    argv.addAll(outputs);
    argv.addAll(List.of("--command", "python", "--run", "x", "§S(date) §§ $HOME"));
    return argv;
  }

  private int run(List<String> argv) throws Exception {
    return worker.run(
        argv, env, folder, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
  }

  private int sh(String script) throws Exception {
    return new ProcessBuilder("/bin/sh", "-c", script, at("w/env")).inheritIO().start().waitFor();
  }

  private String at(String path) {
    return folder.resolve(path).toString();
  }

  private String text(String path) throws IOException {
    return Files.readString(folder.resolve(path));
  }

  private Digest pin(Instant asOf) throws IOException {
    return pin(asOf, List.of());
  }

  private Digest pin(Instant asOf, List<Manifest.Entry> more) throws IOException {
    Manifest.Entry code = file("code/rma/train.py", "print()");
    Resolved pinned =
        new Resolved(
            "m",
            new RunId("run-1"),
            asOf,
            new Manifest(Optional.empty(), Map.of(), List.of(file("rma/train.py", "print()")))
                .digest(),
            Optional.empty(),
            7,
            PromotionLog.Head.EMPTY,
            Optional.empty(),
            Optional.empty());
    List<Manifest.Entry> all = new ArrayList<>(more);
    all.addAll(List.of(code, file("resolved.json", Json.write(pinned.json()))));
    return put(all);
  }

  private Digest manifest(String name, String text) throws IOException {
    return put(List.of(file(name, text)));
  }

  private Digest put(List<Manifest.Entry> entries) throws IOException {
    Manifest manifest = new Manifest(Optional.empty(), Map.of(), entries);
    return store.put(new ByteArrayInputStream(manifest.bytes()));
  }

  private Manifest.Entry file(String path, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    return new Manifest.Entry(
        path, false, bytes.length, store.put(new ByteArrayInputStream(bytes)));
  }
}
