package io.sluice.app.past;

import io.sluice.core.gate.Decision;
import io.sluice.core.gate.Verdict;
import io.sluice.core.record.RunRecord;
import java.util.Locale;

/** How a run ended, in one word for people and filters. */
public enum Standing {
  /** It made a version champion. */
  PROMOTED,
  /** Its gate said HOLD. */
  HELD,
  /** Its gate said PROMOTE, and it made nothing champion: a pull request, or its part was asked. */
  PASSED,
  /** It ended well without a verdict: a part of a run. */
  DONE,
  /** A stage failed or took too long. */
  FAILED,
  /** A person or the end of its client ended it. */
  CANCELLED,
  /** It began and left no record: it is at work, or was cut off. */
  UNFINISHED,
  /** Its record is there and does not read. */
  DAMAGED;

  /** The word in lower case. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Standing of(RunRecord record) {
    if (record.promoted().isPresent()) {
      return PROMOTED; // whatever failed afterwards
    }
    return switch (record.status()) {
      case FAILED, TIMED_OUT -> FAILED;
      case CANCELLED -> CANCELLED;
      case SUCCEEDED, SKIPPED ->
          record
              .verdict()
              .map(Verdict::decision)
              .map(decision -> decision == Decision.HOLD ? HELD : PASSED)
              .orElse(DONE);
    };
  }
}
