package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables of rows: what is scored and written, and every table that is refused. */
class TabularEvaluationTest {
  private static final Instant AS_OF = Instant.parse("2026-06-01T00:00:00Z");
  private static final String HEADER =
      "customer,household,signed,reported,country,age,visits,plan,vip,w,churned\n";

  @TempDir Path temp;
  private Path inputs;
  private Path outputs;

  @BeforeEach
  void tables() throws IOException {
    inputs = Files.createDirectories(temp.resolve("inputs"));
    outputs = Files.createDirectories(temp.resolve("outputs"));
    set("training/train", 0, 300, "2026-01-0");
    set("validation", 300, 160, "2026-02-0");
    set("holdout", 460, 200, "2026-03-0");
    candidate("skl-mixed");
  }

  /** Rows of a binary task; the label leans on age and plan, and chance decides the rest. */
  private void set(String name, int from, int rows, String day) throws IOException {
    Path folder = Files.createDirectories(inputs.resolve(name));
    Files.writeString(
        folder.resolve("table.json"),
        """
        {"apiVersion":"sluice.io/table/v1","id":["customer"],"label":"churned",
         "features":{"age":"float","visits":"int","plan":"string","vip":"bool"},
         "time":"signed","knownAt":"reported","group":["household"],"weight":"w",
         "slices":["country"],"classes":["no","yes"],"split":"random"}
        """);
    SplittableRandom random = new SplittableRandom(from);
    StringBuilder out = new StringBuilder(HEADER);
    for (int i = 0; i < rows; i++) {
      int row = from + i;
      double age = 20 + random.nextInt(400) / 10.0;
      int visits = random.nextInt(20);
      String plan = List.of("basic", "gold", "none").get(random.nextInt(3));
      double score = 0.04 * (age - 40) + 0.2 * (visits - 10) + (plan.equals("gold") ? 1.5 : 0);
      String label = score + random.nextGaussian() > 0 ? "yes" : "no";
      out.append(
          "c%d,h%d,%s%d,2026-04-01,%s,%s,%d,%s,%s,1,%s\n"
              .formatted(
                  row,
                  row / 2,
                  day,
                  1 + row % 9,
                  row % 3 == 0 ? "AT" : "DE",
                  age,
                  visits,
                  plan,
                  random.nextBoolean(),
                  label));
    }
    Files.writeString(folder.resolve("rows.csv"), out);
  }

  private void candidate(String name) throws IOException {
    Path folder =
        Sample.copy(TabularModelTest.folder(name), inputs.resolve("candidates").resolve(name));
    BundleParts.complete(folder, name, Json.object());
  }

  private static ObjectNode with() {
    return (ObjectNode) Json.parse("{\"task\":\"binary\",\"metric\":\"logloss\"}");
  }

  private EvaluationReport run() throws IOException {
    return run(with());
  }

  /** Evaluates; whatever a table brings about, the stage that writes it gets before. */
  private EvaluationReport run(JsonNode with) throws IOException {
    List<Diagnostic> early = refused(() -> Evaluation.check(named(), with, AS_OF));
    List<Diagnostic> late =
        refused(() -> Evaluation.run(inputs, outputs, with, AS_OF, new TreeMap<>()));
    if (!early.isEmpty()
        || late.stream().noneMatch(d -> d.id().matches("SLU-60(0.|10|37|4[1237]|58)|SLU-63.."))) {
      assertThat(early).as("what the stage that writes the tables gets").isEqualTo(late);
    }
    if (!late.isEmpty()) {
      throw new SluiceException(ExitCode.INPUT_WRONG, late);
    }
    return EvaluationReport.parse(
        Json.parse(Files.readAllBytes(outputs.resolve("rows/evaluation.json"))));
  }

  private Map<String, Path> named() throws IOException {
    Map<String, Path> found = new TreeMap<>();
    try (Stream<Path> all = Files.walk(inputs, 2)) {
      all.filter(Files::isDirectory)
          .filter(p -> !p.equals(inputs))
          .forEach(p -> found.put(inputs.relativize(p).toString(), p));
    }
    return found;
  }

  private interface Step {
    void go() throws IOException;
  }

  private static List<Diagnostic> refused(Step step) throws IOException {
    try {
      step.go();
      return List.of();
    } catch (SluiceException e) {
      return e.diagnostics();
    }
  }

