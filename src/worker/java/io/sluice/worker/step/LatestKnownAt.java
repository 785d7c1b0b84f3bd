package io.sluice.worker.step;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.DateOrInstant;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Finds up to when a labelled data source knows: the latest instant in its {@code knownAt} column.
 * Later stages take their as-of from it, so that an unchanged snapshot stays a cache hit however
 * often it is fetched.
 */
final class LatestKnownAt {
  private final ArtifactStore store;
  private final String column;
  private final Instant limit;

  /**
   * @param column that holds when each row became known
   * @param limit the run's as-of: what nobody could have known yet must not be in the data
   */
  LatestKnownAt(ArtifactStore store, String column, Instant limit) {
    this.store = store;
    this.column = column;
    this.limit = limit;
  }

  /**
   * Streams every table of the manifest that has the column.
   *
   * @throws SluiceException {@code SLU-4030} when no table has it or none of its fields is filled,
   *     {@code SLU-4031} for a broken table, {@code SLU-4032} for a row from the future
   */
  Instant in(List<Manifest.Entry> entries) throws IOException {
    boolean found = false;
    Optional<Instant> latest = Optional.empty();
    for (Manifest.Entry entry : entries) {
      if (!isTable(entry)) {
        continue;
      }
      try (InputStream in = store.open(entry.digest());
          var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
          CsvReader<CsvRecord> table =
              CsvReader.builder()
                  .missingFieldStrategy(FieldMismatchStrategy.STRICT)
                  .extraFieldStrategy(FieldMismatchStrategy.STRICT)
                  .ofCsvRecord(reader)) {
        Iterator<CsvRecord> rows = table.iterator();
        int index = rows.hasNext() ? rows.next().getFields().indexOf(column) : -1;
        if (index < 0) {
          continue;
        }
        found = true;
        while (rows.hasNext()) {
          CsvRecord row = rows.next();
          String text = row.getField(index);
          if (!text.isEmpty()) {
            Instant known = instant(entry, row, text);
            if (latest.isEmpty() || known.isAfter(latest.get())) {
              latest = Optional.of(known);
            }
          }
        }
      } catch (CsvParseException e) {
        throw broken(entry.path() + ": " + e.getMessage());
      }
    }
    if (latest.isPresent()) {
      return latest.get();
    }
    throw new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-4030",
            found
                ? "the column " + column + " of the produced table is empty"
                : "no produced table has the column " + column + ", which labels.knownAt names",
            "write one CSV file with a header row, in which this column says when each row became"
                + " known"));
  }

  /** A file output has no suffix; of a folder's files only those that call themselves CSV count. */
  private static boolean isTable(Manifest.Entry entry) {
    return entry.size() > 0 && (entry.path().indexOf('/') < 0 || entry.path().endsWith(".csv"));
  }

  private Instant instant(Manifest.Entry entry, CsvRecord row, String text) {
    String where = entry.path() + ", line " + row.getStartingLineNumber() + ", " + column;
    Instant known;
    try {
      known = parse(text);
    } catch (DateTimeException e) {
      throw broken(where + ": not an instant in ISO 8601: " + clipped(text));
    }
    if (known.isAfter(limit)) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-4032",
              where + ": known at " + known + ", which is after the run's as-of " + limit,
              "a data source must leave out what was not known at SLUICE_AS_OF"));
    }
    return known;
  }

  /** An instant, or a date that means its midnight UTC. */
  static Instant parse(String text) {
    return DateOrInstant.parse(text)
        .orElseThrow(() -> new DateTimeException("neither a date nor an instant: " + text));
  }

  private static String clipped(String text) {
    String plain = text.replaceAll("\\p{Cntrl}", "?");
    return plain.length() > 40 ? plain.substring(0, 40) + ".." : plain;
  }

  private static SluiceException broken(String message) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-4031", message, "tables are CSV by RFC 4180; see docs/adr/0001-tables.md"));
  }
}
