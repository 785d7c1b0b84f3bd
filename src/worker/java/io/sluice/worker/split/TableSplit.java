package io.sluice.worker.split;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.table.ColumnType;
import io.sluice.core.table.SplitBy;
import io.sluice.core.table.SplitSettings;
import io.sluice.core.table.TableFormat;
import io.sluice.inference.CsvTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Makes table sets for training, validation and holdout of one CSV, which it reads twice: once to
 * infer types and to find what is wrong, once to write. What it keeps of a row between both is a
 * few numbers, so that the table may be larger than the memory.
 */
public final class TableSplit {
  private static final int MAX_DISTINCT_SHOWN = 10;

  private final SplitSettings told;
  private final Instant asOf;
  private final KeyedDraw draw;
  private final KeyedDraw names;
  private final List<String> log = new ArrayList<>();

  /**
   * A split.
   *
   * @param seed of the spec: another one moves the rows
   * @param asOf rows that came about, or whose label became known, later are left out
   */
  public TableSplit(SplitSettings told, long seed, Instant asOf) {
    this.told = told;
    this.asOf = asOf;
    this.draw = new KeyedDraw(seed, told.validation(), told.holdout());
    this.names = new KeyedDraw(0, 0, 0);
  }

  /**
   * What came of it.
   *
   * @param told sentences for the stage's log
   * @param counts rows of each part, as {@code <part>.rows}
   */
  public record Made(List<String> told, SortedMap<String, Long> counts) {}

  /** What a row is worth between both readings. */
  private record Row(double name, long time, long knownAt) {}

  /** A feature under a first reading. */
  private record Feature(int at, Optional<ColumnType> declared, ColumnGuess guess) {}

  /** What the first reading found, with a number for each row that is used. */
  private static final class Seen {
    private final Map<String, ColumnGuess> guesses = new LinkedHashMap<>();
    private LongStream.Builder times = LongStream.builder();
    private double[] names = new double[1024];
    private int rows;
    private long future;
    private long late;

    void add(Row row) {
      if (rows == names.length) {
        names = Arrays.copyOf(names, Math.multiplyExact(rows, 2));
      }
      names[rows++] = row.name();
      times.add(row.time());
    }
  }

  /**
   * Writes {@code train}, {@code validation} and {@code holdout} below a folder.
   *
   * @throws SluiceException (exit code 2) SLU-4070 when there is not one CSV, SLU-4071 for an id
   *     that comes twice, SLU-4072 for a part without rows or without a class, SLU-6021 and
   *     SLU-6022 for what is not in the form of tables or not what the columns were said to be
   */
  public Made make(Path input, Path outputs) throws IOException {
    Path file = csv(input);
    String name = String.valueOf(file.getFileName());
    Seen seen;
    try (CsvTable table = CsvTable.open(file, name)) {
      seen = look(table, Layout.of(told, table));
    }
    if (seen.rows == 0) {
      throw refused(
          "SLU-4072", "%s has no row that can be used%s".formatted(name, because(seen)), "");
    }
    refuseTwice(file, name, seen);
    SortedMap<String, ColumnType> types = types(seen);
    Optional<TimeCut> cut = cut(seen, name);
    Map<Part, SortedMap<String, Long>> counted;
    try (CsvTable table = CsvTable.open(file, name)) {
      Layout layout = Layout.of(told, table);
      describe(layout.format(types), outputs);
      counted = write(table, layout, types, cut, outputs);
    }
    return made(name, seen, types, counted);
  }

  /** The one table of an input: a file, or the one CSV of a folder. */
  private static Path csv(Path input) throws IOException {
    if (Files.isRegularFile(input, LinkOption.NOFOLLOW_LINKS)) {
      return input;
    }
    if (!Files.isDirectory(input, LinkOption.NOFOLLOW_LINKS)) {
      throw refused(
          "SLU-4070",
          "split@1 has no input `%s`".formatted(SplitSettings.TABLE),
          "name a CSV, inputs: { table: data.<source> }");
    }
    try (Stream<Path> list = Files.list(input)) {
      List<Path> found = list.filter(Files::isRegularFile).sorted().toList();
      if (found.size() != 1) {
        throw refused(
            "SLU-4070",
            "the input `%s` is a folder with %d files, and split@1 cuts one CSV"
                .formatted(SplitSettings.TABLE, found.size()),
            "let the stage before write one file");
      }
      return found.getFirst();
    }
  }

