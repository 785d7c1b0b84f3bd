package io.sluice.core.table;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The values of {@code split@1}: which columns mean what, and how rows come into training,
 * validation and holdout. The spec is read as it, and the stage gets it as {@code with}.
 *
 * @param id columns that together name a row
 * @param label column of what is predicted
 * @param features columns that a model may look at; empty: all that have no other role here
 * @param types of features whose type is not to be inferred
 * @param time column of when a row came about
 * @param knownAt column of when its label became known
 * @param group columns that name what rows have in common
 * @param weight column of how much a row counts
 * @param slices columns by which the gate looks at parts; without a list they are features as well
 * @param ignore columns that are no features where there is no list of them
 * @param classes the label's words, for a task of classes
 * @param period how long rows share what happens to all of them, as ISO 8601 writes it
 * @param by how rows come into their part
 * @param validation share of the rows, a fraction
 * @param holdout share of the rows, a fraction
 */
public record SplitSettings(
    List<String> id,
    String label,
    List<String> features,
    SortedMap<String, ColumnType> types,
    Optional<String> time,
    Optional<String> knownAt,
    List<String> group,
    Optional<String> weight,
    List<String> slices,
    List<String> ignore,
    List<String> classes,
    Optional<String> period,
    SplitBy by,
    double validation,
    double holdout) {
  /** The share of rows of validation, and of the holdout, when a spec says nothing. */
  public static final double SHARE = 0.2;

  /** Name of the stage's one input. */
  public static final String TABLE = "table";

  public SplitSettings {
    types = Collections.unmodifiableSortedMap(new TreeMap<>(types));
  }

  /** What the table sets say of themselves, of these features. */
  public TableFormat format(SortedMap<String, ColumnType> typed) {
    return new TableFormat(
        id, label, typed, time, knownAt, group, weight, slices, classes, period, Optional.of(by));
  }

  /** The columns whose values name a part of the data that must not be torn. */
  public List<String> unit() {
    return group.isEmpty() ? id : group;
  }
}
