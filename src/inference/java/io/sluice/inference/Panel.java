package io.sluice.inference;

import com.carrotsearch.hppc.DoubleArrayList;
import com.carrotsearch.hppc.IntArrayList;
import com.carrotsearch.hppc.LongArrayList;
import com.carrotsearch.hppc.sorting.IndirectSort;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A log of vintages, and what it looked like at a time. A row says what a period's values are from
 * its {@code knownAt} on, all channels of it; a later row of the same unit and period replaces it,
 * an empty field in it included. Nothing here shows a vintage to an origin before it was known.
 *
 * <p>In columns, sorted by unit, period, knownAt: 16 bytes a vintage and 8 per channel. Periods are
 * numbered on a grid that all panels with the same phase share.
 */
final class Panel {
  private final int channels;
  private final long period;
  private final long phase;
  private final int[] unitStart;
  private final int[] slot;
  private final long[] knownAt;
  private final double[] values;
  private final int[] line;
  private final SortedMap<Integer, String> unreadable;

  private Panel(
      int channels,
      long period,
      long phase,
      int[] unitStart,
      int[] slot,
      long[] knownAt,
      double[] values,
      int[] line,
      SortedMap<Integer, String> unreadable) {
    this.channels = channels;
    this.period = period;
    this.phase = phase;
    this.unitStart = unitStart;
    this.slot = slot;
    this.knownAt = knownAt;
    this.values = values;
    this.line = line;
    this.unreadable = Collections.unmodifiableSortedMap(unreadable);
  }

  /**
   * Which columns of a file are what.
   *
   * @param channels in the order in which the panel numbers them
   * @param raw whether this is a snapshot as it came: other columns may stand beside, units that
   *     nobody knows are passed over, a period may be reported on before it ends, and a channel
   *     that cannot be read is named in {@link Panel#unreadable} and takes no other with it
   */
  record Columns(
      List<String> unit, String eventTime, String knownAt, List<String> channels, boolean raw) {}

  /**
   * Reads a vintage log.
   *
   * @param name what messages call the file
   * @param units numbers its units; a raw one adds none
   * @throws io.sluice.core.diag.SluiceException SLU-6021 to SLU-6024, SLU-6031: what is wrong,
   *     file, line, column
   */
  static Panel read(Path file, String name, Columns columns, long period, Units units)
      throws IOException {
    IntArrayList unit = new IntArrayList();
    IntArrayList slot = new IntArrayList();
    LongArrayList known = new LongArrayList();
    DoubleArrayList values = new DoubleArrayList();
    IntArrayList lines = new IntArrayList();
    long phase = -1;
    Findings findings = new Findings();
    SortedMap<Integer, String> unreadable = new TreeMap<>();
    try (CsvTable table = CsvTable.open(file, name)) {
      if (!columns.raw()) {
        List<String> wanted = new java.util.ArrayList<>(columns.unit());
        wanted.add(columns.eventTime());
        wanted.add(columns.knownAt());
        wanted.addAll(columns.channels());
        table.expectColumns(wanted);
      }
      int[] unitColumns = table.columns(columns.unit());
      int eventColumn = table.column(columns.eventTime());
      int knownColumn = table.column(columns.knownAt());
      int[] channelColumns = table.columns(columns.channels());
      while (table.next()) {
        if (columns.raw() && Arrays.stream(unitColumns).anyMatch(c -> table.text(c).isEmpty())) {
          continue; // of no unit of the tables, whose keys are whole
        }
        String key = table.key(unitColumns);
        int number = columns.raw() ? units.find(key) : units.number(key);
        if (number < 0) {
          continue;
        }
        long start = table.instant(eventColumn);
        long from = table.instant(knownColumn);
        if (phase < 0) {
          phase = Math.floorMod(start, period);
        }
        if (Math.floorMod(start, period) != phase) {
          throw Refusal.of(
              "SLU-6024",
              "%s: %s is not the start of a period on the grid that the first row lays"
                  .formatted(table.at(eventColumn), Refusal.quoted(table.text(eventColumn))),
              "eventTime is the start of a period, and periods follow each other without gaps");
        }
        if (!columns.raw() && from < start + period) {
          findings.add(
              "SLU-6031",
              "%s: known before it happened: the period ends %s"
                  .formatted(table.at(knownColumn), EpochMicros.toInstant(start + period)),
              "a period's values are known when it is over, at the earliest; later corrections are"
                  + " rows of their own");
        }
        unit.add(number);
        slot.add(Math.toIntExact(Math.floorDiv(start, period)));
        known.add(from);
        for (int c = 0; c < channelColumns.length; c++) {
          values.add(
              columns.raw()
                  ? readable(table, channelColumns[c], c, unreadable)
                  : table.numberOrMissing(channelColumns[c]));
        }
        lines.add(table.line());
      }
    }
    findings.refuse();
    return sorted(
        name,
        columns,
        period,
        Math.max(0, phase),
        units,
        unit,
        slot,
        known,
        values,
        lines,
        unreadable);
  }

  /** The number, or the reason why this channel cannot be read and NaN from there on. */
  private static double readable(
      CsvTable table, int column, int channel, SortedMap<Integer, String> unreadable) {
    if (unreadable.containsKey(channel)) {
      return Double.NaN;
    }
    try {
      return table.numberOrMissing(column);
    } catch (SluiceException e) {
      unreadable.put(channel, e.diagnostics().getFirst().message());
      return Double.NaN;
    }
  }

