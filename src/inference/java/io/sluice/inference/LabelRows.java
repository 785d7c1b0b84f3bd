package io.sluice.inference;

import com.carrotsearch.hppc.DoubleArrayList;
import com.carrotsearch.hppc.IntArrayList;
import com.carrotsearch.hppc.LongArrayList;
import com.carrotsearch.hppc.LongIntHashMap;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The rows to score ({@code rows.csv} of a panel table set), after every check that needs no
 * snapshot: keys, grid, target leaks, immature and contradictory labels. Rows of one unit and
 * origin share a window; such a pair is a <em>group</em> and is predicted once.
 *
 * @param name what messages call the file
 * @param group of each row
 * @param horizon of each row, whole periods
 * @param targetSlot number of the target period of each row
 * @param knownAt from when each actual was known and mature, microseconds
 * @param line of each row in the file
 * @param groupUnit unit of each group
 * @param groupOrigin origin of each group, microseconds
 */
@SuppressWarnings("ArrayRecordComponent") // columns of primitives; nobody compares two tables
record LabelRows(
    String name,
    int[] group,
    int[] horizon,
    int[] targetSlot,
    long[] knownAt,
    double[] actual,
    double[] weight,
    int[] line,
    int[] groupUnit,
    long[] groupOrigin) {

  static final List<String> FIELDS =
      List.of("origin", "horizon", "targetEnd", "knownAt", "actual", "weight");

  static List<String> columns(PanelFormat format) {
    List<String> columns = new ArrayList<>(format.keyColumns());
    columns.addAll(FIELDS);
    return columns;
  }

  /**
   * Reads and checks.
   *
   * @param panel the vintage log beside it
   * @param matureAfter how long after its target's end a label counts
   * @param asOf nothing in the table may be known later
   * @throws io.sluice.core.diag.SluiceException SLU-6021, 6022, 6024 to 6027, 6030, 6033, 6034,
   *     6036
   */
  static LabelRows read(
      Path file,
      String name,
      PanelFormat format,
      Panel panel,
      Units units,
      Duration matureAfter,
      Instant asOf)
      throws IOException {
    IntArrayList group = new IntArrayList();
    IntArrayList horizon = new IntArrayList();
    IntArrayList targetSlot = new IntArrayList();
    LongArrayList knownAt = new LongArrayList();
    DoubleArrayList actual = new DoubleArrayList();
    DoubleArrayList weight = new DoubleArrayList();
    IntArrayList line = new IntArrayList();
    IntArrayList groupUnit = new IntArrayList();
    LongArrayList groupOrigin = new LongArrayList();
    LongIntHashMap groups = new LongIntHashMap();
    LongIntHashMap keys = new LongIntHashMap();
    LongIntHashMap targets = new LongIntHashMap();
    long period = format.periodMicros();
    long maturity = EpochMicros.of(matureAfter);
    long now = EpochMicros.of(asOf);
    double totalWeight = 0;
    Findings findings = new Findings();
    try (CsvTable table = CsvTable.open(file, name)) {
      table.expectColumns(columns(format));
      int[] unitColumns = table.columns(format.unit());
      int[] sliceColumns = table.columns(format.slices());
      int originColumn = table.column("origin");
      int horizonColumn = table.column("horizon");
      int endColumn = table.column("targetEnd");
      int knownColumn = table.column("knownAt");
      int actualColumn = table.column("actual");
      int weightColumn = table.column("weight");
      while (table.next()) {
        int unit = units.find(table.key(unitColumns));
        if (sliceColumns.length > 0) {
          table.key(sliceColumns);
        }
        long origin = table.instant(originColumn);
        int h = table.count(horizonColumn);
        long end = table.instant(endColumn);
        long known = table.instant(knownColumn);
        double value = table.number(actualColumn);
        double w = table.number(weightColumn);
        if (w < 0) {
          throw table.bad(weightColumn, "a weight is not negative");
        }
        if (!panel.hasUnit(unit)) {
          findings.add(
              "SLU-6027",
              table.at(unitColumns[0]) + ": panel.csv has no vintage of this unit",
              "leave out rows of units without history, or add their history");
          continue;
        }
        if (!panel.onGrid(origin)) {
          throw Refusal.of(
              "SLU-6024",
              "%s: %s is not the end of a period of panel.csv"
                  .formatted(table.at(originColumn), Refusal.quoted(table.text(originColumn))),
              "an origin is the end of the last period that may be looked at");
        }
        if (end <= origin) {
          findings.add(
              "SLU-6030",
              "%s: target leak: the target ends at or before the origin, inside the window"
                  .formatted(table.at(endColumn)),
              "a row's target lies after its origin: targetEnd = origin + horizon * period");
          continue;
        }
        if (end != origin + h * period) {
          findings.add(
              "SLU-6026",
              "%s: targetEnd is not origin + horizon * period, which is %s"
                  .formatted(table.at(endColumn), EpochMicros.toInstant(origin + h * period)),
              "write targetEnd = origin + horizon * period");
          continue;
        }
        if (known < end + maturity || now < end + maturity) {
          findings.add(
              "SLU-6033",
              "%s: revision leak: an immature label: it matures %s, the row says %s, the as-of is %s"
                  .formatted(
                      table.at(knownColumn),
                      EpochMicros.toInstant(end + maturity),
                      EpochMicros.toInstant(known),
                      asOf),
              "leave out rows whose label had not matured (matureAfter %s) by the as-of"
                  .formatted(matureAfter));
        } else if (known > now) {
          findings.add(
              "SLU-6034",
              "%s: revision leak: the label became known %s, after the as-of %s"
                  .formatted(table.at(knownColumn), EpochMicros.toInstant(known), asOf),
              "leave out what was not known at the as-of");
        }
        int origins = panel.slotStarting(origin);
        long groupKey = pair(unit, origins);
        int g = groups.getOrDefault(groupKey, -1);
        if (g < 0) {
          g = groupUnit.size();
          groups.put(groupKey, g);
          groupUnit.add(unit);
          groupOrigin.add(origin);
        }
        int row = group.size();
        int first = keys.getOrDefault(pair(g, h), -1);
        if (first >= 0) {
          findings.add(
              "SLU-6025",
              "%s, lines %d and %d: two rows for one unit, origin and horizon"
                  .formatted(name, line.get(first), table.line()),
              "write each row once");
          continue;
        }
        keys.put(pair(g, h), row);
        int target = Math.addExact(origins, h - 1);
        int same = targets.getOrDefault(pair(unit, target), -1);
        if (same < 0) {
          targets.put(pair(unit, target), row);
        } else if (actual.get(same) != value) {
          findings.add(
              "SLU-6036",
              "%s, lines %d and %d: revision leak: two different actuals for one unit and target"
                  .formatted(name, line.get(same), table.line()),
              "all rows of a target take the value as of one time");
        }
        group.add(g);
        horizon.add(h);
        targetSlot.add(target);
        knownAt.add(known);
        actual.add(value);
        weight.add(w);
        line.add(table.line());
        totalWeight += w;
      }
    }
    findings.refuse();
    if (group.isEmpty() || !(totalWeight > 0)) {
      throw Refusal.of(
          "SLU-6028",
          name + (group.isEmpty() ? " has no rows" : " has no row with a weight above zero"),
          "wait for labels to mature, or widen the time that this table covers");
    }
    return new LabelRows(
        name,
        group.toArray(),
        horizon.toArray(),
        targetSlot.toArray(),
        knownAt.toArray(),
        actual.toArray(),
        weight.toArray(),
        line.toArray(),
        groupUnit.toArray(),
        groupOrigin.toArray());
  }

  /** The labels that occur, each as the {@link #pair} of its unit and target period. */
  com.carrotsearch.hppc.LongHashSet labels() {
    com.carrotsearch.hppc.LongHashSet labels = new com.carrotsearch.hppc.LongHashSet();
    for (int row = 0; row < size(); row++) {
      labels.add(pair(unit(row), targetSlot[row]));
    }
    return labels;
  }

  /** Two numbers as one key of a map. */
  static long pair(int high, int low) {
    return ((long) high << 32) | (low & 0xffff_ffffL);
  }

  int size() {
    return group.length;
  }

  int groups() {
    return groupUnit.length;
  }

  int unit(int row) {
    return groupUnit[group[row]];
  }

  long origin(int row) {
    return groupOrigin[group[row]];
  }

  /** The earliest origin. */
  Instant firstOrigin() {
    long first = Long.MAX_VALUE;
    for (long origin : groupOrigin) {
      first = Math.min(first, origin);
    }
    return EpochMicros.toInstant(first);
  }

  /** The horizons that occur, ascending. */
  TreeSet<Integer> horizons() {
    TreeSet<Integer> found = new TreeSet<>();
    int before = -1;
    for (int h : horizon) {
      if (h != before) {
        found.add(h);
        before = h;
      }
    }
    return found;
  }

  /** How many distinct units occur. */
  int units() {
    com.carrotsearch.hppc.IntHashSet seen = new com.carrotsearch.hppc.IntHashSet();
    seen.addAll(groupUnit);
    return seen.size();
  }
}
