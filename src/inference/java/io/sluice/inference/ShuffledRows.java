package io.sluice.inference;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.core.artifact.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Writes rows of a table in the order of a hash of their ids. A table that was sorted by its label
 * would tell the label by the place of a row.
 *
 * @param columns to write
 * @param id those of them that name a row
 */
record ShuffledRows(List<String> columns, List<String> id) {
  /** So much of the table is sorted in memory at a time. */
  private static final long PART_BYTES = 16L << 20;

  private static final int MOST_PARTS = 512;

  private record Row(long hash, String key, List<String> fields) {}

  /** Reads a table, called so in messages, and writes it anew. */
  void write(Path table, String called, Path out) throws IOException {
    int parts = (int) Math.min(MOST_PARTS, 1 + Files.size(table) / PART_BYTES);
    Path drafts = Files.createTempDirectory(out.toAbsolutePath().getParent(), "rows");
    List<Path> files = new ArrayList<>();
    for (int p = 0; p < parts; p++) {
      files.add(drafts.resolve(p + ".csv"));
    }
    deal(table, called, files);
    try (CsvWriter shown = CsvTable.writer(out)) {
      shown.writeRecord(columns);
      for (Path file : files) {
        for (Row row : sorted(file)) {
          shown.writeRecord(row.fields());
        }
        Files.delete(file);
      }
    }
    Files.delete(drafts);
  }

  /** Deals rows to files by the first bits of their hashes. */
  private void deal(Path table, String called, List<Path> files) throws IOException {
    List<CsvWriter> drafts = new ArrayList<>();
    try (CsvTable rows = CsvTable.open(table, called)) {
      int[] at = columns.stream().mapToInt(rows::require).toArray();
      int[] key = rows.columns(id);
      for (Path file : files) {
        CsvWriter draft = CsvTable.writer(file);
        drafts.add(draft);
        draft.writeRecord(columns);
      }
      List<String> fields = new ArrayList<>(at.length);
      while (rows.next()) {
        fields.clear();
        for (int column : at) {
          fields.add(rows.text(column));
        }
        drafts.get(part(hash(rows.key(key)), files.size())).writeRecord(fields);
      }
    } finally {
      for (CsvWriter draft : drafts) {
        draft.close();
      }
    }
  }

  private List<Row> sorted(Path file) throws IOException {
    List<Row> rows = new ArrayList<>();
    try (CsvTable part = CsvTable.open(file, String.valueOf(file.getFileName()))) {
      int[] key = part.columns(id);
      while (part.next()) {
        List<String> fields = new ArrayList<>(columns.size());
        for (int column = 0; column < columns.size(); column++) {
          fields.add(part.text(column));
        }
        String name = part.key(key);
        rows.add(new Row(hash(name), name, fields));
      }
    }
    rows.sort(Comparator.comparingLong(Row::hash).thenComparing(Row::key));
    return rows;
  }

  /** Parts are in the order of the hashes that they hold. */
  private static int part(long hash, int parts) {
    return (int) (((hash >>> 32) * parts) >>> 31);
  }

  /** Not negative, and the same for the same id. */
  private static long hash(String key) {
    MessageDigest sha = Digest.sha256();
    return ByteBuffer.wrap(sha.digest(key.getBytes(StandardCharsets.UTF_8))).getLong() >>> 1;
  }
}
