package io.sluice.worker.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.table.SplitSettings;
import io.sluice.core.table.TableFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What split@1 makes of tables, and what it refuses. */
class TableSplitTest {
  private static final Instant AS_OF = Instant.parse("2026-06-01T00:00:00Z");

  @TempDir private Path folder;

  private static SplitSettings settings(String changes) {
    ObjectNode with =
        (ObjectNode)
            Json.parse(
                """
                {"id":["id"],"label":"y","features":[],"types":{},"group":[],"slices":[],"ignore":[],
                 "classes":["no","yes"],"by":"random","validation":0.2,"holdout":0.2}\
                """);
    with.setAll((ObjectNode) Json.parse(changes));
    return JsonCodec.read(with, SplitSettings.class);
  }

  private TableSplit.Made split(String changes, String csv, long seed) throws IOException {
    Path table = folder.resolve("customers");
    Files.writeString(table, csv);
    return new TableSplit(settings(changes), seed, AS_OF).make(table, folder.resolve("out"));
  }

  private void refuses(String changes, String csv, String id, String message) {
    assertThatThrownBy(() -> split(changes, csv, 1))
        .isInstanceOfSatisfying(
            SluiceException.class,
            e -> {
              assertThat(e.diagnostics().getFirst().id()).isEqualTo(id);
              assertThat(e.diagnostics().getFirst().message()).contains(message);
            });
  }

  private List<String> rows(String part) throws IOException {
    List<String> lines =
        Files.readAllLines(folder.resolve("out").resolve(part).resolve("rows.csv"));
    return lines.subList(1, lines.size());
  }

  private TableFormat format(String part) throws IOException {
    return TableFormat.parse(
        Json.parse(Files.readAllBytes(folder.resolve("out").resolve(part).resolve("table.json"))));
  }

  private Map<String, String> partOfEachId() throws IOException {
    Map<String, String> parts = new TreeMap<>();
    for (String part : List.of("train", "validation", "holdout")) {
      for (String row : rows(part)) {
        assertThat(parts.put(row.substring(0, row.indexOf(',')), part)).isNull();
      }
    }
    return parts;
  }

  private static String customers(int from, int to) {
    StringBuilder out = new StringBuilder("id,age,y\n");
    for (int i = from; i < to; i++) {
      out.append("c%d,%d,%s\n".formatted(i, 20 + i % 50, i % 3 == 0 ? "yes" : "no"));
    }
    return out.toString();
  }

  @Test
  void aRowKeepsItsPartWhenTheTableGrowsAndIsSortedAnew() throws IOException {
    split("{}", customers(0, 500), 7);
    Map<String, String> before = partOfEachId();
    List<String> lines = new ArrayList<>(customers(0, 5000).lines().skip(1).toList());
    Collections.shuffle(lines, new Random(1));
    split("{}", "id,age,y\n" + String.join("\n", lines), 7);
    Map<String, String> after = partOfEachId();
    assertThat(after).hasSize(5000).containsAllEntriesOf(before);
    assertThat(rows("holdout").size()).isBetween(900, 1100);
    assertThat(rows("validation").size()).isBetween(900, 1100);
    split("{}", customers(0, 500), 8);
    assertThat(partOfEachId()).as("another seed").isNotEqualTo(before);
  }

  @Test
  void anotherShareOfValidationLeavesTheHoldoutAsItIs() throws IOException {
    split("{}", customers(0, 2000), 1);
    List<String> holdout = rows("holdout");
    split("{\"validation\":0.1}", customers(0, 2000), 1);
    assertThat(rows("holdout")).isEqualTo(holdout);
    assertThat(rows("validation").size()).isBetween(140, 260);
  }

  @Test
  void rowsOfOneGroupLieInOnePart() throws IOException {
    StringBuilder csv = new StringBuilder("id,house,x,y\n");
    for (int i = 0; i < 900; i++) {
      csv.append("c%d,h%d,%d,%s\n".formatted(i, i / 3, i, i % 2 == 0 ? "yes" : "no"));
    }
    split("{\"group\":[\"house\"],\"by\":\"group\"}", csv.toString(), 3);
    Map<String, Set<String>> parts = new TreeMap<>();
    for (String part : List.of("train", "validation", "holdout")) {
      for (String row : rows(part)) {
        parts.computeIfAbsent(row.split(",")[1], h -> new LinkedHashSet<>()).add(part);
      }
    }
    assertThat(parts).hasSize(300).allSatisfy((house, in) -> assertThat(in).hasSize(1));
    assertThat(format("train").features()).containsOnlyKeys("x");
  }

