package io.sluice.core.record;

import java.time.Instant;
import java.util.Optional;

/**
 * What a labelled data source delivered, as the worker counted it.
 *
 * @param rows of its tables
 * @param units how many different ones; empty when nothing says which columns name a unit
 * @param newest the latest instant at which one of the rows became known
 */
public record Delivery(long rows, Optional<Long> units, Instant newest) {}
