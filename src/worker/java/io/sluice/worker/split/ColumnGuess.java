package io.sluice.worker.split;

import io.sluice.core.table.ColumnType;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Infers the type of a column from all of its values, and keeps what is odd about them. */
final class ColumnGuess {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?");
  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,15}");

  /** A number with a leading zero is a code: of `02134` the zero is a part. */
  private static final Pattern CODE = Pattern.compile("[+-]?0[0-9]+");

  private static final Set<String> TRUTH = Set.of("true", "false");

  private long values;
  private long missing;
  private long numbers;
  private long whole;
  private long truths;
  private long codes;
  private int firstText;
  private String text = "";
  private int firstCode;

  void add(String field, int line) {
    if (field.isEmpty()) {
      missing++;
      return;
    }
    values++;
    if (TRUTH.contains(field.toLowerCase(Locale.ROOT))) {
      truths++;
    }
    if (!NUMBER.matcher(field).matches()) {
      if (firstText == 0) {
        firstText = line;
        text = field;
      }
      return;
    }
    numbers++;
    if (WHOLE.matcher(field).matches()) {
      whole++;
    }
    if (CODE.matcher(field).matches()) {
      codes++;
      firstCode = firstCode == 0 ? line : firstCode;
    }
  }

  /** Float for a column without a value: nothing says otherwise. */
  ColumnType type() {
    if (values > 0 && truths == values && missing == 0) {
      return ColumnType.BOOL;
    }
    if (numbers < values || codes > 0) {
      return ColumnType.STRING;
    }
    return whole == values && values > 0 && missing == 0 ? ColumnType.INT : ColumnType.FLOAT;
  }

  /**
   * What somebody should look at who did not declare the type; empty when nothing is odd.
   *
   * @param column its name
   */
  String odd(String column) {
    if (values == 0) {
      return "`%s` has no value in any row".formatted(column);
    }
    if (numbers > 0 && numbers < values) {
      return "`%s` is text: %d of %d values are no numbers, the first in line %d: `%s`"
          .formatted(
              column, values - numbers, values, firstText, text.replaceAll("\\p{Cntrl}", "?"));
    }
    if (codes > 0) {
      return "`%s` is text: %d of %d numbers begin with a zero, the first in line %d"
          .formatted(column, codes, values, firstCode);
    }
    return "";
  }

  /** Whether more than nine in ten of its values are numbers, and others are not. */
  boolean almostNumbers() {
    return numbers < values && numbers >= 0.9 * values;
  }
}