  @Test
  void timesAreCutInOrderAndLateLabelsBelongToNoPart() throws IOException {
    StringBuilder csv = new StringBuilder("id,signed,known,x,y\n");
    for (int i = 0; i < 200; i++) {
      String day = Instant.parse("2026-01-01T00:00:00Z").plusSeconds(86_400L * i).toString();
      String known =
          Instant.parse("2026-01-01T00:00:00Z").plusSeconds(86_400L * (i + 10)).toString();
      csv.append("c%d,%s,%s,1,%s\n".formatted(i, day, known, i % 2 == 0 ? "yes" : "no"));
    }
    TableSplit.Made made =
        split("{\"time\":\"signed\",\"knownAt\":\"known\",\"by\":\"time\"}", csv.toString(), 1);
    // known by 2026-06-01 are the days 0 to 141: 142 rows, of which 28 are judged and 28 choose
    assertThat(rows("holdout")).hasSize(28);
    assertThat(rows("validation")).hasSize(28 - 9);
    assertThat(rows("train")).hasSize(142 - 28 - 28 - 9);
    assertThat(made.told())
        .anySatisfy(l -> assertThat(l).contains("18 rows belong to no part"))
        .anySatisfy(l -> assertThat(l).contains("48 came about after the as-of"))
        .anySatisfy(l -> assertThat(l).contains("the labels of 10 became known after the as-of"));
    assertThat(format("holdout").time()).contains("signed");
    assertThat(made.counts()).containsEntry("holdout.rows", 28L);
  }

  @Test
  void typesAreInferredAndTold() throws IOException {
    StringBuilder csv = new StringBuilder("id,i,f,g,b,s,zip,n,y\n");
    for (int i = 0; i < 200; i++) {
      csv.append(
          "c%d,%d,%s,%s,%s,%s,0%d,,%s\n"
              .formatted(
                  i,
                  i,
                  i / 2.0,
                  i % 10 == 0 ? "" : "" + i,
                  i % 2 == 0 ? "True" : "False",
                  "p" + i % 3,
                  1000 + i,
                  i % 2 == 0 ? "yes" : "no"));
    }
    TableSplit.Made made = split("{}", csv.toString(), 1);
    assertThat(format("train").features().toString())
        .isEqualTo("{b=BOOL, f=FLOAT, g=FLOAT, i=INT, n=FLOAT, s=STRING, zip=STRING}");
    assertThat(String.join("\n", made.told()))
        .contains("taken as int by their values: `i`")
        .contains("`zip` is text: 200 of 200 numbers begin with a zero, the first in line 2")
        .contains("`n` has no value in any row");
    assertThat(rows("train")).allSatisfy(r -> assertThat(r).doesNotContain("True"));
    split("{\"types\":{\"i\":\"float\"},\"ignore\":[\"n\",\"zip\"]}", csv.toString(), 1);
    assertThat(format("train").features().toString())
        .isEqualTo("{b=BOOL, f=FLOAT, g=FLOAT, i=FLOAT, s=STRING}");
    assertThat(Files.readString(folder.resolve("out/train/rows.csv"))).doesNotContain("zip");
  }

  @Test
  void aLabelMayBeANumber() throws IOException {
    split("{\"classes\":[]}", "id,x,y\n" + "a,1,2.5\n".repeat(1) + many("b", "1,3"), 1);
    assertThat(partOfEachId()).hasSize(201);
    refuses("{\"classes\":[]}", "id,x,y\na,1,high\n", "SLU-6022", "line 2, column 3 (`y`)");
  }

  private static String many(String name, String rest) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      out.append(name + i + "," + rest + "\n");
    }
    return out.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                       | a,1,maybe\\n            | SLU-6022 | `maybe` is not one of the classes no, yes
          {}                       | a,1,\\n                 | SLU-6022 | the label is empty
          {}                       | ,1,yes\\n               | SLU-6022 | column 1 (`id`): is empty
          {}                       | a,1,yes\\nb,2,no\\na,3,no\\n | SLU-4071 | line 4: the id [id = a] comes a second time, first in line 2
          {}                       | a,1,yes\\n              | SLU-4072 | would have no row of the class
          {"label":"z"}            | a,1,yes\\n              | SLU-6021 | no column `z`
          {"features":["age"]}     | a,1,yes\\n              | SLU-6021 | no column `age`
          {"types":{"x":"int"}}    | a,1.5,yes\\n            | SLU-6022 | column 2 (`x`): is not a whole number
          {"types":{"x":"int"}}    | a,,yes\\n               | SLU-6022 | an int is never missing
          {"types":{"x":"float"}}  | a,NA,yes\\n             | SLU-6022 | `NA` is not a number
          {"types":{"x":"bool"}}   | a,2,yes\\n              | SLU-6022 | neither true nor false
          {"weight":"x"}           | a,-1,yes\\n             | SLU-6022 | a weight is 0 or more
          {"time":"x","by":"time"} | a,2026-01-01,yes\\n     | SLU-4072 | cannot be cut by time
          {"time":"x","by":"time"} | a,2027-01-01,yes\\n     | SLU-4072 | 1 came about after the as-of
          {"time":"x","by":"time"} | a,1.1.2026,yes\\n       | SLU-6022 | column 2 (`x`)
          """)
  void whatIsWrongHasAPlace(String changes, String rows, String id, String message) {
    refuses(changes, "id,x,y\n" + rows.replace("\\n", "\n"), id, message);
  }

  @Test
  void aWordAmongNumbersIsAskedAbout() throws IOException {
    String csv = "id,x,y\n" + many("a", "1,yes") + many("b", "2,no");
    refuses("{}", csv + "c,NA,no\n", "SLU-6022", "`x` is text: 1 of 401 values are no numbers");
    split("{\"types\":{\"x\":\"string\"}}", csv + "c,NA,no\n", 1);
    assertThat(format("train").features().toString()).isEqualTo("{x=STRING}");
  }
}
