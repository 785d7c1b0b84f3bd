package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A family that forecasts by a command of its own: what it is shown, and how its answers count. */
class CommandPredictionsTest {
  private static final ForecastSignature SIGNATURE =
      ForecastSignature.read(Sample.bundle("linear"), "linear");

  @TempDir Path folder;
  private Sample sample;

  @BeforeEach
  void aFamilyThatSaysWhatTheLinearGraphSays() throws IOException {
    sample = new Sample(folder);
    own("own");
    for (String set : List.of("validation", "holdout")) {
      Windows.cut(sample.inputs.resolve(set), set, SIGNATURE, folder.resolve(set));
      Path made = Files.createDirectories(predictions("own").resolve(set));
      for (Path origin : list(folder.resolve(set))) {
        Files.writeString(made.resolve(origin.getFileName() + ".csv"), command(origin));
      }
    }
  }

  @Test
  void aCommandIsShownWhatWasKnownAtItsOriginAndNoActual() throws IOException {
    Path origin = folder.resolve("holdout/20251013T000000");
    assertThat(origin.resolve("as-of")).hasContent("2025-10-13T00:00:00Z");
    List<String> lines = Files.readAllLines(origin.resolve("windows.csv"));
    assertThat(lines).hasSize(1 + Sample.PRODUCTS.size());
    int lookback = SIGNATURE.lookback();
    assertThat(lines.getFirst())
        .startsWith("product,market,returned." + lookback + ",shipped." + lookback)
        .endsWith("returned.1,shipped.1")
        .doesNotContain("actual", "knownAt");
    assertThat(lines.subList(1, lines.size())).as("by name, whatever the table's order").isSorted();
    String[] first =
        lines.stream()
            .filter(line -> line.startsWith(Sample.PRODUCTS.getFirst() + ","))
            .findFirst()
            .orElseThrow()
            .split(",");
    int o = 40;
    for (int back = lookback; back >= 1; back--) {
      int w = o - back;
      assertThat(first[2 + 2 * (lookback - back)])
          .isEqualTo("" + Sample.returned(0, w, w + 3 <= o ? 1 : 0));
    }
    assertThat(list(folder.resolve("holdout"))).hasSize(6);
  }

