package io.sluice.core.check;

import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Metric;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.List;

/** Forecasts are judged by metrics of amounts. */
final class ForecastMetricRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Metric.Loss metric = view.spec().gate().policy().get(GatePolicy.METRIC);
    if (metric.probabilities() && forecasts(view.spec())) {
      findings.add(
          "SLU-1039",
          view.spans().value("gate", "metric"),
          "\""
              + metric.name()
              + "\" judges probabilities of classes, and evaluate@1 compares forecasts of amounts",
          "none of its baselines knows a class, so a first gate could not fail; take one of "
              + String.join(", ", amounts())
              + "; a search may still have it as its objective");
    }
  }

  /** What {@code evaluate@1} scores are forecasts; it knows no other kind of model. */
  private static boolean forecasts(Spec spec) {
    return spec.gate().rows() instanceof Ref.Output rows
        && spec.stages().get(rows.stage()) instanceof Spec.Evaluate;
  }

  private static List<String> amounts() {
    return Metric.Loss.all().stream()
        .filter(m -> !m.probabilities())
        .map(Metric.Loss::name)
        .toList();
  }
}
