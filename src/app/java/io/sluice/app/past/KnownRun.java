package io.sluice.app.past;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.gate.Reason;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.record.RunRecord;
import io.sluice.core.run.StageStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What is known of one run.
 *
 * @param run its id
 * @param where its record lies, or its folder where it has none
 * @param record empty where it left none, or one that does not read
 * @param trouble why the record does not read; empty when it does, or there is none
 * @param began empty when nothing says so
 * @param ended what its last event says, where it has no record
 * @param log the file with every line of its stages; empty when it is not on this machine
 */
public record KnownRun(
    String run,
    String where,
    Optional<RunRecord> record,
    Optional<String> trouble,
    Optional<Instant> began,
    Optional<Ended> ended,
    Optional<String> log) {

  /** The end of a run as its last event tells it. */
  public record Ended(Standing standing, String reason) {}

  /** A run with a record. */
  public static KnownRun of(RunRecord record, String where, Optional<String> log) {
    return new KnownRun(
        record.run().value(),
        where,
        Optional.of(record),
        Optional.empty(),
        Optional.of(record.started()),
        Optional.empty(),
        log);
  }

  /**
   * A run whose record was read as bytes: with what is wrong with it where it does not read.
   *
   * @param run its id; where it is not known, the record's own counts
   * @param began asked only where the record does not say so itself
   */
  public static KnownRun read(
      Optional<String> run,
      byte[] bytes,
      String where,
      Supplier<Optional<Instant>> began,
      Optional<String> log) {
    try {
      RunRecord record = RunRecord.parse(Json.parse(bytes));
      if (run.isPresent() && !run.get().equals(record.run().value())) {
        throw new IllegalArgumentException("it is the record of run " + record.run());
      }
      return of(record, where, log);
    } catch (IllegalArgumentException e) {
      return new KnownRun(
          run.orElseGet(() -> named(bytes)),
          where,
          Optional.empty(),
          Optional.of(String.valueOf(e.getMessage())),
          began.get(),
          Optional.empty(),
          log);
    }
  }

  private static String named(byte[] bytes) {
    try {
      return Json.parse(bytes).path("run").asText("(unknown)");
    } catch (IllegalArgumentException e) {
      return "(unknown)";
    }
  }

  public Standing standing() {
    if (trouble.isPresent()) {
      return Standing.DAMAGED;
    }
    return record
        .map(Standing::of)
        .or(() -> ended.map(Ended::standing))
        .orElse(Standing.UNFINISHED);
  }

  public Optional<String> model() {
    return record.map(RunRecord::model);
  }

  public Optional<Duration> took() {
    return record.map(r -> Duration.between(r.started(), r.finished()));
  }

  /** Why it ended as it did, in a few words; empty where there is nothing to say. */
  public String why() {
    return switch (standing()) {
      case PROMOTED ->
          record.flatMap(RunRecord::promoted).map(v -> "version " + v).orElse("") + family();
      case HELD, PASSED ->
          record
                  .flatMap(RunRecord::verdict)
                  .flatMap(Verdict::reason)
                  .map(Reason::word)
                  .map(word -> word + "; ")
                  .orElse("")
              + record.flatMap(RunRecord::version).map(v -> "version " + v).orElse("no version")
              + family();
      case DONE, UNFINISHED ->
          standing() == Standing.UNFINISHED
              ? "it is at work, or was cut off: it has no record"
              : "";
      case FAILED, CANCELLED -> record.map(KnownRun::causes).orElseGet(this::reason);
      case DAMAGED -> "its record cannot be read: " + trouble.orElse("");
    };
  }

  private String family() {
    return record.flatMap(RunRecord::verdict).map(v -> " (" + v.family() + ")").orElse("");
  }

  private String reason() {
    return ended.map(Ended::reason).orElse("");
  }

  private static String causes(RunRecord record) {
    String causes =
        record.tasks().stream()
            .filter(t -> t.status() != StageStatus.SUCCEEDED && t.status() != StageStatus.SKIPPED)
            .map(
                t -> t.name() + (t.cause().isEmpty() ? " " + t.status().words() : ": " + t.cause()))
            .collect(Collectors.joining("; "));
    return causes.isEmpty() ? "none of its stages began" : causes;
  }

  /** The verdict in words; empty where no gate spoke. */
  public List<String> sentences() {
    return record.flatMap(RunRecord::verdict).map(Verdict::sentences).orElse(List.of());
  }

  /** For a list. */
  public ObjectNode summary() {
    ObjectNode root = Json.object().put("run", run).put("status", standing().word());
    model().ifPresent(m -> root.put("model", m));
    began.ifPresent(b -> root.put("began", b.toString()));
    took().ifPresent(t -> root.put("seconds", t.toMillis() / 1000.0));
    record.flatMap(RunRecord::verdict).ifPresent(v -> root.put("verdict", v.decision().name()));
    record
        .flatMap(RunRecord::verdict)
        .flatMap(Verdict::reason)
        .ifPresent(r -> root.put("reason", r.word()));
    record.flatMap(RunRecord::version).ifPresent(v -> root.put("version", v));
    record.flatMap(RunRecord::promoted).ifPresent(v -> root.put("promoted", v));
    if (!why().isEmpty()) {
      root.put("why", why());
    }
    root.put("where", where);
    log.ifPresent(l -> root.put("log", l));
    return root;
  }

  /** All of it: the summary, the sentences and the whole record. */
  public JsonNode json() {
    ObjectNode root = summary();
    var list = root.putArray("sentences");
    sentences().forEach(list::add);
    record.ifPresent(r -> root.set("record", r.json()));
    return root;
  }
}
