package io.sluice.inference;

import io.sluice.core.evaluation.EvaluationReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The labels that were known and mature before the holdout begins: how many, and the largest of
 * them. From these the gate tells how many large values the holdout should hold.
 */
final class EarlierLabels {
  /** Enough for ten expected in a holdout that is a hundred times shorter than what was before. */
  static final int MOST = 1000;

  private EarlierLabels() {}

  /** Of each unit of the panel, each period once. */
  static EvaluationReport.EarlierLabels of(
      PanelFormat format, Panel panel, int units, long firstOrigin, Duration matureAfter) {
    int label = format.channels().indexOf(format.label());
    long maturity = EpochMicros.of(matureAfter);
    PriorityQueue<Double> largest = new PriorityQueue<>();
    long count = 0;
    double total = 0;
    for (int unit = 0; unit < units; unit++) {
      if (!panel.hasUnit(unit)) {
        continue;
      }
      KnownPeriods periods = new KnownPeriods(panel, unit, firstOrigin);
      while (periods.next()) {
        double value = periods.value(label);
        if (Double.isNaN(value) || panel.endOf(periods.slot()) + maturity > firstOrigin) {
          continue;
        }
        count++;
        total += value;
        largest.add(value);
        if (largest.size() > MOST) {
          largest.poll();
        }
      }
    }
    List<Double> descending = new ArrayList<>(largest);
    descending.sort(Collections.reverseOrder());
    return new EvaluationReport.EarlierLabels(count, total, List.copyOf(descending));
  }
}
