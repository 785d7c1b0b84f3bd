package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reader of tables against the cases that it shares with the one in Python. */
class TableCasesTest {
  private static final Path CASES = Path.of("../../test-fixtures/tables");

  static List<String> cases() throws IOException {
    try (Stream<Path> files = Files.list(CASES)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(f -> f.endsWith(".json"))
          .map(f -> f.substring(0, f.length() - ".json".length()))
          .sorted()
          .toList();
    }
  }

  @Test
  void thereAreCases() throws IOException {
    assertThat(cases()).hasSizeGreaterThan(70);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aTableIsReadAsTheCaseSays(String name) throws IOException {
    JsonNode wanted = Json.parse(Files.readAllBytes(CASES.resolve(name + ".json")));
    if (wanted.has("refused")) {
      refused(name, wanted);
      return;
    }
    assertThat(wanted.has("rows") || wanted.has("vintages")).as("%s says something", name).isTrue();
    if (wanted.has("rows")) {
      assertThat(rows(name, wanted.path("columns")))
          .as("%s: %s", name, wanted.path("about").asText())
          .isEqualTo(expected(wanted));
    }
    JsonNode vintages = wanted.path("vintages");
    if (!vintages.isMissingNode()) {
      Units units = new Units();
      vintages.path("asOf").forEach(q -> units.number(q.path(0).asText()));
      Panel panel = panel(name, vintages, units, false);
      for (JsonNode q : vintages.path("asOf")) {
        Double value =
            panel.valueAsOf(
                units.find(q.path(0).asText()),
                panel.slotStarting(EpochMicros.parse(q.path(1).asText())),
                EpochMicros.parse(q.path(2).asText()),
                0);
        assertThat(value)
            .as("%s: %s", name, q)
            .isEqualTo(Double.valueOf(q.path(3).isNull() ? Double.NaN : q.path(3).asDouble()));
      }
    }
  }

  private static void refused(String name, JsonNode wanted) {
    JsonNode vintages = wanted.path("vintages");
    SluiceException e =
        catchThrowableOfType(
            SluiceException.class,
            () -> {
              if (vintages.isMissingNode()) {
                rows(name, wanted.path("columns"));
              } else {
                Units units = new Units();
                units.number("P-1");
                assertThat(panel(name, vintages, units, true).unreadable()).hasSize(1);
                panel(name, vintages, units, false);
              }
            });
    assertThat(e).as("%s is refused: %s", name, wanted.path("about").asText()).isNotNull();
    assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_WRONG);
    Diagnostic d = e.diagnostics().getFirst();
    JsonNode refused = wanted.path("refused");
    assertThat(d.message()).contains(name + ".csv");
    refused.path("says").forEach(words -> assertThat(d.message()).contains(words.asText()));
    if (refused.has("line")) {
      assertThat(d.message()).containsPattern("line " + refused.path("line") + "\\b");
    }
    if (refused.has("column")) {
      assertThat(d.message()).contains("(`" + refused.path("column").asText() + "`)");
    }
    assertThat(d.hint()).isPresent();
  }

  private static List<List<Object>> rows(String name, JsonNode columns) throws IOException {
    List<List<Object>> rows = new ArrayList<>();
    try (CsvTable table = CsvTable.open(CASES.resolve(name + ".csv"), name + ".csv")) {
      List<String> names = columns.properties().stream().map(java.util.Map.Entry::getKey).toList();
      names.forEach(table::require);
      while (table.next()) {
        List<Object> row = new ArrayList<>();
        row.add(table.line());
        for (String column : names) {
          int at = table.require(column);
          row.add(
              switch (columns.path(column).asText()) {
                case "key" -> table.key(new int[] {at});
                case "instant" -> table.time(at);
                case "number" -> table.numberOrMissing(at);
                default -> throw new IllegalArgumentException(columns.path(column).asText());
              });
        }
        rows.add(row);
      }
    }
    return rows;
  }

  private static List<List<Object>> expected(JsonNode wanted) {
    List<List<Object>> rows = new ArrayList<>();
    for (JsonNode given : wanted.path("rows")) {
      List<Object> row = new ArrayList<>();
      row.add(given.path(0).asInt());
      int at = 1;
      for (JsonNode kind : wanted.path("columns")) {
        JsonNode value = given.path(at++);
        row.add(
            switch (kind.asText()) {
              case "key" -> value.asText();
              case "instant" -> Instant.parse(value.asText());
              default -> value.isNull() ? Double.NaN : value.asDouble();
            });
      }
      rows.add(row);
    }
    return rows;
  }

  private static Panel panel(String name, JsonNode v, Units units, boolean raw) throws IOException {
    return Panel.read(
        CASES.resolve(name + ".csv"),
        name + ".csv",
        new Panel.Columns(
            texts(v.path("unit")),
            v.path("eventTime").asText(),
            v.path("knownAt").asText(),
            texts(v.path("channels")),
            raw),
        EpochMicros.of(Duration.parse(v.path("period").asText())),
        units);
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(t -> texts.add(t.asText()));
    return texts;
  }

  @Test
  void aShortDecimalIsTheDoubleThatTheLibraryFinds() {
    java.util.SplittableRandom random = new java.util.SplittableRandom(3);
    for (int i = 0; i < 200_000; i++) {
      String text =
          java.math.BigDecimal.valueOf(
                  random.nextLong(-999_999_999_999_999L, 1_000_000_000_000_000L)
                      / (long) Math.pow(10, random.nextInt(15)),
                  random.nextInt(12))
              .toPlainString();
      double plain = CsvTable.plain(text);
      if (!Double.isNaN(plain)) {
        assertThat(plain).as(text).isEqualTo(Double.parseDouble(text) + 0.0);
      }
    }
    assertThat(CsvTable.plain("123456789012345.")).isEqualTo(123456789012345.0);
    assertThat(CsvTable.plain("-0")).isEqualTo(0.0);
    for (String other :
        java.util.List.of("", "-", ".", "1e5", "+1", "1.2.3", " 1", "12345678901234567")) {
      assertThat(CsvTable.plain(other)).as(other).isNaN();
    }
  }
}
