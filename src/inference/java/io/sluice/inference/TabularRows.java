package io.sluice.inference;

import com.carrotsearch.hppc.IntHashSet;
import io.sluice.core.gate.Metric;
import io.sluice.core.table.TableFormat;
import io.sluice.core.task.Task;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A tabular set in memory that models are judged on, after every check that needs no other.
 *
 * @param name what messages call its folder
 * @param features of every row
 * @param id of each row, a number of {@code ids}
 * @param unit of each row, a number of {@code groups}; the id's where there are no groups
 * @param slices of each slice column the value of each row, in the format's order
 * @param time of each row, microseconds; zeros without a column
 * @param knownAt of each label, microseconds; zeros without a column
 * @param actual of each row: the number, or the class by its place
 * @param weight of each row
 * @param line of each row in the file
 */
@SuppressWarnings("ArrayRecordComponent") // columns of primitives; nobody compares two tables
record TabularRows(
    String name,
    TableFormat format,
    Features features,
    int[] id,
    int[] unit,
    List<Features.Column.Words> slices,
    long[] time,
    long[] knownAt,
    double[] actual,
    double[] weight,
    int[] line) {

  /** The numbers by which the ids and groups of all sets of an evaluation are known. */
  record Names(Units ids, Units groups) {
    static Names none() {
      return new Names(new Units(), new Units());
    }
  }

  TabularRows {
    slices = List.copyOf(slices);
  }

  /**
   * Reads and checks.
   *
   * @param names get the ids and groups of this set too
   * @param asOf no label in it may be known later
   * @throws io.sluice.core.diag.SluiceException SLU-6021, 6022, 6028, 6034, 6040, 6043, 6044, 6050
   *     to 6053
   */
  static TabularRows read(
      Path folder, String name, EvaluationSettings settings, Names names, Instant asOf)
      throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw Refusal.of(
          "SLU-6043",
          "evaluate has no input `" + name + "`, a folder with rows.csv and table.json",
          "families are picked on validation and compared on the holdout: give it both");
    }
    TableFormat format = RowReader.format(folder, name);
    settings.holdAgainst(format, name);
    int lines = lines(folder.resolve(TableFormat.ROWS));
    boolean groups = !format.group().isEmpty();
    long now = EpochMicros.of(asOf);
    Findings findings = new Findings();
    int[] id = new int[lines];
    int[] unit = groups ? new int[lines] : id;
    int[][] slices = new int[format.slices().size()][lines];
    List<Units> sliceNames = format.slices().stream().map(s -> new Units()).toList();
    long[] time = new long[lines];
    long[] known = new long[lines];
    double[] actual = new double[lines];
    double[] weight = new double[lines];
    int[] line = new int[lines];
    IntHashSet seen = new IntHashSet();
    FeatureColumns features;
    int n = 0;
    double total = 0;
    try (RowReader reader = RowReader.open(folder, name, format)) {
      features = new FeatureColumns(reader, lines);
      while (reader.next()) {
        id[n] = names.ids().number(reader.id());
        if (!seen.add(id[n])) {
          findings.add(
              "SLU-6053",
              "%s: a second row of one id, %s"
                  .formatted(reader.atId(), names.ids().describe(id[n])),
              "write each row once, or name all columns in `id` that tell rows apart");
        }
        if (groups) {
          unit[n] = names.groups().number(reader.unit());
        }
        for (int s = 0; s < slices.length; s++) {
          slices[s][n] = sliceNames.get(s).number(reader.slice(s));
        }
        time[n] = reader.time();
        known[n] = reader.knownAt();
        if (known[n] > now) {
          findings.add(
              "SLU-6034",
              "%s: the label became known %s, after the as-of %s"
                  .formatted(reader.atKnownAt(), EpochMicros.toInstant(known[n]), asOf),
              "leave out what was not known at the as-of");
        }
        actual[n] = label(reader, format, findings);
        weight[n] = reader.weight();
        line[n] = reader.line();
        total += weight[n];
        features.add();
        n++;
      }
    }
    findings.refuse();
    if (n == 0 || !(total > 0)) {
      throw Refusal.of(
          "SLU-6028",
          name
              + "/"
              + TableFormat.ROWS
              + (n == 0 ? " has no rows" : " has no row with a weight above zero"),
          "give this part more of the table");
    }
    List<Features.Column.Words> sliced = new ArrayList<>();
    for (int s = 0; s < slices.length; s++) {
      Units words = sliceNames.get(s);
      sliced.add(new Features.Column.Words(Arrays.copyOf(slices[s], n), words.all()));
    }
    int[] ids = Arrays.copyOf(id, n);
    TabularRows rows =
        new TabularRows(
            name,
            format,
            features.features(),
            ids,
            groups ? Arrays.copyOf(unit, n) : ids,
            sliced,
            Arrays.copyOf(time, n),
            Arrays.copyOf(known, n),
            Arrays.copyOf(actual, n),
            Arrays.copyOf(weight, n),
            Arrays.copyOf(line, n));
    rows.refuseEmptyClasses();
    rows.refuseUnfit(settings);
    return rows;
  }

  /**
   * The features of the first rows of a set, which show what rows look like.
   *
   * @throws io.sluice.core.diag.SluiceException when it cannot be read
   */
  static Features first(Path folder, String name, int most) throws IOException {
    TableFormat format = RowReader.format(folder, name);
    try (RowReader reader = RowReader.open(folder, name, format)) {
      FeatureColumns features = new FeatureColumns(reader, most);
      for (int n = 0; n < most && reader.next(); n++) {
        features.add();
      }
      return features.features();
    }
  }

  /** A label as evaluate counts it: the number, or the class by its place; NaN when it is none. */
  static double label(RowReader reader, TableFormat format, Findings findings) {
    if (format.classes().isEmpty()) {
      return reader.labelNumber();
    }
    String text = reader.labelText();
    int place = format.classes().indexOf(text);
    if (place < 0) {
      findings.add(
          "SLU-6051",
          "%s: the label %s is none of the classes %s"
              .formatted(
                  reader.atLabel(),
                  Refusal.quoted(text),
                  CsvTable.columnsInWords(format.classes())),
          "leave such rows out, or name the class in `classes` of table.json");
      return Double.NaN;
    }
    return place;
  }

  /** Line feeds of a file: at least as many as it has rows. */
  private static int lines(Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return 0; // opening it says so
    }
    long lines = 1;
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        for (int i = 0; i < read; i++) {
          if (buffer[i] == '\n') {
            lines++;
          }
        }
      }
    }
    return Math.toIntExact(lines);
  }

  private void refuseEmptyClasses() {
    if (format.classes().isEmpty()) {
      return;
    }
    long[] count = new long[format.classes().size()];
    for (int i = 0; i < actual.length; i++) {
      if (weight[i] > 0) {
        count[(int) actual[i]]++;
      }
    }
    List<String> empty = new ArrayList<>();
    for (int k = 0; k < count.length; k++) {
      if (count[k] == 0) {
        empty.add(format.classes().get(k));
      }
    }
    if (!empty.isEmpty()) {
      throw Refusal.of(
          "SLU-6052",
          "%s/%s has no row of the class%s %s; of %d rows %s"
              .formatted(
                  name,
                  TableFormat.ROWS,
                  empty.size() == 1 ? "" : "es",
                  CsvTable.columnsInWords(empty),
                  size(),
                  empty.size() == count.length - 1
                      ? "all are of one class"
                      : "the others are of " + (count.length - empty.size()) + " classes"),
          "split so that every class lies in every part, by a larger part or a stratified draw,"
              + " or take the class out of `classes`");
    }
  }

  private void refuseUnfit(EvaluationSettings settings) {
    Metric.Loss metric = settings.metric();
    int width = settings.task() == Task.MULTICLASS ? format.classes().size() : 1;
    Findings findings = new Findings();
    for (int i = 0; i < actual.length; i++) {
      Optional<String> objection = metric.objection(actual[i], width);
      if (objection.isPresent()) {
        findings.add(
            "SLU-6044",
            "%s/%s, line %d: the label %s %s for %s"
                .formatted(
                    name,
                    TableFormat.ROWS,
                    line[i],
                    CsvTable.format(actual[i]),
                    objection.get(),
                    metric.name()),
            "gate on a metric that fits the label");
      }
    }
    findings.refuse();
  }

  int size() {
    return actual.length;
  }

  /** The earliest time; empty without a column. */
  Optional<Instant> firstTime() {
    return format.time().isEmpty()
        ? Optional.empty()
        : Optional.of(EpochMicros.toInstant(Arrays.stream(time).min().orElse(0)));
  }

  /** How many distinct units occur. */
  int units() {
    IntHashSet seen = new IntHashSet();
    seen.addAll(unit);
    return seen.size();
  }
}
