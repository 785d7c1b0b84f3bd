package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.LongPredicate;

/**
 * Which rows a gate has seen, small enough to keep with every verdict: what the rule against
 * looking at the same rows again and again works on.
 */
@JsonDeserialize(using = HoldoutKeys.Reader.class)
public sealed interface HoldoutKeys
    permits HoldoutKeys.Cells, HoldoutKeys.Sample, HoldoutKeys.Count {

  /** Rows that were seen, in all. */
  long rows();

  /**
   * Rows per origin and horizon, with a digest of the units in it. Rows of a cell with another
   * digest count as seen up to the smaller number of the two, which errs to fewer new rows.
   *
   * @param cells sorted by origin, then horizon
   */
  record Cells(List<Cell> cells) implements HoldoutKeys {
    public Cells {
      cells = List.copyOf(cells);
    }

    @Override
    public long rows() {
      return cells.stream().mapToLong(Cell::rows).sum();
    }
  }

  /**
   * Rows of a table, which have names of their own: a sample of them, in which a row is or is not
   * by its name alone, so that two samples are comparable (a bottom sketch, Broder 1997).
   *
   * @param level the sample has the rows whose hash ends in so many zero bits
   * @param seen 16 hexadecimal digits for each row of the sample, sorted
   */
  record Sample(long rows, int level, List<String> seen) implements HoldoutKeys {
    public Sample {
      seen = List.copyOf(seen);
    }
  }

  /**
   * Only how many rows there were. A window that moves on but keeps its length then looks all seen:
   * prefer {@link Cells}.
   */
  record Count(long rows) implements HoldoutKeys {}

  /**
   * The rows of one origin and horizon.
   *
   * @param units 16 hexadecimal digits, the same for the same set of units
   */
  record Cell(Instant origin, int horizon, long rows, String units) {}

  /** The keys of a holdout. */
  static HoldoutKeys of(HoldoutRows rows) {
    return rows.evaluation().task().map(Task::tabular).orElse(false) ? sample(rows) : cells(rows);
  }

  /** More rows than this are sampled. */
  int SAMPLED = 2048;

  private static Sample sample(HoldoutRows rows) {
    long[] hashes = new long[rows.size()];
    boolean timeless = rows.timeless();
    for (int i = 0; i < hashes.length; i++) {
      String unit = rows.units().names().get(rows.units().code()[i]);
      hashes[i] = hash(unit + "\n" + (timeless ? "" : rows.origin()[i]) + "\n" + rows.horizon()[i]);
    }
    int level = 0;
    while (Arrays.stream(hashes).filter(ending(level)).count() > SAMPLED) {
      level++;
    }
    return new Sample(
        rows.size(),
        level,
        Arrays.stream(hashes)
            .filter(ending(level))
            .mapToObj(h -> String.format("%016x", h))
            .sorted()
            .toList());
  }

  private static LongPredicate ending(int zeros) {
    return hash -> Long.numberOfTrailingZeros(hash) >= zeros;
  }

  /** The rows of a sample that a coarser one would have as well. */
  static List<String> coarser(Sample sample, int level) {
    return sample.seen().stream()
        .filter(h -> ending(level).test(Long.parseUnsignedLong(h, 16)))
        .toList();
  }

  private static Cells cells(HoldoutRows rows) {
    List<String> names = rows.units().names();
    long[] hash = new long[names.size()];
    Arrays.setAll(hash, u -> hash(names.get(u)));
    record Key(long origin, int horizon) implements Comparable<Key> {
      @Override
      public int compareTo(Key other) {
        return origin != other.origin
            ? Long.compare(origin, other.origin)
            : Integer.compare(horizon, other.horizon);
      }
    }
    TreeMap<Key, long[]> cells = new TreeMap<>();
    for (int i = 0; i < rows.size(); i++) {
      long[] cell =
          cells.computeIfAbsent(new Key(rows.origin()[i], rows.horizon()[i]), k -> new long[2]);
      cell[0]++;
      cell[1] += hash[rows.units().code()[i]]; // a sum: the order of units does not matter
    }
    List<Cell> out = new ArrayList<>();
    cells.forEach((key, cell) ->
        out.add(
            new Cell(
                Instant.ofEpochMilli(key.origin),
                key.horizon,
                cell[0],
                String.format("%016x", cell[1]))));
    return new Cells(out);
  }

  /** FNV-1a over UTF-8, then a finaliser so that sums of them do not collide by structure. */
  private static long hash(String text) {
    long h = 0xcbf29ce484222325L;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    h = (h ^ (h >>> 30)) * 0xbf58476d1ce4e5b9L;
    h = (h ^ (h >>> 27)) * 0x94d049bb133111ebL;
    return h ^ (h >>> 31);
  }

  /** JSON: a list of cells, a sample, or a number. */
  @JsonValue
  default JsonNode toJson() {
    return switch (this) {
      case Count count -> JsonNodeFactory.instance.numberNode(count.rows());
      case Sample s -> JsonCodec.write(new Written(s.rows(), s.level(), s.seen()));
      case Cells cells -> JsonCodec.writeList(cells.cells());
    };
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws IllegalArgumentException when it is none of them
   */
  static HoldoutKeys parse(JsonNode json) {
    if (json.isIntegralNumber() && json.asLong() >= 0) {
      return new Count(json.asLong());
    }
    if (json.isObject()) {
      Written sample = JsonCodec.read(json, Written.class);
      return new Sample(sample.rows(), sample.level(), sample.seen());
    }
    if (!json.isArray()) {
      throw new IllegalArgumentException(
          "holdoutKeys is neither a list nor a sample nor a number: " + json);
    }
    return new Cells(JsonCodec.readList(json, Cell.class));
  }

  /** A sample as JSON: bound apart, as the keys have a reader of their own. */
  record Written(long rows, int level, List<String> seen) {
    public Written {
      seen = List.copyOf(seen);
    }
  }

  /** The keys are a list, a sample or a number, which no annotation can say of an interface. */
  final class Reader extends StdDeserializer<HoldoutKeys> {
    private static final long serialVersionUID = 1;

    public Reader() {
      super(HoldoutKeys.class);
    }

    @Override
    public HoldoutKeys deserialize(JsonParser in, DeserializationContext context)
        throws IOException {
      JsonNode json = in.readValueAsTree();
      try {
        return parse(json);
      } catch (IllegalArgumentException e) {
        throw JsonMappingException.from(in, e.getMessage(), e);
      }
    }
  }
}