  private String refused(String id) {
    SluiceException e = catchThrowableOfType(SluiceException.class, this::run);
    assertThat(e).as("a refusal with " + id).isNotNull();
    assertThat(e.diagnostics().getFirst().id()).isEqualTo(id);
    return e.diagnostics().getFirst().message();
  }

  private void edit(String file, UnaryOperator<String> change) throws IOException {
    Path path = inputs.resolve(file);
    String before = Files.readString(path);
    String after = change.apply(before);
    assertThat(after).as("the edit of " + file).isNotEqualTo(before);
    Files.writeString(path, after);
  }

  private void editAll(UnaryOperator<String> format) throws IOException {
    for (String set : List.of("training/train", "validation", "holdout")) {
      edit(set + "/table.json", format);
    }
  }

  /** Replaces a column of every row. */
  private static UnaryOperator<String> column(int column, UnaryOperator<String> change) {
    return text -> {
      StringBuilder out = new StringBuilder(HEADER);
      text.lines()
          .skip(1)
          .forEach(line -> {
            List<String> fields = new ArrayList<>(List.of(line.split(",")));
            fields.set(column, change.apply(fields.get(column)));
            out.append(String.join(",", fields)).append('\n');
          });
      return out.toString();
    };
  }

  private List<String> rows() throws IOException {
    return Files.readAllLines(outputs.resolve("rows/rows.csv"));
  }

  @Test
  void whatIsScoredIsWritten() throws IOException {
    EvaluationReport report = run();

    assertThat(report.chosen()).isEqualTo("skl-mixed");
    assertThat(report.unit()).containsExactly("household");
    assertThat(report.classes()).containsExactly("no", "yes");
    assertThat(report.rows().holdout()).isEqualTo(200);
    assertThat(report.rows().units()).isEqualTo(100);
    assertThat(report.baselines())
        .extracting(EvaluationReport.Baseline::name)
        .containsExactly("prior", "majority", "positive");
    assertThat(report.bestBaseline()).contains("prior");
    assertThat(report.family("skl-mixed").orElseThrow().validationLoss().orElseThrow())
        .as("a model of these columns is better than their prior")
        .isLessThan(report.baselines().getFirst().validationLoss().orElseThrow());
    assertThat(rows().getFirst())
        .isEqualTo(
            "household,country,time,targetEnd,actual,weight,candidate:skl-mixed,"
                + "baseline:prior,baseline:majority,baseline:positive");
    assertThat(rows().get(1)).startsWith("h230,DE,2026-03-02T00:00:00Z,2026-03-05T00:00:00Z,");
    assertThat(rows()).hasSize(201);
  }

  @Test
  void theSameInputsGiveTheSameBytes() throws IOException {
    run();
    List<String> first = rows();
    run();
    assertThat(rows()).isEqualTo(first);
  }

  @Test
  void thePriorIsTheShareOfTheTrainingLabelsAlone() throws IOException {
    long yes =
        Files.readAllLines(inputs.resolve("training/train/rows.csv")).stream()
            .filter(l -> l.endsWith(",yes"))
            .count();
    run();
    assertThat(Double.parseDouble(rows().get(1).split(",")[7]))
        .isCloseTo(yes / 300.0, within(1e-15));
  }

