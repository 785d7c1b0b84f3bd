package io.sluice.core.gate;

import io.sluice.core.gate.GatePolicy.FirstRun;
import java.util.List;
import java.util.Optional;

/**
 * On a first gate over losses that a team computed, and without a baseline of theirs, the floor of
 * the loss stands for one: a candidate must be proven to lose less, and not only measure so.
 */
final class FloorBaseline {
  /** Its name; that of a team's own baseline wins, since then none is put in. */
  static final String NAME = "floor";

  /** Its column. */
  static final String COLUMN = "baseline:" + NAME;

  private FloorBaseline() {}

  /** The rows, with the floor as their baseline where one is needed and there is a floor. */
  static HoldoutRows in(HoldoutRows rows, GatePolicy policy) {
    if (rows.has(HoldoutRows.CHAMPION)
        || rows.evaluation().bestBaseline().isPresent()
        || policy.get(GatePolicy.METRIC).scored()
        || policy.get(GatePolicy.FIRST_RUN) != FirstRun.BEATS_NAIVE) {
      return rows;
    }
    Optional<Floor> floor =
        policy.find(GatePolicy.FLOORS).orElse(List.of()).stream()
            .filter(f -> !f.figure().scored() && f.column().isEmpty())
            .findFirst();
    return floor.map(f -> rows.withBaseline(NAME, f.bound())).orElse(rows);
  }
}
