package io.sluice.bench;

import io.sluice.core.gate.Gate;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.inference.BundleParts;
import io.sluice.inference.Evaluation;
import io.sluice.worker.step.HoldoutTable;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Times evaluate and gate on a table of rows: the figures in {@code docs/tabular.md}. Arguments: a
 * folder with the bundle {@code skl-mixed} (the tests of inference have it as {@code tabular/}),
 * rows (500000), columns (50), the share of rows in the holdout (0.2; as many in validation, the
 * rest is learned from).
 */
public final class LargeTable {
  private static final Instant AS_OF = Instant.parse("2026-06-01T00:00:00Z");

  private LargeTable() {}

  /** Runs it; everything lies in a new temporary folder, which is deleted at the end. */
  public static void main(String[] args) throws Exception {
    Path bundles = Path.of(args[0]);
    int rows = args.length > 1 ? Integer.parseInt(args[1]) : 500_000;
    int columns = args.length > 2 ? Integer.parseInt(args[2]) : 50;
    double share = args.length > 3 ? Double.parseDouble(args[3]) : 0.2;
    Path folder = Files.createTempDirectory("sluice-large");
    try {
      Path inputs = Files.createDirectories(folder.resolve("inputs"));
      Path outputs = Files.createDirectories(folder.resolve("outputs"));
      LargeHoldout.copy(bundles.resolve("skl-mixed"), inputs.resolve("candidates/skl-mixed"));
      BundleParts.complete(inputs.resolve("candidates/skl-mixed"), "skl-mixed", Json.object());
      LargeHoldout.copy(inputs.resolve("candidates/skl-mixed"), inputs.resolve("champion"));
      int judged = (int) (rows * share);
      set(inputs.resolve("training/train"), 0, rows - 2 * judged, columns);
      set(inputs.resolve("validation"), rows - 2 * judged, judged, columns);
      set(inputs.resolve("holdout"), rows - judged, judged, columns);
      LargeHoldout.timed(
          "evaluate: tables, audit, 2 bundles, 3 baselines, rows.csv",
          () ->
              Evaluation.run(
                  inputs,
                  outputs,
                  Json.parse("{\"task\":\"binary\",\"metric\":\"logloss\"}"),
                  AS_OF,
                  new TreeMap<>()));
      HoldoutRows holdout =
          LargeHoldout.timed(
              "gate: rows.csv into columns",
              () ->
                  HoldoutTable.read(
                      outputs.resolve("rows"),
                      new GateContext(AS_OF, Optional.empty(), Optional.empty())));
      Verdict verdict =
          LargeHoldout.timed(
              "gate: verdict",
              () ->
                  Gate.decide(
                      holdout,
                      GatePolicy.parse(Json.parse("{\"metric\":\"logloss\"}")),
                      History.NONE,
                      1));
      System.out.printf(
          Locale.ROOT,
          "%d rows of %d columns, %d of them judged: %s; resident at most %s%n",
          rows,
          columns,
          holdout.size(),
          verdict.decision(),
          LargeHoldout.resident());
    } finally {
      LargeHoldout.delete(folder);
    }
  }

  private static void set(Path set, int from, int rows, int columns) throws IOException {
    Files.createDirectories(set);
    StringBuilder features =
        new StringBuilder("\"age\":\"float\",\"visits\":\"int\",\"plan\":\"string\"");
    StringBuilder header = new StringBuilder("row,label,age,visits,plan");
    for (int c = 3; c < columns; c++) {
      features.append(",\"x").append(c).append("\":\"float\"");
      header.append(",x").append(c);
    }
    Files.writeString(
        set.resolve("table.json"),
        """
        {"apiVersion":"sluice.io/table/v1","id":["row"],"label":"label","features":{%s},
         "classes":["no","yes"],"split":"random"}
        """
            .formatted(features));
    SplittableRandom random = new SplittableRandom(from + 1);
    String[] plans = {"basic", "gold", "none"};
    try (BufferedWriter out = Files.newBufferedWriter(set.resolve("rows.csv"))) {
      out.write(header + "\n");
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < rows; i++) {
        double age = random.nextInt(200, 700) / 10.0;
        int visits = random.nextInt(20);
        String plan = plans[random.nextInt(3)];
        double score = 0.04 * (age - 40) + 0.2 * (visits - 10) + (plan.equals("gold") ? 1.5 : 0);
        line.setLength(0);
        line.append("r").append(from + i);
        line.append(score + random.nextGaussian() > 0 ? ",yes," : ",no,");
        line.append(age).append(',').append(visits).append(',').append(plan);
        for (int c = 3; c < columns; c++) {
          line.append(',').append(random.nextInt(-1_000_000, 1_000_000) / 1e5);
        }
        out.write(line.append('\n').toString());
      }
    }
  }
}
