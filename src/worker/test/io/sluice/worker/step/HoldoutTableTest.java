package io.sluice.worker.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.HoldoutRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that stand alone, as the gate reads them. */
class HoldoutTableTest {
  private static final Instant AS_OF = Instant.parse("2026-06-01T00:00:00Z");

  @TempDir Path folder;
  private String champion = "null";

  private HoldoutRows read(String task, String classes, String rows) throws IOException {
    Files.writeString(
        folder.resolve("evaluation.json"),
        """
        {"apiVersion":"sluice.io/evaluation/v1","asOf":"2026-06-01T00:00:00Z","metric":"logloss",
         "task":"%s","classes":%s,"unit":["household"],"slices":["country"],
         "families":[{"name":"forest","eligible":true,"validationLoss":0.5}],"chosen":"forest",
         "champion":%s,"baselines":[{"name":"prior","offered":true,"validationLoss":0.69}],
         "bestBaseline":"prior","rows":{"holdout":3,"validation":3,"units":2},
         "firstHoldoutOrigin":"2026-01-05T00:00:00Z",
         "audit":{"targets":"clean","maturity":"clean","snapshot":"unaudited","vintages":0,
                  "labels":0,"revisedSince":0,"parts":[]}}
        """
            .formatted(task, classes, champion));
    Files.writeString(folder.resolve("rows.csv"), rows);
    return HoldoutTable.read(folder, new GateContext(AS_OF, Optional.empty(), Optional.empty()));
  }

  @Test
  void rowsOfAHouseholdAreOneUnitAndNeedNoTime() throws IOException {
    HoldoutRows rows =
        read(
            "binary",
            "[\"no\",\"yes\"]",
            """
            household,country,actual,weight,candidate:forest,baseline:prior
            h1,AT,1,1,0.7,0.4
            h1,AT,0,1,0.2,0.4
            h2,DE,0,2,0.1,0.4
            """);
    assertThat(rows.size()).isEqualTo(3);
    assertThat(rows.models()).containsExactly("baseline:prior", "candidate:forest");
  }

  @Test
  void severalClassesAreOneModelOfAsManyColumns() throws IOException {
    String header =
        "household,country,time,targetEnd,actual,weight,candidate:forest#0,candidate:forest#1,"
            + "candidate:forest#2,baseline:prior#0,baseline:prior#1,baseline:prior#2\n";
    String row = "h1,AT,2026-03-02,2026-03-05,2,1,0.2,0.3,0.5,0.3,0.3,0.4\n";
    HoldoutRows rows = read("multiclass", "[\"a\",\"b\",\"c\"]", header + row + row);
    assertThat(rows.size()).as("two equal rows are two rows").isEqualTo(2);
    assertThat(rows.models()).containsExactly("baseline:prior", "candidate:forest");

    champion = "{\"family\":\"oak\",\"unusable\":{\"nan\":0,\"infinite\":0,\"negative\":0}}";
    String three = header.replace("\n", ",champion#0,champion#1,champion#2\n");
    HoldoutRows again =
        read("multiclass", "[\"a\",\"b\",\"c\"]", three + row.replace("\n", ",0.1,0.1,0.8\n"));
    assertThat(again.models())
        .as("a champion of several classes is one too, or no candidate would meet it")
        .contains(HoldoutRows.CHAMPION);
    assertThat(
            catchThrowableOfType(
                    SluiceException.class,
                    () -> read("multiclass", "[\"a\",\"b\",\"c\"]", header + row))
                .diagnostics()
                .getFirst()
                .message())
        .contains("evaluation.json names a champion");
    champion = "null";

    SluiceException e =
        catchThrowableOfType(
            SluiceException.class,
            () ->
                read(
                    "multiclass",
                    "[\"a\",\"b\",\"c\"]",
                    header.replace(",candidate:forest#2", "") + row.replace("0.5,", "")));
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6021");
    assertThat(e.diagnostics().getFirst().message()).contains("candidate:forest#2");
  }
}
