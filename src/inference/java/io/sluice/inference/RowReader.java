package io.sluice.inference;

import io.sluice.core.json.Json;
import io.sluice.core.table.ColumnType;
import io.sluice.core.table.TableFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads {@code rows.csv} of a tabular set by what its {@code table.json} says of each column: one
 * row after the other, every complaint with line and column.
 */
final class RowReader implements AutoCloseable {
  private static final long MAX_BYTES = 4L << 20;

  /** Beyond this a double no longer holds every whole number. */
  private static final double MOST_WHOLE = 0x1p53;

  private static final Map<String, Boolean> FLAGS =
      Map.of("true", true, "1", true, "false", false, "0", false);

  private final TableFormat format;
  private final CsvTable table;
  private final String[] features;
  private final int[] columns;
  private final ColumnType[] types;
  private final int[] id;
  private final int[] group;
  private final int[] slices;
  private final int label;
  private final int time;
  private final int knownAt;
  private final int weight;

  private RowReader(TableFormat format, CsvTable table) {
    this.format = format;
    this.table = table;
    for (String column : format.columns()) {
      table.require(column);
    }
    this.features = format.features().keySet().toArray(String[]::new);
    this.columns = table.columns(List.of(features));
    this.types = format.features().values().toArray(ColumnType[]::new);
    this.id = table.columns(format.id());
    this.group = table.columns(format.group());
    this.slices = table.columns(format.slices());
    this.label = table.column(format.label());
    this.time = format.time().map(table::column).orElse(-1);
    this.knownAt = format.knownAt().map(table::column).orElse(-1);
    this.weight = format.weight().map(table::column).orElse(-1);
  }

  /** Whether a folder is a tabular set. */
  static boolean isSet(Path folder) {
    return Files.isRegularFile(folder.resolve(TableFormat.FILE), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Reads {@code folder/table.json}.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6050
   */
  static TableFormat format(Path folder, String name) throws IOException {
    Path file = folder.resolve(TableFormat.FILE);
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException("there is no such file, or it is longer than 4 MiB");
      }
      return TableFormat.parse(Json.parse(Files.readAllBytes(file)));
    } catch (IllegalArgumentException e) {
      throw Refusal.of(
          "SLU-6050",
          "%s/%s: %s".formatted(name, TableFormat.FILE, e.getMessage()),
          "write it as table.schema.json has it; docs/tabular.md",
          e);
    }
  }

  /**
   * Opens the rows of a set.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6021 when there are none, or a column is
   *     missing
   */
  static RowReader open(Path folder, String name, TableFormat format) throws IOException {
    CsvTable table = CsvTable.open(folder.resolve(TableFormat.ROWS), name + "/" + TableFormat.ROWS);
    try {
      return new RowReader(format, table);
    } catch (RuntimeException e) {
      table.close();
      throw e;
    }
  }

  boolean next() {
    return table.next();
  }

  int line() {
    return table.line();
  }

  String id() {
    return table.key(id);
  }

  /** What the row has in common with others; its id where there are no groups. */
  String unit() {
    return table.key(group.length == 0 ? id : group);
  }

  String slice(int slice) {
    return table.key(new int[] {slices[slice]});
  }

  long time() {
    return time < 0 ? 0 : table.instant(time);
  }

  long knownAt() {
    return knownAt < 0 ? 0 : table.instant(knownAt);
  }

  double weight() {
    if (weight < 0) {
      return 1;
    }
    double value = table.number(weight);
    if (value < 0) {
      throw table.bad(weight, "a weight is not negative");
    }
    return value;
  }

  /** The label as it stands. */
  String labelText() {
    return table.text(label);
  }

  /** The label of a task without classes. */
  double labelNumber() {
    return table.number(label);
  }

  /** Where the label stands. */
  String atLabel() {
    return table.at(label);
  }

  String atKnownAt() {
    return table.at(knownAt);
  }

  String atId() {
    return table.at(id[0]);
  }

  int features() {
    return columns.length;
  }

  String feature(int feature) {
    return features[feature];
  }

  ColumnType type(int feature) {
    return types[feature];
  }

  /** A {@code float} feature; NaN where it is missing. */
  double number(int feature) {
    return table.numberOrMissing(columns[feature]);
  }

  /** An {@code int} feature. */
  long whole(int feature) {
    double value = present(feature, ColumnType.INT);
    if (value != Math.rint(value) || Math.abs(value) > MOST_WHOLE) {
      throw table.bad(
          columns[feature],
          Refusal.quoted(text(feature)) + " is not a whole number, which `int` says it is");
    }
    return (long) value;
  }

  /** A {@code bool} feature. */
  boolean flag(int feature) {
    Boolean value = FLAGS.get(text(feature).toLowerCase(Locale.ROOT));
    if (value == null) {
      throw table.bad(
          columns[feature],
          Refusal.quoted(text(feature)) + " is not `true` or `false`, which `bool` says it is");
    }
    return value;
  }

  private double present(int feature, ColumnType type) {
    if (text(feature).isEmpty()) {
      throw table.bad(
          columns[feature],
          "is empty; a column with missing values is a `float`, not a `%s`".formatted(type.word()));
    }
    return table.number(columns[feature]);
  }

  /** A feature as it stands. */
  String text(int feature) {
    return table.text(columns[feature]);
  }

  TableFormat format() {
    return format;
  }

  @Override
  public void close() throws IOException {
    table.close();
  }
}
