package io.jenkins.plugins.sluice.step;

import io.sluice.app.run.RunSummary;
import io.sluice.app.run.StageSelector;
import io.sluice.core.run.StageStatus;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a program on an agent ended: by its exit code and by the record that it left. The record
 * counts where a signal came in the program's last moments: then it ends with the signal's code,
 * whatever it had done before.
 *
 * @param kind of the stage that it was called for; null for a whole run
 * @param summary of its record; an empty one where it left none
 */
record AgentEnd(int code, StageSelector.@Nullable Kind kind, RunSummary summary) {
  private static final String SUCCEEDED = StageStatus.SUCCEEDED.name().toLowerCase(Locale.ROOT);

  /** Whether it comes to a verdict. */
  boolean judges() {
    return kind == null || kind == StageSelector.Kind.EVALUATE;
  }

  /** Whether it did what it was called for, with any code. */
  boolean isDone() {
    if (code == 0) {
      return true;
    }
    if (!judges()) {
      // the record of the evaluation before it may lie there; a promotion is its own
      return kind == StageSelector.Kind.PROMOTE && summary.promoted().isPresent();
    }
    return summary.verdict().isPresent()
        && (summary.promoted().isPresent() || summary.status().equals(SUCCEEDED));
  }

  /** The verdict that it came to. */
  Optional<String> verdict() {
    return judges() && isDone() ? summary.verdict() : Optional.empty();
  }
}