  @Test
  void itCountsLikeAGraphThatSaysTheSame() throws IOException {
    sample.run();
    List<String> lines = Files.readAllLines(sample.outputs.resolve("rows/rows.csv"));
    assertThat(lines.getFirst()).contains("candidate:doubled,candidate:linear,candidate:own");
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.replace("\"P, \"\"3\"\"\"", "P3").split(",");
      assertThat(Double.parseDouble(cells[10]))
          .isCloseTo(Double.parseDouble(cells[9]), org.assertj.core.data.Offset.offset(1e-4));
    }
    assertThat(family("own").path("eligible").asBoolean()).isTrue();
  }

  @Test
  void aChampionIsScoredByWhatItsCommandSaid() throws IOException {
    Files.move(sample.inputs.resolve("candidates/own"), sample.inputs.resolve("champion"));
    Files.move(predictions("own"), sample.inputs.resolve("champion-predictions"));
    sample.run();
    assertThat(sample.evaluation().at("/champion/validationLoss").asDouble())
        .isCloseTo(
            family("linear").path("validationLoss").asDouble(),
            org.assertj.core.data.Offset.offset(1e-4));
  }

  @Test
  void aChampionWhoseCommandLeftNothingCannotBeComparedWith() throws IOException {
    Files.move(sample.inputs.resolve("candidates/own"), sample.inputs.resolve("champion"));
    SluiceException e = catchThrowableOfType(SluiceException.class, sample::run);
    assertThat(e.getMessage()).contains("SLU-6042", "SLU-6305");
  }

  @Test
  void aMissingForecastPutsItOutAndSaysWhich() throws IOException {
    edit("holdout/20251020T000000.csv", text -> text.replaceFirst("\nP-2,EU,2,[^\n]*", ""));
    isOut("SLU-6304", "1 of 54", "`P-2`, `EU`", "2025-10-20T00:00:00Z, horizon 2");
  }

  @Test
  void aSecondForecastPutsItOut() throws IOException {
    edit("holdout/20251020T000000.csv", text -> text + "P-1,EU,1,3\n");
    isOut("SLU-6303", "20251020T000000.csv, line 11");
  }

  @Test
  void aForecastThatNobodyAskedForPutsItOut() throws IOException {
    edit("validation/20250804T000000.csv", text -> text + "P-9,EU,1,3\nP-1,EU,7,3\n");
    isOut("SLU-6302", "20250804T000000.csv, line 11", "unit");
  }

  @Test
  void anOriginWithoutAFilePutsItOut() throws IOException {
    Files.delete(predictions("own").resolve("holdout/20251020T000000.csv"));
    isOut("SLU-6301", "2025-10-20T00:00:00Z");
  }

  @Test
  void oneWhoseCommandWasEndedIsOutWithHowItEndedAndListedOnce() throws IOException {
    sample.lost.put("own", "its stage ended with exit code 124 (its time was over)");
    isOut("SLU-7502", "it was lost: its stage ended with exit code 124 (its time was over)");
    assertThat(sample.evaluation().path("families"))
        .filteredOn(f -> f.path("name").asText().equals("own"))
        .hasSize(1);
  }

  @Test
  void whatIsNoNumberOnValidationPutsItOutHoweverItIsSpelled() throws IOException {
    for (String spelled : List.of("", "NaN", "inf", "-1")) {
      edit(
          "validation/20250804T000000.csv",
          text -> text.replaceFirst("P-1,EU,1,[^\n]*", "P-1,EU,1," + spelled));
      isOut("SLU-6010", "1 of 45");
    }
    edit(
        "validation/20250804T000000.csv",
        text -> text.replaceFirst("P-1,EU,1,[^\n]*", "P-1,EU,1,many"));
    isOut("SLU-6022", "many");
  }

  @Test
  void aForecastBelowZeroIsJudgedWhereALabelIsBelowZero() throws IOException {
    edit(
        "validation/20250804T000000.csv",
        text -> text.replaceFirst("P-1,EU,1,[^\n]*", "P-1,EU,1,-1"));
    sample.edit("validation/rows.csv", text -> text.replaceFirst(",[0-9]+,1\n", ",-2,1\n"));
    Files.delete(sample.inputs.resolve("snapshot"));

    sample.run(Sample.with().put("metric", "mae"));
    assertThat(family("own").path("eligible").asBoolean()).isTrue();
    assertThat(sample.evaluation().at("/rows/negativeLabels").asLong()).isEqualTo(1);

    SluiceException e = catchThrowableOfType(SluiceException.class, sample::run);
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6044");
    assertThat(e.diagnostics().getFirst().hint().orElseThrow())
        .isEqualTo("gate on a metric that judges labels below zero: mae, rmse, wape, pinball(0.9)");
  }

  @Test
  void labelsFromTheHoldoutAreFoundInItsSignatureToo() throws IOException {
    Path file = sample.inputs.resolve("candidates/own/signature.json");
    Files.writeString(
        file,
        Files.readString(file)
            .replaceFirst("\"newestLabel\": *\"[^\"]*", "$0")
            .replaceFirst("(\"newestLabel\": *\")[^\"]*", "$12025-12-01"));
    isOut("SLU-6037", "2025-12-01");
  }

  private void isOut(String id, String... parts) throws IOException {
    sample.run();
    assertThat(family("own").path("eligible").asBoolean()).isFalse();
    assertThat(family("own").at("/reason/id").asText()).isEqualTo(id);
    assertThat(family("own").at("/reason/message").asText()).contains(parts);
    assertThat(family("linear").path("eligible").asBoolean()).isTrue();
  }

  private JsonNode family(String name) throws IOException {
    for (JsonNode f : sample.evaluation().path("families")) {
      if (f.path("name").asText().equals(name)) {
        return f;
      }
    }
    throw new AssertionError("no family " + name);
  }

  private Path predictions(String family) {
    return sample.inputs.resolve("predictions").resolve(family);
  }

  private void edit(String file, UnaryOperator<String> change) throws IOException {
    Path path = predictions("own").resolve(file);
    Files.writeString(path, change.apply(Files.readString(path)));
  }

  /** A bundle without a graph. */
  private void own(String family) throws IOException {
    Path bundle = sample.inputs.resolve("candidates").resolve(family);
    Files.createDirectories(bundle.resolve("predict"));
    Files.writeString(bundle.resolve("predict/predict.json"), "{}");
    Files.writeString(
        bundle.resolve("signature.json"),
        Files.readString(Sample.bundle("linear").resolve("signature.json"))
            .replace("\"linear\"", "\"" + family + "\""));
    sample.newestLabel(family, Sample.week(29).toString());
  }

  /** What {@code bundles/linear} computes, from the file that a command is given. */
  private static String command(Path origin) throws IOException {
    List<String> lines = Files.readAllLines(origin.resolve("windows.csv"));
    long day =
        LocalDate.parse(Files.readString(origin.resolve("as-of")).substring(0, 10)).toEpochDay();
    StringBuilder out = new StringBuilder("product,market,horizon,forecast\n");
    for (String line : lines.subList(1, lines.size())) {
      int end = line.indexOf(",EU,") + 3;
      String[] values = line.substring(end + 1).split(",", -1);
      double sum = 0;
      for (int back = 1; back <= 4; back++) {
        sum += Double.parseDouble(values[values.length - 2 * back]);
      }
      for (int h : SIGNATURE.horizons()) {
        out.append(line, 0, end)
            .append("," + h + "," + (sum / 4 * (1 + h / 10.0) + day % 7 / 100.0) + "\n");
      }
    }
    return out.toString();
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return new ArrayList<>(files.sorted().toList());
    }
  }
}
