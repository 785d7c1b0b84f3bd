package io.sluice.core.lineage;

import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Verdict;
import io.sluice.core.record.RunRecord;
import io.sluice.core.run.StageStatus;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The descriptions of versions and runs on the pages of a registry: family, verdict and why, for a
 * person who has nothing but those pages.
 */
public final class RegistryPages {
  private RegistryPages() {}

  /**
   * The description of a registered candidate.
   *
   * @param verdict of its run, which may be about another family
   * @param left why evaluate left the candidate out, if it did
   */
  public static String candidate(
      String run, String family, Verdict verdict, Optional<String> left) {
    String of = "Family " + family + ", run " + run + ".";
    if (verdict.family().equals(family)) {
      return of + "\n\n" + sentences(verdict);
    }
    String why =
        left.map(reason -> "It was left out of the comparison: " + reason)
            .orElseGet(() ->
                verdict.policy().get(GatePolicy.CANDIDATES) == GatePolicy.Candidates.ALL
                    ? "It met the gate too, which took " + verdict.family() + "."
                    : "It was not picked: validation preferred " + verdict.family() + ".");
    return of + " " + why + "\n\nThe verdict of its run is about " + verdict.family() + ".";
  }

  /** The description of a run's record. */
  public static String run(RunRecord record) {
    StringBuilder text = new StringBuilder("Run ").append(record.run()).append(": ");
    text.append(record.status().words()).append('.');
    record.promoted().ifPresent(v -> text.append(" Version ").append(v).append(" was promoted."));
    String causes =
        record.tasks().stream()
            .filter(t -> t.status() != StageStatus.SUCCEEDED && !t.cause().isEmpty())
            .map(t -> "- " + t.name() + ": " + t.cause())
            .collect(Collectors.joining("\n"));
    if (!causes.isEmpty()) {
      text.append("\n\n").append(causes);
    }
    record.verdict().ifPresent(v -> text.append("\n\n").append(sentences(v)));
    return text.toString();
  }

  /** A paragraph each, the decision first; MLflow shows descriptions as Markdown. */
  private static String sentences(Verdict verdict) {
    return String.join("\n\n", verdict.sentences());
  }
}
