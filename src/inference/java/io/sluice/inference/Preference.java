package io.sluice.inference;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Contrast;
import io.sluice.core.gate.Metric;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Which family is picked where the spec prefers simpler ones: the simplest that loses on validation
 * at most one standard error of the difference more than the best (Breiman, Friedman, Olshen &amp;
 * Stone 1984, for trees of different size). A few weeks of validation rank models by their
 * accidents as well, and accidents favour families that can follow them.
 *
 * <p>The standard error is the two-way one around zero, not the gate's. The gate's is by unit and
 * grows only as far as the periods speak for something common: made for a test, where what is not
 * seen must not cost power. Here the two mistakes weigh otherwise: a validation of a few weeks that
 * is silent about its periods says little about the next ones, and the simpler family is the safe
 * choice. Around zero, with as few periods, the error contains a part of the difference itself,
 * which leans the same way. The rule was also fixed before the holdouts of the real returns were
 * looked at (ADR 370), and no other was tried on them.
 *
 * @param families from the simplest on; empty when nothing is preferred to the best
 * @param rows validation
 */
record Preference(Metric.Loss metric, List<String> families, Rows rows) {

  /**
   * What a preference needs of validation.
   *
   * @param unit of each row
   * @param period of each row, by its number
   */
  @SuppressWarnings("ArrayRecordComponent") // columns; nobody compares two
  record Rows(int[] unit, int[] period, double[] actual, double[] weight) {
    static Rows of(LabelRows rows) {
      return new Rows(
          IntStream.range(0, rows.actual().length).map(rows::unit).toArray(),
          rows.targetSlot(),
          rows.actual(),
          rows.weight());
    }
  }

  /**
   * How far behind the best the families are.
   *
   * @param forecasts validation forecasts of the families that can be picked
   * @return nothing where nothing is preferred
   */
  SortedMap<String, EvaluationReport.Behind> distances(
      SortedMap<String, double[]> forecasts, String best) {
    SortedMap<String, EvaluationReport.Behind> out = new TreeMap<>();
    double[] of = forecasts.get(best);
    if (families.isEmpty() || of == null) {
      return out;
    }
    double[] least = losses(of);
    forecasts.forEach((family, forecast) -> out.put(family, behind(losses(forecast), least)));
    return out;
  }

  /** The family to meet the gate. */
  String chosen(Map<String, EvaluationReport.Behind> distances, String best) {
    return families.stream()
        .filter(family ->
            Optional.ofNullable(distances.get(family))
                .filter(EvaluationReport.Behind::within)
                .isPresent())
        .findFirst()
        .orElse(best);
  }

  private double[] losses(double[] forecast) {
    return metric.losses(rows.actual(), forecast, rows.weight());
  }

  private EvaluationReport.Behind behind(double[] losses, double[] least) {
    int[] order =
        IntStream.range(0, rows.actual().length)
            .boxed()
            .sorted(Comparator.comparingInt(i -> rows.unit()[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] unit = new int[order.length];
    int[] period = new int[order.length];
    double[] difference = new double[order.length];
    int first = IntStream.of(rows.period()).min().orElse(0);
    double total = 0;
    for (int i = 0; i < order.length; i++) {
      unit[i] = rows.unit()[order[i]];
      period[i] = rows.period()[order[i]] - first;
      difference[i] = losses[order[i]] - least[order[i]];
      total += least[order[i]];
    }
    Contrast contrast = Contrast.of(unit, period, difference);
    double of = total > 0 ? total : 1;
    return new EvaluationReport.Behind(contrast.total() / of, contrast.standardError() / of);
  }
}
