package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Graphs of skl2onnx, onnxmltools and CatBoost, against what those libraries predict themselves.
 */
class TabularModelTest {
  @TempDir Path temp;

  private Path bundle(String name) throws IOException {
    return Sample.copy(folder(name), temp.resolve(name));
  }

  static Path folder(String name) {
    try {
      return Path.of(TabularModelTest.class.getResource("tabular").toURI()).resolve(name);
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The rows of {@code expected.json}, each column by its type there. */
  static Features rows(JsonNode expected) {
    SortedMap<String, Features.Column> columns = new TreeMap<>();
    expected
        .path("columns")
        .properties()
        .forEach(e -> columns.put(e.getKey(), column(e.getKey(), e.getValue())));
    return new Features(expected.path("expected").size(), columns);
  }

  private static Features.Column column(String name, JsonNode values) {
    int n = values.size();
    return switch (name) {
      case "age" -> {
        double[] out = new double[n];
        Arrays.setAll(out, i -> values.get(i).doubleValue());
        yield new Features.Column.Numbers(out);
      }
      case "visits" -> {
        long[] out = new long[n];
        Arrays.setAll(out, i -> values.get(i).longValue());
        yield new Features.Column.Whole(out);
      }
      case "vip" -> {
        boolean[] out = new boolean[n];
        for (int i = 0; i < n; i++) {
          out[i] = values.get(i).booleanValue();
        }
        yield new Features.Column.Flags(out);
      }
      default -> {
        List<String> words = new ArrayList<>();
        values.forEach(v -> words.add(v.textValue()));
        int[] codes = new int[n];
        Arrays.setAll(codes, i -> i);
        yield new Features.Column.Words(codes, words);
      }
    };
  }

  private static JsonNode expected(Path bundle) throws IOException {
    return Json.parse(Files.readAllBytes(bundle.resolve("expected.json")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "skl-mixed",
        "skl-mixed-zipmap",
        "skl-strict",
        "skl-multi",
        "skl-multi-zipmap",
        "skl-linear-double",
        "skl-quantile",
        "own-flag",
        "xgb-binary",
        "xgb-regression",
        "lgb-binary-zipmap",
        "lgb-multi",
        "cat-binary",
        "cat-multi",
        "cat-regression"
      })
  void predictsAsTheLibraryItself(String name) throws IOException {
    Path bundle = bundle(name);
    JsonNode expected = expected(bundle);
    Features rows = rows(expected);
    try (TabularModel model = TabularModel.unproven(bundle, name)) {
      double[] found = model.predict(rows);
      int width = model.signature().width();
      for (int r = 0; r < rows.size(); r++) {
        for (int k = 0; k < width; k++) {
          assertThat(found[r * width + k])
              .as("row %d, column %d", r, k)
              .isCloseTo(expected.path("expected").path(r).path(k).doubleValue(), within(2e-5));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"skl-mixed", "skl-multi-zipmap", "cat-regression", "own-flag"})
  void aBundleGetsItsPartsAndPassesItsOwnProbe(String name) throws IOException {
    Path bundle = bundle(name);
    assertThat(BundleParts.complete(bundle, name, Json.object()))
        .contains("params.json", "probe.json", "MLmodel", "input_example.json");
    TabularModel.load(bundle).close();
    assertThat(Files.readString(bundle.resolve("MLmodel"))).contains("mlflow.onnx");
  }

  @Test
  void aModelThatKnowsItsWordsAloneIsProbedByThoseOfItsTables() throws IOException {
    Path bundle = bundle("skl-strict");
    SluiceException e =
        catchThrowableOfType(
            SluiceException.class, () -> BundleParts.complete(bundle, "skl-strict", Json.object()));
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6008");

    Path inputs = Files.createDirectories(temp.resolve("inputs/train"));
    Files.writeString(
        inputs.resolve("table.json"),
        """
        {"apiVersion":"sluice.io/table/v1","id":["row"],"label":"y","features":{"plan":"string"},
         "classes":["no","yes"]}
        """);
    Files.writeString(
        inputs.resolve("rows.csv"), "row,plan,y\n1,gold,no\n2,basic,yes\n3,none,yes\n4,gold,no\n");
    BundleParts.complete(
        bundle, "skl-strict", Json.object(), java.util.Optional.of(inputs.getParent()));
    TabularModel.load(bundle).close();
    assertThat(Files.readString(bundle.resolve("probe.json"))).contains("gold").contains("basic");
  }

  @Test
  void rowsAnswerAloneAsInBatchesOfAnySize() throws IOException {
    Path bundle = bundle("skl-mixed");
    JsonNode expected = expected(bundle);
    Features rows = rows(expected);
    int n = 2 * 4096 + 17;
    int[] from = new int[n];
    Arrays.setAll(from, i -> i % rows.size());
    Map<String, int[]> picked = new TreeMap<>();
    rows.columns().keySet().forEach(c -> picked.put(c, from));
    try (TabularModel model = TabularModel.unproven(bundle, "skl-mixed")) {
      double[] few = model.predict(rows);
      double[] many = model.predict(rows.pick(picked, n));
      for (int i = 0; i < n; i++) {
        assertThat(many[i]).isEqualTo(few[i % rows.size()]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "skl-mixed | \"task\": \"binary\" | \"task\": \"oracle\" | SLU-6002 | not one of",
        "skl-mixed | \"type\": \"int\" | \"type\": \"number\" | SLU-6002 | none of the types",
        "skl-mixed | \"type\": \"int\" | \"type\": \"float\" | SLU-6005 | visits",
        "skl-mixed | \"name\": \"plan\" | \"name\": \"tariff\" | SLU-6005 | tariff",
        "skl-mixed | \"output\": \"probabilities\" | \"output\": \"label\" | SLU-6005 | label",
        "skl-mixed | \"output\": \"probabilities\" | \"output\": \"odds\" | SLU-6005 | odds",
        "skl-multi | \"c\" | \"d\", \"e\" | SLU-6005 | 4 classes",
        "skl-quantile | \"quantile\": 0.9 | \"quantile\": 9 | SLU-6002 | between 0 and 1",
        "skl-multi-zipmap | \"c\" | \"d\" | SLU-6008 | knows the classes",
        "cat-multi | \"output\": \"probabilities\" | \"output\": \"label\" | SLU-6005 | label",
      })
  void aSignatureThatDoesNotFitTheGraphIsRefused(
      String name, String from, String to, String id, String words) throws IOException {
    Path bundle = bundle(name);
    String signature = Files.readString(bundle.resolve("signature.json"));
    assertThat(signature).contains(from);
    Files.writeString(bundle.resolve("signature.json"), signature.replace(from, to));
    Features rows = rows(expected(bundle));
    SluiceException e =
        catchThrowableOfType(
            SluiceException.class,
            () -> {
              try (TabularModel model = TabularModel.unproven(bundle, name)) {
                model.predict(rows);
              }
            });
    assertThat(e).as("a refusal").isNotNull();
    assertThat(e.diagnostics().getFirst().id()).isEqualTo(id);
    assertThat(e.diagnostics().getFirst().message()).contains(words);
  }

  @Test
  void tablesWithoutAColumnOrWithOneOfAnotherTypeDoNotFit() throws IOException {
    Path bundle = bundle("skl-mixed");
    Features rows = rows(expected(bundle));
    try (TabularModel model = TabularModel.unproven(bundle, "skl-mixed")) {
      SortedMap<String, Features.Column> lacks = new TreeMap<>(rows.columns());
      lacks.remove("plan");
      assertThat(refused(model, new Features(rows.size(), lacks)))
          .contains("needs a feature `plan`");
      SortedMap<String, Features.Column> other = new TreeMap<>(rows.columns());
      double[] visits =
          Arrays.stream(((Features.Column.Whole) rows.columns().get("visits")).values())
              .asDoubleStream()
              .toArray();
      other.put("visits", new Features.Column.Numbers(visits));
      assertThat(model.predict(new Features(rows.size(), other)))
          .as("whole numbers of a column that is `float` by another row of the table")
          .isEqualTo(model.predict(rows));
      for (double odd : new double[] {Double.NaN, 1.5, 1e17}) {
        visits[0] = odd;
        assertThat(refused(model, new Features(rows.size(), other)))
            .contains("takes `visits` as `int`, and the tables have `float`")
            .contains("`types: {visits: int}`");
      }
    }
  }

  private static String refused(TabularModel model, Features rows) {
    SluiceException e = catchThrowableOfType(SluiceException.class, () -> model.predict(rows));
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6009");
    return e.diagnostics().getFirst().message();
  }

  @Test
  void aModelThatAnswersOtherwiseFailsItsProbe() throws IOException {
    Path bundle = bundle("xgb-regression");
    BundleParts.complete(bundle, "xgb-regression", Json.object());
    Files.copy(
        folder("cat-regression").resolve("model.onnx"),
        bundle.resolve("model.onnx"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    String signature = Files.readString(bundle.resolve("signature.json"));
    Files.writeString(
        bundle.resolve("signature.json"),
        signature.replace("\"X\"", "\"features\"").replace("variable", "predictions"));
    Files.writeString(
        bundle.resolve("probe.json"),
        Files.readString(bundle.resolve("probe.json")).replace("\"X\"", "\"features\""));
    SluiceException e =
        catchThrowableOfType(SluiceException.class, () -> TabularModel.load(bundle).close());
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6007");
  }

  @Test
  void theTwoProbabilitiesOfAGraphSumToOne() throws IOException {
    for (double other : new double[] {0.7, 0.70005}) {
      TabularModel.refuseNoPair("scores", other, 0.3);
    }
    SluiceException e =
        catchThrowableOfType(
            SluiceException.class, () -> TabularModel.refuseNoPair("scores", 0.9, 0.3));
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6058");
  }

  @Test
  void numbersThatMayBeNamesOrPlacesOfClassesAreRefused() {
    Map<Long, Float> zipmap = Map.of(0L, 0.75f, 1L, 0.25f);
    assertThat(TabularModel.byClass("m", List.of("no", "yes"), zipmap)).containsEntry("yes", 0.25f);
    assertThat(TabularModel.byClass("m", List.of("0", "1"), zipmap)).containsEntry("1", 0.25f);
    SluiceException e =
        catchThrowableOfType(
            SluiceException.class, () -> TabularModel.byClass("m", List.of("1", "0"), zipmap));
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6008");
    assertThat(e.diagnostics().getFirst().message()).contains("may be a name or a place");
    assertThat(TabularModel.byClass("m", List.of("2", "1"), Map.of(2L, 0.75f, 1L, 0.25f)))
        .containsEntry("1", 0.25f);
  }

  @Test
  void aForecastIsNoModelOfRows() throws IOException {
    Path bundle = Sample.copy(Sample.bundle("linear"), temp.resolve("linear"));
    SluiceException e =
        catchThrowableOfType(SluiceException.class, () -> TabularModel.load(bundle).close());
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6009");
  }
}
