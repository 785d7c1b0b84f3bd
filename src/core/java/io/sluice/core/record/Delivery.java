package io.sluice.core.record;

import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import java.time.Instant;
import java.util.Optional;

/**
 * What a labelled data source delivered, as the worker counted it.
 *
 * @param values digest of what the spec and the run gave the source under {@code with}; deliveries
 *     of other values are not compared
 * @param rows of its tables
 * @param units how many different ones; empty when nothing says which columns name a unit
 * @param newest the latest instant at which one of the rows became known
 * @param last the delivery that it was held against; empty when there is none to compare with
 * @param accepted why a person accepted less than the floor asks for; empty when it does not hold
 *     less
 */
public record Delivery(
    Digest values,
    long rows,
    Optional<Long> units,
    Instant newest,
    Optional<Last> last,
    Optional<String> accepted) {

  /** The delivery before, of an earlier run. */
  public record Last(RunId run, long rows, Optional<Long> units) {}

  /** The same, held against an earlier one. */
  public Delivery heldAgainst(Optional<Last> earlier, Optional<String> reason) {
    return new Delivery(values, rows, units, newest, earlier, reason);
  }
}
