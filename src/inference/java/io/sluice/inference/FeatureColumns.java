package io.sluice.inference;

import com.carrotsearch.hppc.ObjectIntHashMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Collects the features of rows as they are read, each column in an array of its own type. */
final class FeatureColumns {
  private final RowReader reader;
  private final Collected[] columns;
  private int size;

  /** A column under construction; only the array of its type is there. */
  private static final class Collected {
    double[] numbers = new double[0];
    long[] whole = new long[0];
    boolean[] flags = new boolean[0];
    int[] codes = new int[0];
    final ObjectIntHashMap<String> known = new ObjectIntHashMap<>();
    final List<String> words = new ArrayList<>();

    int code(String text) {
      int code = known.getOrDefault(text, -1);
      if (code < 0) {
        code = words.size();
        known.put(text, code);
        words.add(text);
      }
      return code;
    }
  }

  /**
   * @param expected about how many rows there will be
   */
  FeatureColumns(RowReader reader, int expected) {
    this.reader = reader;
    this.columns = new Collected[reader.features()];
    for (int f = 0; f < columns.length; f++) {
      columns[f] = new Collected();
      resize(f, expected);
    }
  }

  private void resize(int f, int length) {
    Collected column = columns[f];
    switch (reader.type(f)) {
      case FLOAT -> column.numbers = Arrays.copyOf(column.numbers, length);
      case INT -> column.whole = Arrays.copyOf(column.whole, length);
      case BOOL -> column.flags = Arrays.copyOf(column.flags, length);
      case STRING -> column.codes = Arrays.copyOf(column.codes, length);
    }
  }

  private int capacity() {
    Collected first = columns[0];
    return switch (reader.type(0)) {
      case FLOAT -> first.numbers.length;
      case INT -> first.whole.length;
      case BOOL -> first.flags.length;
      case STRING -> first.codes.length;
    };
  }

  /** Takes the features of the reader's row. */
  void add() {
    if (size == capacity()) {
      for (int f = 0; f < columns.length; f++) {
        resize(f, Math.max(64, size + size / 2));
      }
    }
    for (int f = 0; f < columns.length; f++) {
      Collected column = columns[f];
      switch (reader.type(f)) {
        case FLOAT -> column.numbers[size] = reader.number(f);
        case INT -> column.whole[size] = reader.whole(f);
        case BOOL -> column.flags[size] = reader.flag(f);
        case STRING -> column.codes[size] = column.code(reader.text(f));
      }
    }
    size++;
  }

  /** What was collected. */
  Features features() {
    SortedMap<String, Features.Column> out = new TreeMap<>();
    if (capacity() != size) {
      for (int f = 0; f < columns.length; f++) {
        resize(f, size);
      }
    }
    for (int f = 0; f < columns.length; f++) {
      Collected column = columns[f];
      out.put(
          reader.feature(f),
          switch (reader.type(f)) {
            case FLOAT -> new Features.Column.Numbers(column.numbers);
            case INT -> new Features.Column.Whole(column.whole);
            case BOOL -> new Features.Column.Flags(column.flags);
            case STRING -> new Features.Column.Words(column.codes, List.copyOf(column.words));
          });
    }
    return new Features(size, out);
  }
}
