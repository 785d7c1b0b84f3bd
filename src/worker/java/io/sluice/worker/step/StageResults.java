package io.sluice.worker.step;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The small named values that a command left in {@code SLUICE_RESULTS}. They describe what it made,
 * and it may have worked for hours: one that cannot be kept is left out and told, and stops
 * nothing.
 *
 * @param values by name; names are those that MLflow has for metrics
 * @param told a line for each value that has another name than its file, or is left out
 */
record StageResults(SortedMap<String, String> values, List<String> told) {
  private static final int MAX_RESULTS = 64;
  private static final int MAX_BYTES = 4096;
  private static final int MAX_NAME = 250; // as MLflow has it

  /** What MLflow takes in the name of a metric, without the slash, which no file name has. */
  private static final Pattern OTHER = Pattern.compile("[^A-Za-z0-9_. :-]");

  StageResults {
    values = new TreeMap<>(values);
    told = List.copyOf(told);
  }

  static StageResults read(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> list = Files.list(folder)) {
      list.sorted().forEach(files::add);
    } catch (NoSuchFileException e) {
      return new StageResults(new TreeMap<>(), List.of());
    }
    Reader reader = new Reader();
    // names that stay first: none of them gives way to one that has to change
    files.stream().filter(Reader::stays).forEach(reader::name);
    files.stream().filter(f -> !Reader.stays(f)).forEach(reader::name);
    for (Path file : files) {
      reader.value(file);
    }
    return new StageResults(reader.values, reader.told);
  }

  private static final class Reader {
    private final SortedMap<Path, String> names = new TreeMap<>();
    private final SortedMap<String, String> values = new TreeMap<>();
    private final List<String> told = new ArrayList<>();

    static boolean stays(Path file) {
      return kept(file).equals(file.getFileName().toString());
    }

    private static String kept(Path file) {
      String name = OTHER.matcher(file.getFileName().toString()).replaceAll("_");
      return name.substring(0, Math.min(name.length(), MAX_NAME));
    }

    void name(Path file) {
      String name = kept(file);
      if (!names.containsValue(name)) {
        names.put(file, name);
      }
    }

    void value(Path file) throws IOException {
      String name = names.get(file);
      if (name == null) {
        leftOut(file, "`%s`, as which it would be kept, is another result".formatted(kept(file)));
        return;
      }
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        leftOut(file, "it is not a plain file");
        return;
      }
      if (values.size() == MAX_RESULTS) {
        leftOut(file, "it is one more than the " + MAX_RESULTS + " that a stage may have");
        return;
      }
      byte[] bytes;
      try (InputStream in =
          Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
        bytes = in.readNBytes(MAX_BYTES + 1);
      }
      if (bytes.length > MAX_BYTES) {
        leftOut(file, "it is larger than " + MAX_BYTES + " bytes");
        return;
      }
      Optional<String> text = utf8(bytes);
      if (text.isEmpty()) {
        leftOut(file, "it is not UTF-8");
        return;
      }
      if (!stays(file)) {
        told.add(
            "the result `%s` is kept as `%s`: names have letters, digits, blanks and _ . - :"
                .formatted(shown(file), name));
      }
      values.put(name, text.get().strip());
    }

    private static Optional<String> utf8(byte[] bytes) {
      try {
        return Optional.of(
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
      } catch (CharacterCodingException e) {
        return Optional.empty();
      }
    }

    private void leftOut(Path file, String why) {
      told.add("warning[SLU-4011]: the result `%s` is left out: %s".formatted(shown(file), why));
    }

    private static String shown(Path file) {
      return file.getFileName().toString().replaceAll("\\p{Cntrl}", "?");
    }
  }
}