  @Test
  void theAuditSaysWhatNobodyLookedAt() throws IOException {
    EvaluationReport.Audit audit = run().audit();
    assertThat(audit.training().orElseThrow().rows()).isEqualTo(300);
    assertThat(audit.snapshot()).isEqualTo(EvaluationReport.Audited.INAPPLICABLE);
    assertThat(audit.unaudited()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "holdout/rows.csv | ,yes | ,maybe | SLU-6051 | none of the classes `no`, `yes`",
        "validation/rows.csv | ,no\\n | ,yes\\n | SLU-6052 | all are of one class",
        "holdout/rows.csv | c461,h230 | c460,h230 | SLU-6053 | a second row of one id, `c460`",
        "holdout/rows.csv | c461,h230 | c300,h230 | SLU-6054 | also a row of validation",
        "training/train/rows.csv | c1,h0 | c460,h0 | SLU-6054 | also a row of the holdout",
        "training/train/rows.csv | c1,h0 | c300,h0 | SLU-6054 | also a row of validation",
        "holdout/rows.csv | c461,h230 | c461,h151 | SLU-6055 | also has rows in validation",
        "training/train/rows.csv | c1,h0 | c1,h230 | SLU-6055 | also has rows in the holdout",
        "holdout/rows.csv | 2026-04-01 | 2026-07-01 | SLU-6034 | after the as-of",
        "training/train/rows.csv | 2026-04-01 | 2026-07-01 | SLU-6034 | after the as-of",
        "holdout/rows.csv | vip | vipp | SLU-6021 | no column `vip`",
        "training/train/rows.csv | ,gold,true | ,gold,perhaps | SLU-6022 | `perhaps` is not `true`",
        "holdout/rows.csv | ,1,yes | ,-1,yes | SLU-6022 | not negative",
        "holdout/table.json | \"split\":\"random\" | \"split\":\"luck\" | SLU-6050 | split",
        "holdout/table.json | \"visits\":\"int\" | \"visits\":\"float\" | SLU-6050 | differ",
        "training/train/table.json | \"visits\":\"int\" | \"visits\":\"float\" | SLU-6050 | differ",
        "holdout/table.json | \"churned\" | \"age\" | SLU-6050 | cannot be a feature",
      })
  void aTableThatWouldMakeTheComparisonALieIsRefused(
      String file, String from, String to, String id, String words) throws IOException {
    edit(file, text -> text.replace(from.replace("\\n", "\n"), to.replace("\\n", "\n")));
    assertThat(refused(id)).contains(words);
  }

  @Test
  void aColumnOfAnotherTypeIsNamedWithItsLine() throws IOException {
    edit("training/train/rows.csv", column(6, visits -> visits.equals("7") ? "seven" : visits));
    assertThat(refused("SLU-6022"))
        .contains("training/train/rows.csv, line ")
        .contains("(`visits`): `seven` is not a number");
  }

  @Test
  void afterASplitByTimeAGroupMayComeAgainAndTheFutureMayNot() throws IOException {
    byTime();
    edit("training/train/rows.csv", text -> text.replace("c1,h0", "c1,h230"));
    run();
    edit("training/train/rows.csv", text -> text.replaceFirst("2026-01-0\\d", "2026-03-09"));
    assertThat(refused("SLU-6056")).contains("validation begins");
  }

  @ParameterizedTest
  @CsvSource({
    "training/train, 2026-02-02, validation begins",
    "refit/more, 2026-03-02, the holdout begins",
    "validation, 2026-03-02, the holdout begins"
  })
  void afterASplitByTimeNoLabelIsKnownAfterWhatItIsJudgedByBegan(
      String set, String known, String words) throws IOException {
    byTime();
    Path more = Files.createDirectories(inputs.resolve("refit/more"));
    for (String name : List.of("rows.csv", "table.json")) {
      Files.copy(inputs.resolve("training/train").resolve(name), more.resolve(name));
    }
    edit("refit/more/rows.csv", text -> text.replace(",2026-02-01,", ",2026-03-01,"));
    run();
    edit(set + "/rows.csv", text -> text.replaceFirst(",2026-0[23]-01,", "," + known + ","));
    assertThat(refused("SLU-6056"))
        .contains(set + "/rows.csv, line ", "the label became known " + known, words);
  }

  /** Says that the table was cut by time, and that labels were known when the next part began. */
  private void byTime() throws IOException {
    editAll(text -> text.replace("random", "time"));
    edit("training/train/rows.csv", column(3, known -> "2026-02-01"));
    edit("validation/rows.csv", column(3, known -> "2026-03-01"));
  }

  @Test
  void aCategoryThatNoModelLearnedFromIsAllowedAndTold() throws IOException {
    edit("holdout/rows.csv", text -> text.replaceFirst(",gold,", ",platinum,"));
    assertThat(Evaluation.check(named(), with(), AS_OF))
        .contains("1 row of holdout has a `plan` that no model learned from: `platinum`");
    run();
  }

  @Test
  void aFeatureThatIsTheLabelIsRefused() throws IOException {
    for (String set : List.of("training/train", "validation", "holdout")) {
      edit(
          set + "/rows.csv",
          text -> {
            StringBuilder out = new StringBuilder(HEADER);
            text.lines()
                .skip(1)
                .forEach(l -> {
                  String[] f = l.split(",");
                  f[8] = String.valueOf(f[10].equals("no"));
                  out.append(String.join(",", f)).append('\n');
                });
            return out.toString();
          });
    }
    assertThat(refused("SLU-6057")).contains("`vip` is the label `churned` in other words");
  }