  private Seen look(CsvTable table, Layout layout) {
    Seen seen = new Seen();
    List<Feature> features = new ArrayList<>();
    layout.features.forEach((name, at) -> {
      Optional<ColumnType> declared = Optional.ofNullable(told.types().get(name));
      features.add(
          new Feature(at, declared, seen.guesses.computeIfAbsent(name, n -> new ColumnGuess())));
    });
    while (table.next()) {
      Optional<Row> row = row(table, layout, seen);
      if (row.isPresent()) {
        seen.add(row.get());
        for (Feature feature : features) {
          if (feature.declared().isPresent()) {
            hold(table, feature.at(), feature.declared().get());
          } else {
            feature.guess().add(table.text(feature.at()), table.line());
          }
        }
      }
    }
    return seen;
  }

  /** A row that is used: what it is about had come about, and its label was known, by the as-of. */
  private Optional<Row> row(CsvTable table, Layout layout, Seen seen) {
    String id = table.key(layout.id);
    table.key(layout.keys);
    long time = layout.time.map(at -> table.time(at).getEpochSecond()).orElse(0L);
    long knownAt = layout.knownAt.map(at -> table.time(at).getEpochSecond()).orElse(time);
    if (knownAt < time) {
      throw table.bad(
          layout.knownAt.orElseThrow(),
          "the label became known before the row came about (`%s`)"
              .formatted(told.time().orElseThrow()));
    }
    layout.weight.ifPresent(at -> {
      if (table.number(at) < 0) {
        throw table.bad(at, "a weight is 0 or more");
      }
    });
    if (layout.time.isPresent() && time > asOf.getEpochSecond()) {
      seen.future++;
      return Optional.empty();
    }
    if (knownAt > asOf.getEpochSecond() && layout.knownAt.isPresent()) {
      seen.late++;
      return Optional.empty();
    }
    label(table, layout.label);
    return Optional.of(new Row(names.at(id), time, knownAt));
  }

  private String label(CsvTable table, int at) {
    String label = table.text(at);
    if (label.isEmpty()) {
      throw table.bad(
          at,
          "the label is empty; leave a row out until its label is known, or say when that is by a"
              + " column `knownAt`");
    }
    if (told.classes().isEmpty()) {
      double unused = table.number(at);
    } else if (!told.classes().contains(label)) {
      throw table.bad(
          at,
          "`%s` is not one of the classes %s%s"
              .formatted(
                  label.replaceAll("\\p{Cntrl}", "?"),
                  String.join(", ", told.classes()),
                  DidYouMean.among(told.classes(), label)
                      .map(c -> ": is `" + c + "` meant?")
                      .orElse("")));
    }
    return label;
  }

  /** Holds a value to the type that was declared for its column. */
  private static void hold(CsvTable table, int at, ColumnType type) {
    String text = table.text(at);
    switch (type) {
      case STRING -> {}
      case FLOAT -> {
        double unused = table.numberOrMissing(at);
      }
      case INT -> {
        if (text.isEmpty()) {
          throw table.bad(at, "is empty; an int is never missing, a float may be");
        }
        if (table.number(at) != Math.rint(table.number(at))) {
          throw table.bad(at, "is not a whole number; declare it as float");
        }
      }
      case BOOL -> {
        if (!List.of("true", "false", "1", "0").contains(text.toLowerCase(Locale.ROOT))) {
          throw table.bad(at, "is neither true nor false; a bool is never missing");
        }
      }
    }
  }

