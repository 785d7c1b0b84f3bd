package io.sluice.worker.split;

import io.sluice.core.table.ColumnType;
import io.sluice.core.table.SplitSettings;
import io.sluice.core.table.TableFormat;
import io.sluice.inference.CsvTable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Where the columns that a split names lie in its table. */
final class Layout {
  private final SplitSettings told;

  /** Columns that name a row. */
  final int[] id;

  /** Columns that name what must not be torn. */
  final int[] unit;

  /** All columns that are keys, which are never empty. */
  final int[] keys;

  final int label;
  final Optional<Integer> time;
  final Optional<Integer> knownAt;
  final Optional<Integer> weight;

  /** Position of each feature, in the order of the header. */
  final Map<String, Integer> features;

  /** Positions of the columns that the table sets have, in the order of the header. */
  final List<Integer> kept;

  private Layout(
      SplitSettings told,
      CsvTable table,
      List<String> keys,
      Map<String, Integer> features,
      List<Integer> kept) {
    this.told = told;
    this.id = positions(table, told.id());
    this.unit = positions(table, told.unit());
    this.keys = positions(table, keys);
    this.label = table.require(told.label());
    this.time = told.time().map(table::require);
    this.knownAt = told.knownAt().map(table::require);
    this.weight = told.weight().map(table::require);
    this.features = Collections.unmodifiableMap(features);
    this.kept = List.copyOf(kept);
  }

  /**
   * Finds the columns.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6021 for one that the table does not have
   */
  static Layout of(SplitSettings told, CsvTable table) {
    Set<String> roles = new LinkedHashSet<>(told.id());
    roles.add(told.label());
    Stream.of(told.time(), told.knownAt(), told.weight())
        .flatMap(Optional::stream)
        .forEach(roles::add);
    roles.addAll(told.group());
    Set<String> slices = new LinkedHashSet<>(told.slices());
    for (Set<String> named :
        List.of(
            roles,
            slices,
            new LinkedHashSet<>(told.features()),
            told.types().keySet(),
            new LinkedHashSet<>(told.ignore()))) {
      named.forEach(table::require);
    }
    Map<String, Integer> features = new LinkedHashMap<>();
    for (String column : table.header()) {
      boolean listed =
          told.features().isEmpty()
              ? !roles.contains(column) && !told.ignore().contains(column)
              : told.features().contains(column);
      if (listed) {
        features.put(column, table.require(column));
      }
    }
    List<Integer> kept = new ArrayList<>();
    for (String column : table.header()) {
      if (roles.contains(column) || slices.contains(column) || features.containsKey(column)) {
        kept.add(table.require(column));
      }
    }
    Set<String> keys = new LinkedHashSet<>(told.id());
    keys.addAll(told.group());
    keys.addAll(slices);
    return new Layout(told, table, List.copyOf(keys), features, kept);
  }

  private static int[] positions(CsvTable table, List<String> columns) {
    return columns.stream().mapToInt(table::require).toArray();
  }

  /** What the table sets say of themselves. */
  TableFormat format(Map<String, ColumnType> types) {
    SortedMap<String, ColumnType> sorted = new TreeMap<>(types);
    return told.format(sorted);
  }
}