  @Test
  void aFeatureThatTellsTheLabelIsNamedUnlessItIsDeclared() throws IOException {
    for (String set : List.of("training/train", "validation", "holdout")) {
      edit(
          set + "/rows.csv",
          text -> {
            StringBuilder out = new StringBuilder(HEADER);
            text.lines()
                .skip(1)
                .forEach(l -> {
                  String[] f = l.split(",");
                  f[5] = f[10].equals("no") ? "1" + f[5] : "9" + f[5];
                  out.append(String.join(",", f)).append('\n');
                });
            return out.toString();
          });
    }
    assertThat(run().audit().unaudited())
        .filteredOn(u -> u.check() == EvaluationReport.Check.FEATURES)
        .singleElement()
        .satisfies(u -> {
          assertThat(u.sentence()).contains("the feature `age` (the classes lie apart in it");
          assertThat(u.declared()).isFalse();
        });
    ObjectNode with = with();
    with.putArray("derived").add("age");
    assertThat(run(with).audit().unaudited())
        .filteredOn(u -> u.check() == EvaluationReport.Check.FEATURES)
        .singleElement()
        .satisfies(u -> assertThat(u.declared()).isTrue());
  }

  /** Another column as a feature of all sets, made of what a row says already. */
  private void feature(String type, UnaryOperator<String[]> made) throws IOException {
    for (String set : List.of("training/train", "validation", "holdout")) {
      edit(
          set + "/table.json",
          text -> text.replace("\"vip\":", "\"late\":\"" + type + "\",\"vip\":"));
      edit(
          set + "/rows.csv",
          text -> {
            StringBuilder out = new StringBuilder(HEADER.replace("vip", "late,vip"));
            text.lines()
                .skip(1)
                .forEach(l -> {
                  String[] f = l.split(",");
                  f[8] = made.apply(f)[0] + "," + f[8];
                  out.append(String.join(",", f)).append('\n');
                });
            return out.toString();
          });
    }
  }

  private List<String> audited(EvaluationReport.Check check) throws IOException {
    return run().audit().unaudited().stream()
        .filter(u -> u.check() == check)
        .map(EvaluationReport.Unaudited::sentence)
        .toList();
  }

  @Test
  void aNumberThatOnlyRowsOfOneClassHaveIsNamed() throws IOException {
    feature("float", f -> new String[] {f[10].equals("yes") ? f[0].substring(1) + ".5" : ""});
    assertThat(audited(EvaluationReport.Check.FEATURES))
        .singleElement()
        .asString()
        .startsWith("the feature `late` (it is empty in the ")
        .endsWith("rows of the class `no`, and in no other of 200)");
  }

  @Test
  void aTextThatSomeRowsOfOneClassAloneHaveIsNamed() throws IOException {
    feature(
        "string",
        f -> new String[] {f[10].equals("yes") && f[0].matches(".*[0-5]") ? "at " + f[0] : ""});
    assertThat(audited(EvaluationReport.Check.FEATURES))
        .singleElement()
        .asString()
        .startsWith("the feature `late` (it has a value in ")
        .endsWith("rows, all of the class `yes`)");
  }

  @Test
  void classesThatLieApartWhereAValueIsThereAreNamed() throws IOException {
    feature(
        "float",
        f ->
            new String[] {
              f[0].endsWith("7") ? "" : (f[10].equals("yes") ? "9" : "1") + f[0].substring(1)
            });
    assertThat(audited(EvaluationReport.Check.FEATURES))
        .singleElement()
        .asString()
        .contains("`late` (the classes lie apart in it, without one mistake in 180 rows)");
  }

  @Test
  void aValueThatRowsOfBothClassesHaveIsNotNamed() throws IOException {
    feature("float", f -> new String[] {f[0].matches(".*[13]") ? f[0].substring(1) : ""});
    assertThat(audited(EvaluationReport.Check.FEATURES)).isEmpty();
    assertThat(audited(EvaluationReport.Check.COVERAGE)).isEmpty();
  }