  private static String because(Seen seen) {
    List<String> why = new ArrayList<>();
    if (seen.future > 0) {
      why.add("%d came about after the as-of".formatted(seen.future));
    }
    if (seen.late > 0) {
      why.add("the labels of %d became known after the as-of".formatted(seen.late));
    }
    return why.isEmpty() ? "" : ": " + String.join(", ", why);
  }

  /** An id that comes twice is two rows of one thing, which could lie in two parts. */
  private void refuseTwice(Path file, String name, Seen seen) throws IOException {
    double[] sorted = Arrays.copyOf(seen.names, seen.rows);
    Arrays.sort(sorted);
    Map<Double, Map<String, Integer>> suspects = new TreeMap<>();
    for (int i = 1; i < sorted.length; i++) {
      if (sorted[i] == sorted[i - 1]) {
        suspects.put(sorted[i], new TreeMap<>());
      }
    }
    if (suspects.isEmpty()) {
      return;
    }
    try (CsvTable table = CsvTable.open(file, name)) {
      Layout layout = Layout.of(told, table);
      while (table.next()) {
        String id = table.key(layout.id);
        Map<String, Integer> lines = suspects.get(names.at(id));
        Integer earlier = lines == null ? null : lines.putIfAbsent(id, table.line());
        if (earlier != null) {
          throw refused(
              "SLU-4071",
              "%s, line %d: the id %s comes a second time, first in line %d"
                  .formatted(
                      name,
                      table.line(),
                      told.id().stream()
                          .map(c -> c + " = " + table.text(table.require(c)))
                          .toList(),
                      earlier),
              "one row for each id; name all columns that make a row one of its kind, and what"
                  + " rows have in common as `group`");
        }
      }
    }
  }

  private SortedMap<String, ColumnType> types(Seen seen) {
    SortedMap<String, ColumnType> types = new TreeMap<>();
    Map<ColumnType, List<String>> inferred = new EnumMap<>(ColumnType.class);
    seen.guesses.forEach((feature, guess) -> {
      ColumnType declared = told.types().get(feature);
      if (declared != null) {
        types.put(feature, declared);
        return;
      }
      if (guess.almostNumbers()) {
        throw refused(
            "SLU-6022",
            guess.odd(feature),
            "a missing number is an empty field; if the column is text, say so: types: { %s: string }"
                .formatted(feature));
      }
      types.put(feature, guess.type());
      inferred.computeIfAbsent(guess.type(), t -> new ArrayList<>()).add(feature);
      if (!guess.odd(feature).isEmpty()) {
        log.add("look at this: " + guess.odd(feature));
      }
    });
    inferred.forEach((type, columns) ->
        log.add(
            "taken as %s by their values: %s"
                .formatted(type.word(), CsvTable.columnsInWords(columns))));
    return types;
  }

  private Optional<TimeCut> cut(Seen seen, String name) {
    if (told.by() != SplitBy.TIME) {
      return Optional.empty();
    }
    Optional<TimeCut> cut =
        TimeCut.of(seen.times.build().toArray(), told.validation(), told.holdout());
    cut.ifPresent(c -> log.add(c.words()));
    return Optional.of(
        cut.orElseThrow(() ->
            refused(
                "SLU-4072",
                "%s cannot be cut by time: %d rows, and too many of them at one time"
                    .formatted(name, seen.rows),
                "deliver more rows, choose other shares, or split by: random")));
  }

  private void describe(TableFormat format, Path outputs) throws IOException {
    for (Part part : Part.values()) {
      Path folder = Files.createDirectories(outputs.resolve(part.word()));
      Files.writeString(folder.resolve(TableFormat.FILE), Json.pretty(JsonCodec.write(format)));
    }
  }

