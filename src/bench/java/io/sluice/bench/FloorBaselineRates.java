package io.sluice.bench;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Audited;
import io.sluice.core.gate.Decision;
import io.sluice.core.gate.Gate;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.json.Json;
import io.sluice.core.task.Task;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * How often a first gate over losses that a team computed promotes a candidate whose true loss only
 * just misses what the floor asks for: {@code java .. FloorBaselineRates [REPETITIONS]}. The
 * figures are in docs/gate.md.
 */
public final class FloorBaselineRates {
  private static final Instant AS_OF = Instant.parse("2026-06-01T00:00:00Z");

  private FloorBaselineRates() {}

  /** Shapes of losses, each with the given mean. */
  private enum Losses {
    /** All rows alike. */
    EVEN(0.4) {
      @Override
      double draw(SplittableRandom random, double mean) {
        return 2 * mean * random.nextDouble();
      }
    },
    /** Right or wrong, one in four wrong. */
    QUARTER(0.25) {
      @Override
      double draw(SplittableRandom random, double mean) {
        return random.nextDouble() < mean ? 1 : 0;
      }
    },
    /** Right or wrong, one in twenty wrong. */
    RARE(0.05) {
      @Override
      double draw(SplittableRandom random, double mean) {
        return random.nextDouble() < mean ? 1 : 0;
      }
    },
    /** Without a bound. */
    TAILED(0.4) {
      @Override
      double draw(SplittableRandom random, double mean) {
        return mean * Math.exp(1.0 * random.nextGaussian() - 0.5);
      }
    };

    private final double floor;

    Losses(double floor) {
      this.floor = floor;
    }

    abstract double draw(SplittableRandom random, double mean);
  }

  public static void main(String[] arguments) {
    int repetitions = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1000;
    for (Losses losses : Losses.values()) {
      for (int rows : List.of(100, 300, 1000)) {
        System.out.printf(
            Locale.ROOT,
            "%-8s %5d rows: %5.1f %% at the bar, %5.1f %% a fifth better%n",
            losses,
            rows,
            share(losses, rows, 0.99, repetitions),
            share(losses, rows, 0.8, repetitions));
      }
    }
  }

  /** Percent of gates that promote a candidate whose true loss is this part of the floor. */
  private static double share(Losses losses, int rows, double part, int repetitions) {
    int promoted = 0;
    GatePolicy policy =
        GatePolicy.parse(
            Json.parse(
                "{\"metric\":\"loss\",\"task\":\"own\",\"floors\":{\"loss\":%s}}"
                    .formatted(losses.floor)));
    for (int r = 0; r < repetitions; r++) {
      SplittableRandom random = new SplittableRandom(1000L * r + rows);
      HoldoutRows.Builder builder = HoldoutRows.builder(List.of(), List.of("candidate:it"));
      for (int row = 0; row < rows; row++) {
        builder.add(
            "unit-" + row,
            List.of(),
            AS_OF,
            1,
            AS_OF,
            Double.NaN,
            1,
            losses.draw(random, part * losses.floor));
      }
      HoldoutRows judged =
          builder.build(report(rows), new GateContext(AS_OF, Optional.empty(), Optional.empty()));
      if (Gate.decide(judged, policy, History.NONE, r).decision() == Decision.PROMOTE) {
        promoted++;
      }
    }
    return 100.0 * promoted / repetitions;
  }

  private static EvaluationReport report(int rows) {
    return new EvaluationReport(
        AS_OF,
        "loss",
        Optional.of(Task.OWN),
        List.of(),
        List.of("unit"),
        List.of(),
        List.of(
            new EvaluationReport.Family(
                "it",
                true,
                Optional.empty(),
                Optional.empty(),
                Optional.of(new EvaluationReport.Unusable(0, 0, 0)),
                Optional.empty(),
                Optional.empty())),
        "it",
        Optional.empty(),
        List.of(),
        Optional.empty(),
        new EvaluationReport.Rows(
            rows, 0, rows, Optional.empty(), Optional.empty(), Optional.empty()),
        Optional.empty(),
        AS_OF,
        new EvaluationReport.Audit(
            Audited.UNAUDITED,
            Audited.UNAUDITED,
            Audited.UNAUDITED,
            Optional.empty(),
            0,
            0,
            0,
            Optional.empty(),
            List.of(
                new EvaluationReport.Unaudited(
                    EvaluationReport.Check.OWN, "the losses", "made up", false))));
  }
}