  @Test
  void wordsThatNameRowsAreNamedAsNotLookedAt() throws IOException {
    feature("string", f -> new String[] {"word " + f[0]});
    assertThat(audited(EvaluationReport.Check.COVERAGE))
        .containsExactly(
            "whether the words of the feature `late` tell the label (200 different ones in 200"
                + " rows)");
    assertThat(Evaluation.check(named(), with(), AS_OF))
        .contains(
            "not looked at: whether the words of the feature `late` tell the label (200 different"
                + " ones in 200 rows)");
  }

  @Test
  void aRareClassIsAuditedOrNamed() throws IOException {
    int[] yes = {0};
    edit(
        "holdout/rows.csv",
        text ->
            text.lines()
                .map(l -> l.endsWith(",yes") && ++yes[0] > 25 ? l.replace(",yes", ",no") : l)
                .collect(Collectors.joining("\n", "", "\n")));
    feature("float", f -> new String[] {f[10].equals("yes") ? f[0].substring(1) + ".5" : ""});
    assertThat(audited(EvaluationReport.Check.FEATURES)).hasSize(1);
    int[] left = {0};
    edit(
        "holdout/rows.csv",
        text ->
            text.lines()
                .map(l -> l.endsWith(",yes") && ++left[0] > 19 ? l.replace(",yes", ",no") : l)
                .collect(Collectors.joining("\n", "", "\n")));
    assertThat(audited(EvaluationReport.Check.FEATURES)).isEmpty();
    assertThat(audited(EvaluationReport.Check.COVERAGE))
        .containsExactly(
            "features that tell the label (fewer than 2 classes have 20 rows of the holdout)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"task\":\"binary\",\"metric\":\"rmse\"} | does not judge the task",
        "{\"task\":\"regression\",\"metric\":\"rmse\"} | names 2 `classes`",
        "{\"task\":\"oracle\",\"metric\":\"rmse\"} | no task `oracle`",
        "{\"task\":\"binary\",\"metric\":\"logloss\",\"baselines\":[\"zero\"]} | no baseline `zero`",
        "{\"task\":\"binary\",\"metric\":\"logloss\",\"slices\":[\"shoe\"]} | does not name `shoe`",
        "{\"task\":\"binary\",\"metric\":\"logloss\",\"derived\":[\"shoe\"]} | not a feature",
      })
  void settingsThatDoNotGoWithTheTableAreRefused(String with, String words) {
    SluiceException e = catchThrowableOfType(SluiceException.class, () -> run(Json.parse(with)));
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6040");
    assertThat(e.diagnostics().getFirst().message()).contains(words);
  }

  @Test
  void classesInAnotherOrderAreTheSameModel() throws IOException {
    run();
    String as = rows().get(1).split(",")[6];
    for (String set : List.of("training/train", "validation", "holdout")) {
      edit(set + "/table.json", text -> text.replace("[\"no\",\"yes\"]", "[\"yes\",\"no\"]"));
    }
    run();
    assertThat(Double.parseDouble(rows().get(1).split(",")[6]))
        .isCloseTo(1 - Double.parseDouble(as), within(1e-12));
  }

  @Test
  void aModelOfOtherClassesOrOfAnotherTaskIsLeftOut() throws IOException {
    candidate("xgb-regression");
    assertThat(run().family("xgb-regression").orElseThrow().reason().orElseThrow().sentence())
        .contains("SLU-6009")
        .contains("its task is `regression`");
    edit("candidates/skl-mixed/signature.json", text -> text.replace("\"no\"", "\"nope\""));
    SluiceException e = catchThrowableOfType(SluiceException.class, this::run);
    assertThat(e.diagnostics()).extracting(Diagnostic::id).startsWith("SLU-6041", "SLU-6009");
    assertThat(e.diagnostics().get(1).message()).contains("it knows the classes `nope`, `yes`");
  }

  private void command(String candidate) throws IOException {
    Path folder = inputs.resolve("candidates").resolve(candidate);
    Files.createDirectories(folder.resolve("predict"));
    Files.writeString(folder.resolve("predict/predict.json"), "{}");
  }

  private void answer(String set, String text) throws IOException {
    Path folder = Files.createDirectories(inputs.resolve("predictions/skl-mixed").resolve(set));
    Files.writeString(folder.resolve("rows.csv"), text);
  }

  private String answers(String set, int from, int rows, String value) throws IOException {
    StringBuilder out = new StringBuilder("customer,prediction\n");
    IntStream.range(from, from + rows).forEach(r -> out.append("c" + r + "," + value + "\n"));
    answer(set, out.toString());
    return out.toString();
  }