  private Map<Part, SortedMap<String, Long>> write(
      CsvTable table,
      Layout layout,
      Map<String, ColumnType> types,
      Optional<TimeCut> cut,
      Path outputs)
      throws IOException {
    Map<Part, SortedMap<String, Long>> counted = new EnumMap<>(Part.class);
    Map<Part, CsvWriter> writers = new EnumMap<>(Part.class);
    try {
      for (Part part : Part.values()) {
        CsvWriter writer = CsvTable.writer(outputs.resolve(part.word()).resolve(TableFormat.ROWS));
        writers.put(part, writer);
        writer.writeRecord(layout.kept.stream().map(at -> table.header().get(at)).toList());
      }
      boolean[] lower = lower(table, layout, types);
      Seen again = new Seen();
      long purged = 0;
      while (table.next()) {
        Optional<Row> row = row(table, layout, again);
        if (row.isEmpty()) {
          continue;
        }
        Optional<Part> part =
            cut.isPresent()
                ? cut.get().part(row.get().time(), row.get().knownAt())
                : Optional.of(draw.part(table.key(layout.unit)));
        if (part.isEmpty()) {
          purged++;
          continue;
        }
        List<String> fields = new ArrayList<>(layout.kept.size());
        for (int at : layout.kept) {
          fields.add(lower[at] ? table.text(at).toLowerCase(Locale.ROOT) : table.text(at));
        }
        Objects.requireNonNull(writers.get(part.get())).writeRecord(fields);
        String of = told.classes().isEmpty() ? "" : table.text(layout.label);
        counted.computeIfAbsent(part.get(), p -> new TreeMap<>()).merge(of, 1L, Long::sum);
      }
      if (purged > 0) {
        log.add(
            "%d rows belong to no part: their labels became known after the next part begins"
                .formatted(purged));
      }
    } finally {
      for (CsvWriter writer : writers.values()) {
        writer.close();
      }
    }
    return counted;
  }

  /** Truth values have one spelling in table sets, whatever language wrote the table. */
  private static boolean[] lower(CsvTable table, Layout layout, Map<String, ColumnType> types) {
    boolean[] lower = new boolean[table.header().size()];
    layout.features.forEach((f, at) -> lower[at] = types.get(f) == ColumnType.BOOL);
    return lower;
  }

  private Made made(
      String name,
      Seen seen,
      SortedMap<String, ColumnType> types,
      Map<Part, SortedMap<String, Long>> counted) {
    SortedMap<String, Long> counts = new TreeMap<>();
    List<String> parts = new ArrayList<>();
    for (Part part : Part.values()) {
      SortedMap<String, Long> classes = counted.getOrDefault(part, new TreeMap<>());
      long rows = classes.values().stream().mapToLong(Long::longValue).sum();
      counts.put(part.word() + ".rows", rows);
      parts.add("%s %d".formatted(part.word(), rows) + shares(classes, rows));
      List<String> lacking =
          told.classes().isEmpty()
              ? rows == 0 ? List.of("rows") : List.of()
              : told.classes().stream().filter(c -> !classes.containsKey(c)).toList();
      if (!lacking.isEmpty()) {
        throw refused(
            "SLU-4072",
            "%s of %s would have no row%s"
                .formatted(
                    part.word(),
                    name,
                    told.classes().isEmpty() ? "" : " of the class " + String.join(", ", lacking)),
            "deliver more rows of it, give this part a larger share, or take the class out of the"
                + " data and of `classes`");
      }
    }
    log.add(
        "%s: rows %d, features %d%s; split by %s: %s"
            .formatted(
                name,
                seen.rows,
                types.size(),
                because(seen),
                told.by().word(),
                String.join(", ", parts)));
    return new Made(List.copyOf(log), counts);
  }

  private String shares(SortedMap<String, Long> classes, long rows) {
    if (told.classes().isEmpty() || rows == 0) {
      return "";
    }
    return told.classes().stream()
        .limit(MAX_DISTINCT_SHOWN)
        .map(c ->
            String.format(Locale.ROOT, "%s %.1f%%", c, 100.0 * classes.getOrDefault(c, 0L) / rows))
        .toList()
        .toString()
        .replace('[', '(')
        .replace(']', ')')
        .transform(s -> " " + s);
  }

  private static SluiceException refused(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
