package io.sluice.core.gate;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.GatePolicy.Candidates;
import io.sluice.core.gate.GatePolicy.FirstRun;
import io.sluice.core.gate.Verdict.Finding;
import io.sluice.core.task.Task;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** Which rows, which reference and which candidates can be judged at all. */
final class Eligibility {
  private Eligibility() {}

  /** The column to compare with: the champion, or on a first run the best baseline. */
  static Optional<String> reference(HoldoutRows rows, GatePolicy policy) {
    if (rows.has(HoldoutRows.CHAMPION)) {
      return Optional.of(HoldoutRows.CHAMPION);
    }
    return policy.get(GatePolicy.FIRST_RUN) == FirstRun.BEATS_NAIVE
        ? rows.evaluation().bestBaseline().map(best -> "baseline:" + best).filter(rows::has)
        : Optional.empty();
  }

  /** Rows on which candidate and reference can be compared. */
  static BitSet usable(HoldoutRows rows, Optional<String> reference, Metric.Loss metric) {
    int width = rows.models().stream().findFirst().map(rows::width).orElse(1);
    double[] other =
        reference.map(rows::predictions).orElseGet(() -> new double[rows.size() * width]);
    BitSet out = new BitSet(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      double actual = rows.actual()[i];
      if (Double.isNaN(actual) && metric.scored()) {
        continue;
      }
      Optional<String> objection = metric.objection(actual, width);
      if (objection.isPresent()) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-8004",
                "the actual "
                    + actual
                    + " of unit "
                    + rows.units().names().get(rows.units().code()[i])
                    + " "
                    + objection.get()
                    + " for "
                    + metric.name(),
                rows.evaluation().task().map(Task::classes).orElse(false)
                    ? "the actual of a row is the number of its class in `classes`, from 0"
                    : "choose a metric that judges such labels ("
                        + String.join(", ", Metric.Loss.ofAmount(actual))
                        + "), or mend the label"));
      }
      if (finite(other, i * width, width)) {
        out.set(i);
      }
    }
    return out;
  }

  private static boolean finite(double[] values, int from, int width) {
    boolean finite = true;
    for (int i = from; i < from + width; i++) {
      finite &= Double.isFinite(values[i]);
    }
    return finite;
  }

  /** Candidates that the policy lets meet the holdout. */
  static List<String> candidates(Comparison comparison, String chosen) {
    return comparison.policy().get(GatePolicy.CANDIDATES) == Candidates.ALL
        ? comparison.rows().models().stream().filter(m -> m.startsWith("candidate:")).toList()
        : List.of(chosen);
  }

  /** Those of them whose every prediction can be judged. */
  static List<String> eligible(Comparison comparison, List<String> candidates) {
    return candidates.stream().filter(c -> comparison.unusable(c) == 0).toList();
  }

  static Finding ineligible(Comparison comparison, String candidate) {
    return new Finding(
        Reason.GUARD,
        "predictions",
        Words.count(comparison.unusable(candidate), "prediction")
            + " of "
            + Words.called(candidate)
            + (comparison.unusable(candidate) == 1 ? " is" : " are")
            + " missing, infinite, "
            + fault(comparison)
            + first(comparison, candidate),
        "look at the rows of its column that are, and at the family's output");
  }

  private static String fault(Comparison comparison) {
    if (comparison.policy().task() == Task.MULTICLASS) {
      return "or no probabilities that sum to 1";
    }
    if (comparison.metric().probabilities()) {
      return "or no probabilities";
    }
    return comparison.rows().negativeLabels()
            && comparison.metric().scored()
            && comparison.metric().negatives()
        ? "or too large"
        : "or negative";
  }

  /** Of a table, whose rows have names, which row is the first of them. */
  private static String first(Comparison comparison, String candidate) {
    HoldoutRows rows = comparison.rows();
    return comparison.policy().task().tabular()
        ? comparison
            .unusableRows(candidate)
            .mapToObj(
                row -> ", first that of " + rows.units().names().get(rows.units().code()[row]))
            .findFirst()
            .orElse("")
        : "";
  }
}