  @Test
  void aPredictCommandIsShownNoLabelAndAnswersEveryRow() throws IOException {
    RowPredictions.show(inputs.resolve("holdout"), "holdout", AS_OF, temp.resolve("shown"));
    List<String> shown = Files.readAllLines(temp.resolve("shown/rows/rows.csv"));
    assertThat(shown.getFirst()).isEqualTo("customer,age,plan,vip,visits");
    List<String> rows = Files.readAllLines(inputs.resolve("holdout/rows.csv"));
    assertThat(shown).hasSameSizeAs(rows).doesNotHaveDuplicates();
    rows.subList(1, rows.size()).sort(Comparator.comparing(r -> r.split(",")[10]));
    Files.write(inputs.resolve("holdout/rows.csv"), rows);
    RowPredictions.show(inputs.resolve("holdout"), "holdout", AS_OF, temp.resolve("sorted"));
    assertThat(Files.readAllLines(temp.resolve("sorted/rows/rows.csv")))
        .as("the order of the table tells nothing")
        .isEqualTo(shown);

    command("skl-mixed");
    answers("validation", 300, 160, "0.5");
    answers("holdout", 460, 200, "0.25");
    run();
    assertThat(rows().get(1).split(",")[6]).isEqualTo("0.25");

    answers("holdout", 460, 199, "0.25");
    assertThat(reason()).contains("SLU-6304").contains("1 of 200 predictions are missing");
    answers("holdout", 459, 201, "0.25");
    assertThat(reason()).contains("SLU-6302").contains("nobody asked for this row");
    answer("holdout", answers("holdout", 460, 200, "0.25") + "c460,0.3\n");
    assertThat(reason()).contains("SLU-6303");
    answers("holdout", 460, 200, "1.0000013");
    run();
    assertThat(rows().get(1).split(",")[6]).as("trees sum in single precision").isEqualTo("1");
    answers("holdout", 460, 200, "1.25");
    assertThat(reason()).contains("SLU-6058").contains("1.25, which is not a probability");
    Files.delete(inputs.resolve("predictions/skl-mixed/holdout/rows.csv"));
    assertThat(reason()).contains("SLU-6301");
  }

  @Test
  void aChampionThatDoesNotTakeTheTablesIsWholeAndTheTablesAreToBeMended() throws IOException {
    Sample.copy(inputs.resolve("candidates/skl-mixed"), inputs.resolve("champion"));
    command("skl-mixed");
    answers("validation", 300, 160, "0.5");
    answers("holdout", 460, 200, "0.25");
    run();
    editAll(text -> text.replace("\"visits\":\"int\"", "\"visits\":\"string\""));

    SluiceException e = catchThrowableOfType(SluiceException.class, this::run);

    assertThat(e.diagnostics()).extracting(Diagnostic::id).containsExactly("SLU-6042", "SLU-6009");
    assertThat(e.diagnostics().getFirst().hint().orElseThrow())
        .contains("its bundle is whole", "the tables");
    assertThat(e.diagnostics().getLast().message()).contains("`types: {visits: int}` in split@1");
  }

  private String reason() {
    SluiceException e = catchThrowableOfType(SluiceException.class, this::run);
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6041");
    Diagnostic second = e.diagnostics().get(1);
    return second.id() + " " + second.message();
  }

  /** The same rows as a task of several classes: the label is the plan, no longer a feature. */
  private void several() throws IOException {
    editAll(text ->
        text.replace("\"label\":\"churned\"", "\"label\":\"plan\"")
            .replace("\"plan\":\"string\",", "")
            .replace("[\"no\",\"yes\"]", "[\"basic\",\"gold\",\"none\"]"));
  }

  @Test
  void severalClassesHaveAColumnEach() throws IOException {
    several();
    candidate("skl-multi");
    edit(
        "candidates/skl-multi/signature.json",
        text ->
            text.replace("\"a\"", "\"none\"")
                .replace("\"b\"", "\"gold\"")
                .replace("\"c\"", "\"basic\""));
    EvaluationReport report = run(Json.parse("{\"task\":\"multiclass\",\"metric\":\"logloss\"}"));
    assertThat(report.chosen()).isEqualTo("skl-multi");
    assertThat(rows().getFirst())
        .contains(
            "candidate:skl-multi#0,candidate:skl-multi#1,candidate:skl-multi#2,baseline:prior#0");
    String[] first = rows().get(1).split(",");
    double sum = IntStream.range(6, 9).mapToDouble(i -> Double.parseDouble(first[i])).sum();
    assertThat(sum).isCloseTo(1, within(1e-6));
  }

