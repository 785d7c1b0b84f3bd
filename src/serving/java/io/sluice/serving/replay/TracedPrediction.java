package io.sluice.serving.replay;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.RowId;
import io.sluice.core.serving.ServedVersion;
import io.sluice.core.serving.Tensors;
import io.sluice.core.serving.Tensors.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What the ledger knows of a prediction, or of one of its rows, for people and programs. Nothing of
 * it is computed again.
 */
public record TracedPrediction(RowId id, Prediction prediction) {

  /** What to show, by what it is called. */
  public Map<String, String> rows() {
    Map<String, String> rows = new LinkedHashMap<>();
    ServedVersion version = prediction.version();
    rows.put("made", prediction.at().toString());
    rows.put("version", version.version() + ", files " + version.bundle());
    rows.put(
        "log entry",
        version
            .promotion()
            .map(p ->
                "%d: %s by %s at %s: %s"
                    .formatted(
                        p.entry(),
                        p.kind().name().toLowerCase(java.util.Locale.ROOT),
                        p.who(),
                        p.at(),
                        p.why()))
            .orElse("none: a person pinned the version"));
    rows.put(
        "files are those promoted",
        version.verified()
            ? "yes, the log entry names them"
            : "not shown: no log entry names them");
    rows.put(
        "needs review", prediction.review().needsReview() ? prediction.review().reason() : "no");
    prediction.caller().ifPresent(caller -> rows.put("caller", caller));
    prediction.trace().ifPresent(trace -> rows.put("trace id", trace));
    prediction.key().ifPresent(key -> rows.put("idempotency key", key));
    rows.put(
        "input",
        prediction.inputDigest()
            + (prediction.input().isPresent() ? ", kept" : ", not kept: its digest alone"));
    if (id.row().isEmpty()) {
      rows.put("rows", prediction.rows() + names());
    }
    for (Tensor table : prediction.output().tables()) {
      rows.put("answer " + table.name(), shown(values(table)));
    }
    return rows;
  }

  private String names() {
    return prediction.names().isEmpty()
        ? ""
        : ": " + shown(prediction.names().stream().map(n -> (Object) n).toList());
  }

  private static String shown(List<?> values) {
    int most = 24;
    String first = String.join(", ", values.stream().limit(most).map(String::valueOf).toList());
    return values.size() > most ? first + ", .. (" + values.size() + "; --json has all)" : first;
  }

  /** Of a table with a line for each row, those of the row that was asked for. */
  private List<Object> values(Tensor table) {
    boolean mine = id.row().isPresent() && table.rows() == prediction.rows();
    int from = mine ? (id.row().get() - 1) * table.width() : 0;
    int to = mine ? from + table.width() : table.rows() * table.width();
    List<Object> values = new ArrayList<>(to - from);
    for (int i = from; i < to; i++) {
      values.add(
          switch (table) {
            case Tensor.Floats t -> t.values()[i];
            case Tensor.Doubles t -> t.values()[i];
            case Tensor.Longs t -> t.values()[i];
            case Tensor.Flags t -> t.values()[i];
            case Tensor.Texts t -> {
              String text = t.values().get(i);
              yield text == null ? Missing.MISSING : text;
            }
          });
    }
    return values;
  }

  /** A text that was not given. */
  private enum Missing {
    MISSING;

    @Override
    public String toString() {
      return "(missing)";
    }
  }

  /** All that the ledger has. */
  public ObjectNode json() {
    ObjectNode root =
        Json.object()
            .put("id", id.toString())
            .put("at", prediction.at().toString())
            .put("rows", prediction.rows())
            .put("needsReview", prediction.review().needsReview())
            .put("inputDigest", prediction.inputDigest().toString());
    root.set("version", JsonCodec.write(prediction.version()));
    root.set("review", JsonCodec.write(prediction.review()));
    prediction.caller().ifPresent(caller -> root.put("caller", caller));
    prediction.trace().ifPresent(trace -> root.put("traceId", trace));
    prediction.key().ifPresent(key -> root.put("idempotencyKey", key));
    ArrayNode names = root.putArray("names");
    prediction.names().forEach(names::add);
    prediction.input().ifPresent(input -> root.set("input", tables(input)));
    root.set("output", tables(prediction.output()));
    return root;
  }

  private ObjectNode tables(Tensors tensors) {
    ObjectNode all = Json.object();
    for (Tensor table : tensors.tables()) {
      ArrayNode list = all.putArray(table.name());
      for (Object value : values(table)) {
        switch (value) {
          case Float f when Float.isFinite(f) -> list.add(f);
          case Double d when Double.isFinite(d) -> list.add(d);
          case Long l -> list.add(l);
          case Boolean b -> list.add(b);
          case String s -> list.add(s);
          default -> list.addNull();
        }
      }
    }
    return all;
  }

  /**
   * What the registry says otherwise now than when the version was served, a sentence each: tags
   * can be set by anybody who may write to it.
   *
   * @param tags of the version now
   */
  public List<String> changed(Map<String, String> tags) {
    List<String> changed = new ArrayList<>();
    Map<String, String> then = prediction.version().tags();
    TreeSet<String> names = new TreeSet<>(then.keySet());
    names.addAll(tags.keySet());
    for (String name : names) {
      String before = then.getOrDefault(name, "");
      String now = tags.getOrDefault(name, "");
      if (name.startsWith("sluice.") && !before.equals(now)) {
        changed.add("%s was %s and is now %s".formatted(name, named(before), named(now)));
      }
    }
    return changed;
  }

  private static String named(String value) {
    return value.isEmpty() ? "not there" : "`" + value + "`";
  }
}
