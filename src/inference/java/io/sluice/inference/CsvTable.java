package io.sluice.inference;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.core.diag.SluiceException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table between stages, read as ADR 1 lays it down: one record after the other, strict, every
 * complaint with file, line and column. Not for several threads.
 */
final class CsvTable implements AutoCloseable {
  /** A longer field is neither a key nor a number. */
  private static final int MAX_FIELD = 1 << 16;

  /** Tables have few distinct instants; a column of many is parsed each time beyond this. */
  private static final int INSTANT_CACHE = 1 << 16;

  private final String name;
  private final CsvReader<CsvRecord> reader;
  private final Iterator<CsvRecord> records;
  private final List<String> header;
  private final Map<String, Long> instants = new HashMap<>();
  private @Nullable CsvRecord record;

  private CsvTable(String name, CsvReader<CsvRecord> reader) {
    this.name = name;
    this.reader = reader;
    this.records = reader.iterator();
    if (!advance()) {
      throw header(name + " is empty, not even a header");
    }
    this.header = current().getFields();
    Set<String> seen = new HashSet<>();
    for (String column : header) {
      if (!seen.add(column)) {
        throw header("%s names the column %s twice".formatted(name, Refusal.quoted(column)));
      }
    }
  }

  /**
   * Opens a table and reads its header.
   *
   * @param name what messages call the file
   * @throws SluiceException SLU-6021 when there is no such file or no header
   */
  static CsvTable open(Path file, String name) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw header("there is no file " + name);
    }
    var decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    var text =
        new BufferedReader(new InputStreamReader(Files.newInputStream(file), decoder), 1 << 16);
    CsvReader<CsvRecord> reader =
        CsvReader.builder()
            .skipEmptyLines(false)
            .extraFieldStrategy(FieldMismatchStrategy.STRICT)
            .missingFieldStrategy(FieldMismatchStrategy.STRICT)
            .maxBufferSize(MAX_FIELD)
            .ofCsvRecord(text);
    try {
      return new CsvTable(name, reader);
    } catch (RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  List<String> header() {
    return header;
  }

  /** Refuses a header that is not made of exactly these columns, in whatever order. */
  void expectColumns(List<String> wanted) {
    for (String column : wanted) {
      if (!header.contains(column)) {
        throw header("%s has no column `%s`".formatted(name, column));
      }
    }
    for (String column : header) {
      if (!wanted.contains(column)) {
        throw header(
            "%s has a column %s that does not belong there (wanted: %s)"
                .formatted(name, Refusal.quoted(column), String.join(", ", wanted)));
      }
    }
  }

  private static SluiceException header(String message) {
    return Refusal.of(
        "SLU-6021",
        message,
        "see \"Tables\" in docs/architecture.md for the columns of each table");
  }

  /** Position of a column that {@link #expectColumns} or the caller has seen to be there. */
  int column(String column) {
    return header.indexOf(column);
  }

  int[] columns(List<String> names) {
    return names.stream().mapToInt(this::column).toArray();
  }

  /** Goes to the next record. */
  boolean next() {
    return advance();
  }

  private boolean advance() {
    try {
      if (!records.hasNext()) {
        record = null;
        return false;
      }
      record = records.next();
      return true;
    } catch (CsvParseException e) {
      throw Refusal.of(
          "SLU-6022",
          "%s, after line %d: %s".formatted(name, record == null ? 0 : line(), e.getMessage()),
          "write CSV by RFC 4180, each row as long as the header",
          e);
    } catch (UncheckedIOException e) {
      throw Refusal.of(
          "SLU-6022",
          "%s, after line %d: not readable as UTF-8 (%s)"
              .formatted(name, record == null ? 0 : line(), e.getCause()),
          "write the table as UTF-8",
          e);
    }
  }

  private CsvRecord current() {
    if (record == null) {
      throw new IllegalStateException("no record");
    }
    return record;
  }

  /** 1-based line on which the current record begins. */
  int line() {
    return Math.toIntExact(current().getStartingLineNumber());
  }

  String text(int column) {
    return current().getField(column);
  }

  /** A finite number. */
  double number(int column) {
    String text = text(column);
    if (text.isEmpty()) {
      throw bad(column, "is empty");
    }
    return parse(column, text);
  }

  /** A finite number, or NaN for an empty field. */
  double numberOrMissing(int column) {
    String text = text(column);
    return text.isEmpty() ? Double.NaN : parse(column, text);
  }

  private double parse(int column, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
        throw bad(column, Refusal.quoted(text) + " is not a number");
      }
    }
    try {
      double value = Double.parseDouble(text);
      if (Double.isInfinite(value)) {
        throw bad(column, Refusal.quoted(text) + " is beyond what a double holds");
      }
      return value;
    } catch (NumberFormatException e) {
      throw bad(column, Refusal.quoted(text) + " is not a number");
    }
  }

  /** A whole number from 1. */
  int count(int column) {
    double value = number(column);
    if (value != Math.rint(value) || value < 1 || value > 1_000_000) {
      throw bad(column, Refusal.quoted(text(column)) + " is not a whole number from 1");
    }
    return (int) value;
  }

  /** Microseconds since 1970. */
  long instant(int column) {
    String text = text(column);
    Long known = instants.get(text);
    if (known != null) {
      return known;
    }
    try {
      long value = EpochMicros.parse(text);
      if (instants.size() < INSTANT_CACHE) {
        instants.put(text, value);
      }
      return value;
    } catch (IllegalArgumentException e) {
      throw bad(column, e.getMessage());
    }
  }

  /** The values of these columns as one key. */
  String key(int[] columns) {
    if (columns.length == 1) {
      return part(columns[0]);
    }
    StringBuilder key = new StringBuilder();
    for (int column : columns) {
      key.append(part(column)).append(Units.SEPARATOR);
    }
    key.setLength(key.length() - 1);
    return key.toString();
  }

  private String part(int column) {
    String text = text(column);
    if (text.isEmpty()) {
      throw bad(column, "is empty; a key has a value in every row");
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ') {
        throw bad(column, Refusal.quoted(text) + " holds a control character");
      }
    }
    return text;
  }

  /** {@code holdout/rows.csv, line 17, column 5 (`knownAt`)}. */
  String at(int column) {
    return "%s, line %d, column %d (`%s`)".formatted(name, line(), column + 1, header.get(column));
  }

  SluiceException bad(int column, @Nullable String what) {
    return Refusal.of(
        "SLU-6022", at(column) + ": " + what, "mend the stage that writes this table");
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  /** A writer of such tables. */
  static CsvWriter writer(Path file) throws IOException {
    return CsvWriter.builder()
        .lineDelimiter(de.siegmar.fastcsv.writer.LineDelimiter.LF)
        .bufferSize(1 << 16)
        .build(file, StandardCharsets.UTF_8);
  }

  /** The shortest decimal that a float32 stands for, as a double. */
  static double shortest(float value) {
    return value == Math.rint(value) ? value : Double.parseDouble(Float.toString(value));
  }

  /** Shortest text that reads back as the same number; whole numbers without a decimal point. */
  static String format(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    }
    return Double.toString(value);
  }
}