  @Test
  void probabilitiesThatSinglePrecisionSumsNearlyToOneSumToOne() throws IOException {
    several();
    candidate("skl-multi");
    edit(
        "candidates/skl-multi/signature.json",
        text ->
            text.replace("\"a\"", "\"none\"")
                .replace("\"b\"", "\"gold\"")
                .replace("\"c\"", "\"basic\""));
    command("skl-multi");
    JsonNode with = Json.parse("{\"task\":\"multiclass\",\"metric\":\"logloss\"}");
    three("0.5,0.25,0.24995"); // as 500 trees of skl2onnx sum
    run(with);
    String[] first = rows().get(1).split(",");
    assertThat(IntStream.range(6, 9).mapToDouble(i -> Double.parseDouble(first[i])).sum())
        .isCloseTo(1, within(1e-12));
    three("0.5,0.25,0.2495");
    SluiceException e = catchThrowableOfType(SluiceException.class, () -> run(with));
    assertThat(e.diagnostics())
        .extracting(Diagnostic::message)
        .anyMatch(m -> m.contains("probabilities that sum to 0.9995"));
  }

  private void three(String answer) throws IOException {
    for (String set : List.of("validation", "holdout")) {
      Path made = Files.createDirectories(inputs.resolve("predictions/skl-multi").resolve(set));
      StringBuilder out = new StringBuilder("customer,basic,gold,none\n");
      Files.readAllLines(inputs.resolve(set).resolve("rows.csv")).stream()
          .skip(1)
          .forEach(l -> out.append(l.split(",")[0] + "," + answer + "\n"));
      Files.writeString(made.resolve("rows.csv"), out);
    }
  }

  @Test
  void twoProbabilitiesOfARowSumToOne() throws IOException {
    command("skl-mixed");
    answers("validation", 300, 160, "0.5");
    StringBuilder out = new StringBuilder("customer,no,yes\n");
    IntStream.range(460, 660).forEach(r -> out.append("c" + r + ",0.7,0.3\n"));
    answer("holdout", out.toString());
    run();
    assertThat(rows().get(1).split(",")[6]).isEqualTo("0.3");
    answer("holdout", out.toString().replace("c461,0.7", "c461,0.9"));
    assertThat(reason()).contains("SLU-6058").contains("line 3: the probabilities of the two");
  }

  @Test
  void numbersArePredictedAndTheLastValueIsThatOfTheGroup() throws IOException {
    editAll(text ->
        text.replace("\"label\":\"churned\"", "\"label\":\"age\"")
            .replace("\"age\":\"float\",", "")
            .replace("\"classes\":[\"no\",\"yes\"],", ""));
    byTime();
    edit("training/train/rows.csv", text -> text.replace("c1,h0", "c1,h230"));
    String age =
        Files.readAllLines(inputs.resolve("training/train/rows.csv")).stream()
            .filter(l -> l.startsWith("c1,"))
            .map(l -> l.split(",")[5])
            .findFirst()
            .orElseThrow();
    Path folder = inputs.resolve("candidates/mean");
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("signature.json"),
        """
        {"apiVersion":"sluice.io/bundle/v1","kind":"tabular","task":"regression","family":"mean"}
        """);
    command("mean");
    for (String set : List.of("validation", "holdout")) {
      Path made = Files.createDirectories(inputs.resolve("predictions/mean").resolve(set));
      StringBuilder out = new StringBuilder("customer,prediction\n");
      Files.readAllLines(inputs.resolve(set).resolve("rows.csv")).stream()
          .skip(1)
          .forEach(l -> out.append(l.split(",")[0] + ",-40\n"));
      Files.writeString(made.resolve("rows.csv"), out);
    }
    EvaluationReport report = run(Json.parse("{\"task\":\"regression\",\"metric\":\"rmse\"}"));
    assertThat(report.chosen()).as("a number may be negative").isEqualTo("mean");
    assertThat(rows().getFirst()).endsWith("baseline:mean,baseline:median,baseline:lastValue");
    assertThat(rows().get(1).split(",")[9]).isEqualTo(age);
  }
}
