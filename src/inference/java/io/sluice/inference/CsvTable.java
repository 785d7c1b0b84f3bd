package io.sluice.inference;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.SluiceException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A table, read as docs/tables.md lays it down: one record after the other, strict, every complaint
 * with file, line, column and what stands there. The one reader of tables in Java; {@code
 * sluice_ml.table} is the one in Python, and the cases in {@code test-fixtures/tables} hold both to
 * the same answers. Not for several threads.
 */
public final class CsvTable implements AutoCloseable {
  /** A longer field is neither a key nor a number. */
  private static final int MAX_FIELD = 1 << 16;

  /** Tables have few distinct instants; a column of many is parsed each time beyond this. */
  private static final int INSTANT_CACHE = 1 << 16;

  /** So many digits and a point are below 2^53 in any case. */
  private static final int MAX_PLAIN = 16;

  private static final double[] POWERS = {
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
  };

  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?");
  private static final Pattern THOUSANDS =
      Pattern.compile("[+-]?[0-9]{1,3}(?:[,.' \u00a0\u202f][0-9]{3})+(?:[.,][0-9]*)?");
  private static final Pattern DECIMAL_COMMA = Pattern.compile("[+-]?[0-9]*,[0-9]+");
  private static final Set<String> MISSING =
      Set.of("nan", "na", "n/a", "#n/a", "null", "none", "nil", "-", "\\n");
  private static final Set<String> INFINITE =
      Set.of("inf", "infinity", "+inf", "+infinity", "-inf", "-infinity");

  private final String name;
  private final CsvReader<CsvRecord> reader;
  private final Iterator<CsvRecord> records;
  private List<String> header;
  private final Map<String, Long> instants = new HashMap<>();
  private long recordLine = 1;
  private @Nullable CsvRecord record;

  private CsvTable(String name, CsvReader<CsvRecord> reader) {
    this.name = name;
    this.reader = reader;
    this.records = reader.iterator();
    this.header = List.of();
    if (!advance()) {
      throw header(name + " is empty, not even a header");
    }
    this.header = current().getFields();
    checkHeader();
  }

  private void checkHeader() {
    String first = header.getFirst();
    if (header.size() == 1) {
      for (String separator : List.of(";", "\t", "|")) {
        if (first.contains(separator)) {
          throw header(
              "the header of %s is one column, %s: are its fields separated by %s?"
                  .formatted(
                      name,
                      Refusal.quoted(first),
                      separator.equals("\t") ? "tabs" : "`" + separator + "`"));
        }
      }
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < header.size(); i++) {
      String column = header.get(i);
      if (column.isBlank()) {
        throw header(
            "%s, line 1: column %d has no name%s"
                .formatted(
                    name,
                    i + 1,
                    i == header.size() - 1 && i > 0 ? ": does the line end in a separator?" : ""));
      }
      if (!seen.add(column)) {
        throw header("%s names the column %s twice".formatted(name, Refusal.quoted(column)));
      }
    }
  }