  private static Panel sorted(
      String name,
      Columns columns,
      long period,
      long phase,
      Units units,
      IntArrayList unit,
      IntArrayList slot,
      LongArrayList known,
      DoubleArrayList values,
      IntArrayList lines,
      SortedMap<Integer, String> unreadable) {
    int n = unit.size();
    int c = columns.channels().size();
    int[] order =
        IndirectSort.mergesort(
            0,
            n,
            (a, b) -> {
              int byUnit = Integer.compare(unit.get(a), unit.get(b));
              int bySlot = byUnit != 0 ? byUnit : Integer.compare(slot.get(a), slot.get(b));
              return bySlot != 0 ? bySlot : Long.compare(known.get(a), known.get(b));
            });
    int[] starts = new int[units.size() + 1];
    int[] slots = new int[n];
    long[] knowns = new long[n];
    double[] sortedValues = new double[n * c];
    int[] sortedLines = new int[n];
    int kept = 0;
    int before = -1;
    for (int row : order) {
      if (before >= 0
          && unit.get(row) == unit.get(before)
          && slot.get(row) == slot.get(before)
          && known.get(row) == known.get(before)) {
        for (int k = 0; k < c; k++) {
          if (Double.compare(values.get(row * c + k), values.get(before * c + k)) != 0) {
            String what =
                "%s, lines %d and %d: two different `%s` for one unit, period and knownAt"
                    .formatted(
                        name,
                        Math.min(lines.get(before), lines.get(row)),
                        Math.max(lines.get(before), lines.get(row)),
                        columns.channels().get(k));
            if (!columns.raw()) {
              throw Refusal.of(
                  "SLU-6023", what, "a revision has a later knownAt than what it revises");
            }
            unreadable.putIfAbsent(k, what);
          }
        }
        continue;
      }
      before = row;
      starts[unit.get(row) + 1]++;
      slots[kept] = slot.get(row);
      knowns[kept] = known.get(row);
      sortedLines[kept] = lines.get(row);
      for (int k = 0; k < c; k++) {
        sortedValues[kept * c + k] = values.get(row * c + k);
      }
      kept++;
    }
    for (int u = 0; u < units.size(); u++) {
      starts[u + 1] += starts[u];
    }
    return new Panel(
        c,
        period,
        phase,
        starts,
        Arrays.copyOf(slots, kept),
        Arrays.copyOf(knowns, kept),
        Arrays.copyOf(sortedValues, kept * c),
        Arrays.copyOf(sortedLines, kept),
        unreadable);
  }

  /**
   * Channels of a raw snapshot that hold something else than numbers, or two numbers at once, with
   * the first place; what {@link #value} says of them means nothing.
   */
  SortedMap<Integer, String> unreadable() {
    return unreadable;
  }

  /** Vintages; those that say the same twice count once. */
  int size() {
    return slot.length;
  }

  /** Offset of the grid of periods against 1970, in microseconds. */
  long phase() {
    return phase;
  }

  boolean onGrid(long instant) {
    return Math.floorMod(instant, period) == phase;
  }

  /** Number of the period that starts at this instant of the grid. */
  int slotStarting(long instant) {
    return Math.toIntExact(Math.floorDiv(instant, period));
  }

  /** When the period of this number ends. */
  long endOf(int slotNumber) {
    return (slotNumber + 1L) * period + phase;
  }

  boolean hasUnit(int unit) {
    return unit >= 0 && unit + 1 < unitStart.length && unitStart[unit + 1] > unitStart[unit];
  }

  /** First vintage of a unit; with {@link #end} the range for the accessors below. */
  int start(int unit) {
    return hasUnit(unit) ? unitStart[unit] : 0;
  }

  int end(int unit) {
    return hasUnit(unit) ? unitStart[unit + 1] : 0;
  }

  int slot(int vintage) {
    return slot[vintage];
  }

  long knownAt(int vintage) {
    return knownAt[vintage];
  }

  double value(int vintage, int channel) {
    return values[vintage * channels + channel];
  }

  /** Line in the file, for messages. */
  int line(int vintage) {
    return line[vintage];
  }

  /** First vintage of the unit whose period is this one or later. */
  int lowerBound(int unit, int slotNumber) {
    int low = start(unit);
    int high = end(unit);
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (slot[middle] < slotNumber) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The vintage that held for a unit and period at an instant, or -1. */
  int vintageAsOf(int unit, int slotNumber, long instant) {
    int found = -1;
    int end = end(unit);
    for (int i = lowerBound(unit, slotNumber); i < end && slot[i] == slotNumber; i++) {
      if (knownAt[i] > instant) {
        break;
      }
      found = i;
    }
    return found;
  }

  /** The value that held, NaN when none was known or it was empty. */
  double valueAsOf(int unit, int slotNumber, long instant, int channel) {
    int vintage = vintageAsOf(unit, slotNumber, instant);
    return vintage < 0 ? Double.NaN : value(vintage, channel);
  }

  /**
   * What a forecast made at {@code origin} may look at: the {@code lookback} periods that end at or
   * before it, each by its latest vintage with {@code knownAt <= origin}.
   *
   * @param picked the channels, in the order of the model's signature
   * @param out receives {@code [lookback][picked]} from {@code offset} on, NaN = missing
   */
  void window(int unit, long origin, int lookback, int[] picked, float[] out, int offset) {
    Arrays.fill(out, offset, offset + lookback * picked.length, Float.NaN);
    int after = slotStarting(origin);
    int first = after - lookback;
    int end = end(unit);
    for (int i = lowerBound(unit, first); i < end && slot[i] < after; i++) {
      if (knownAt[i] <= origin) {
        int at = offset + (slot[i] - first) * picked.length;
        for (int k = 0; k < picked.length; k++) {
          out[at + k] = (float) value(i, picked[k]);
        }
      }
    }
  }
}