  /**
   * Opens a table and reads its header.
   *
   * @param name what messages call the file
   * @throws SluiceException SLU-6021 when there is no such file, or it is not a table
   */
  public static CsvTable open(Path file, String name) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw header("there is no file " + name);
    }
    return open(Files.newInputStream(file), name);
  }

  /**
   * As {@link #open(Path, String)}, of a stream, which the table closes.
   *
   * @throws SluiceException SLU-6021 when it is not a table
   */
  public static CsvTable open(InputStream in, String name) throws IOException {
    try {
      var text = new BufferedReader(TableText.open(in, name), 1 << 16);
      CsvReader<CsvRecord> reader =
          CsvReader.builder()
              .skipEmptyLines(false)
              .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
              .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
              .allowUnclosedQuote(false)
              .maxBufferSize(MAX_FIELD)
              .ofCsvRecord(text);
      return new CsvTable(name, reader);
    } catch (RuntimeException | IOException e) {
      in.close();
      throw e;
    }
  }

  /** The names of the columns. */
  public List<String> header() {
    return header;
  }

  /** Refuses a header that is not made of exactly these columns, in whatever order. */
  void expectColumns(List<String> wanted) {
    for (String column : wanted) {
      if (!header.contains(column)) {
        throw lacks(column);
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

  private SluiceException lacks(String column) {
    return header(
        "%s has no column `%s`; it has %s%s"
            .formatted(
                name,
                column,
                columnsInWords(header),
                DidYouMean.among(header, column)
                    .map(n -> ": is " + Refusal.quoted(n) + " meant?")
                    .orElse("")));
  }

  /** The names of some columns, for a message: as many as fit a line. */
  public static String columnsInWords(List<String> columns) {
    int most = 12;
    String list = String.join(", ", columns.stream().limit(most).map(Refusal::quoted).toList());
    return columns.size() > most ? list + " and %d more".formatted(columns.size() - most) : list;
  }

  private static SluiceException header(String message) {
    return Refusal.of("SLU-6021", message, "docs/tables.md has the form of tables");
  }

  /** Position of a column that {@link #expectColumns} or the caller has seen to be there. */
  int column(String column) {
    return header.indexOf(column);
  }

  /** Position of a column; empty when the table has none of that name. */
  public Optional<Integer> find(String column) {
    int at = header.indexOf(column);
    return at < 0 ? Optional.empty() : Optional.of(at);
  }

  /**
   * Position of a column.
   *
   * @throws SluiceException SLU-6021 when there is none, with those that there are
   */
  public int require(String column) {
    return find(column).orElseThrow(() -> lacks(column));
  }

  int[] columns(List<String> names) {
    return names.stream().mapToInt(this::column).toArray();
  }

  /** Goes to the next record. */
  public boolean next() {
    return advance();
  }

  private boolean advance() {
    recordLine = record == null ? 1 : endOf(record) + 1;
    try {
      if (!records.hasNext()) {
        record = null;
        return false;
      }
      CsvRecord found = records.next();
      record = found;
      if (!header.isEmpty() && found.getFieldCount() != header.size()) {
        throw wrongLength(found);
      }
      return true;
    } catch (CsvParseException e) {
      if (e.getCause() instanceof SluiceException refused) {
        throw refused;
      }
      throw broken(
          String.valueOf(e.getMessage()),
          "a quote within a quoted field is doubled, and nothing but a separator follows its end;"
              + " a field has at most %d characters".formatted(MAX_FIELD),
          e);
    } catch (UncheckedIOException e) {
      throw broken("cannot be read (%s)".formatted(e.getCause()), "look at the file", e);
    }
  }

  /** The last line of a record: a quoted field may go over several. */
  private static long endOf(CsvRecord record) {
    long breaks = 0;
    for (int i = 0; i < record.getFieldCount(); i++) {
      String field = record.getField(i);
      for (int at = field.indexOf('\n'); at >= 0; at = field.indexOf('\n', at + 1)) {
        breaks++;
      }
    }
    return record.getStartingLineNumber() + breaks;
  }

  private SluiceException wrongLength(CsvRecord found) {
    int fields = found.getFieldCount();
    if (fields == 1 && found.getField(0).isEmpty()) {
      return Refusal.of(
          "SLU-6022",
          "%s, line %d is empty".formatted(name, recordLine),
          "end each row by one line feed; docs/tables.md");
    }
    boolean separator = fields == header.size() + 1 && found.getField(fields - 1).isEmpty();
    return Refusal.of(
        "SLU-6022",
        "%s, line %d has %d fields, the header has %d%s"
            .formatted(
                name,
                recordLine,
                fields,
                header.size(),
                separator ? ": does the line end in a separator?" : ""),
        "each row is as long as the header; a field with a comma in it is quoted; docs/tables.md");
  }

  private SluiceException broken(String what, String hint, Throwable cause) {
    return Refusal.of(
        "SLU-6022",
        "%s, line %d: %s".formatted(name, recordLine, what.replaceAll("\\p{Cntrl}", " ")),
        hint + "; docs/tables.md",
        cause);
  }

  private CsvRecord current() {
    if (record == null) {
      throw new IllegalStateException("no record");
    }
    return record;
  }

  /** 1-based line on which the current record begins. */
  public int line() {
    return Math.toIntExact(current().getStartingLineNumber());
  }

  /** The field as it stands, spaces included. */
  public String text(int column) {
    return current().getField(column);
  }

  /** A finite number. */
  public double number(int column) {
    String text = text(column);
    if (text.isEmpty()) {
      throw bad(column, "is empty");
    }
    return parse(column, text);
  }

  /** A finite number, or NaN for an empty field. */
  public double numberOrMissing(int column) {
    String text = text(column);
    return text.isEmpty() ? Double.NaN : parse(column, text);
  }

  /**
   * What a model forecast. Languages spell a value that is not a number differently; none of it is
   * hidden from the metric, so here, and only here, `NaN` and `Infinity` are words.
   */
  public double forecast(int column) {
    String text = text(column).strip().toLowerCase(Locale.ROOT);
    if (text.isEmpty() || MISSING.contains(text)) {
      return Double.NaN;
    }
    if (INFINITE.contains(text)) {
      return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return number(column);
  }

  private double parse(int column, String text) {
    double plain = plain(text);
    if (!Double.isNaN(plain)) {
      return plain;
    }
    if (!NUMBER.matcher(text).matches()) {
      throw bad(column, "%s is not a number%s".formatted(Refusal.quoted(text), whyNot(text)));
    }
    double value = Double.parseDouble(text);
    if (Double.isInfinite(value)) {
      throw bad(column, Refusal.quoted(text) + " is beyond what a double holds");
    }
    return value + 0.0; // there is one zero
  }

  /**
   * A short decimal without an exponent, which most numbers of a table are; NaN of any other text.
   * Digits and power are exact doubles, so that their quotient is the double nearest to the decimal
   * (Clinger 1990), the one that {@link Double#parseDouble} finds.
   */
  static double plain(String text) {
    int length = text.length();
    int at = length > 0 && text.charAt(0) == '-' ? 1 : 0;
    if (length == at || length - at > MAX_PLAIN) {
      return Double.NaN;
    }
    long digits = 0;
    int point = -1;
    for (int i = at; i < length; i++) {
      char c = text.charAt(i);
      if (c >= '0' && c <= '9') {
        digits = digits * 10 + (c - '0');
      } else if (c == '.' && point < 0 && i > at) {
        point = i;
      } else {
        return Double.NaN;
      }
    }
    double value = point < 0 ? digits : digits / POWERS[length - 1 - point];
    return (at == 1 ? -value : value) + 0.0; // there is one zero
  }

  private static String whyNot(String text) {
    String lower = text.strip().toLowerCase(Locale.ROOT);
    if (MISSING.contains(lower)) {
      return ": a missing value is an empty field";
    }
    if (INFINITE.contains(lower)) {
      return ": numbers are finite";
    }
    if (THOUSANDS.matcher(lower).matches()) {
      return ": thousands are not separated";
    }
    if (DECIMAL_COMMA.matcher(lower).matches()) {
      return ": the decimal point is `.`";
    }
    return NUMBER.matcher(lower).matches() ? ": spaces belong to a field" : "";
  }

  /** A whole number from 1. */
  public int count(int column) {
    double value = number(column);
    if (value != Math.rint(value) || value < 1 || value > 1_000_000) {
      throw bad(column, Refusal.quoted(text(column)) + " is not a whole number from 1");
    }
    return (int) value;
  }

  /** An instant, of whole seconds. */
  public Instant time(int column) {
    return EpochMicros.toInstant(instant(column));
  }

  /** Microseconds since 1970. */
  long instant(int column) {
    String text = text(column);
    Long known = instants.get(text);
    if (known != null) {
      return known;
    }
    if (text.isEmpty()) {
      throw bad(column, "is empty; a time has a value in every row");
    }
    try {
      long value = EpochMicros.parse(text);
      if (value % 1_000_000 != 0) {
        throw bad(column, Refusal.quoted(text) + " has a fraction of a second: round it up");
      }
      if (instants.size() < INSTANT_CACHE) {
        instants.put(text, value);
      }
      return value;
    } catch (IllegalArgumentException e) {
      throw bad(column, e.getMessage());
    }
  }

  /** The values of these columns as one key: none is empty, and none holds a control character. */
  public String key(int[] columns) {
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
  public String at(int column) {
    return "%s, line %d, column %d (`%s`)".formatted(name, line(), column + 1, header.get(column));
  }

  /** What is wrong with a field of the current record. */
  public SluiceException bad(int column, @Nullable String what) {
    return Refusal.of(
        "SLU-6022",
        at(column) + ": " + what,
        "mend what writes this table; docs/tables.md has the form of numbers and times");
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  /** A writer of such tables. */
  public static CsvWriter writer(Path file) throws IOException {
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

  /** NaN is an empty field; infinities are spelled out, so that the gate can tell them apart. */
  static String cell(double value) {
    return Double.isNaN(value) ? "" : format(value);
  }
}
