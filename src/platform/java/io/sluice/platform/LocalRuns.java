package io.sluice.platform;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.app.past.KnownRun;
import io.sluice.app.past.RunSource;
import io.sluice.app.past.Standing;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.store.Area;
import io.sluice.store.FolderStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * The runs that left something in a project's state folder: a record in its store, or the file with
 * their events. A run of which nothing reads is listed with what is wrong.
 */
public final class LocalRuns implements RunSource {
  private static final StageName RECORD = new StageName("record");

  /** Enough of a file's end for its last line, and of its beginning for its first. */
  private static final int ENOUGH = 1 << 16;

  private final Path state;

  /**
   * @param state the project's state folder; it may be absent
   */
  public LocalRuns(Path state) {
    this.state = state;
  }

  @Override
  public List<KnownRun> runs() {
    FolderStore trusted = new FolderStore(state.resolve("store"), Area.TRUSTED);
    FolderStore untrusted = new FolderStore(state.resolve("store"), Area.UNTRUSTED);
    TreeSet<String> ids = new TreeSet<>();
    try {
      trusted.runs().forEach(id -> ids.add(id.value()));
      untrusted.runs().forEach(id -> ids.add(id.value()));
      if (Files.isDirectory(state.resolve("runs"))) {
        try (var folders = Files.list(state.resolve("runs"))) {
          folders.filter(f -> Files.isDirectory(f) && isId(f)).forEach(f -> ids.add(name(f)));
        }
      }
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-9301",
                  "the state of this project cannot be read: " + e,
                  "is " + state + " a folder that you may read? SLUICE_STATE names another")),
          e);
    }
    List<KnownRun> out = new ArrayList<>();
    for (String id : ids) {
      RunId run = new RunId(id);
      Path events = state.resolve("runs").resolve(id).resolve("events.jsonl");
      Optional<String> log =
          Files.isRegularFile(events) ? Optional.of(events.toString()) : Optional.empty();
      out.add(
          recorded(trusted, run, "store/runs", log)
              .or(() -> recorded(untrusted, run, "store/untrusted/runs", log))
              .orElseGet(() -> unrecorded(run, events, log)));
    }
    return List.copyOf(out);
  }

  private Optional<KnownRun> recorded(
      FolderStore store, RunId run, String area, Optional<String> log) {
    String where = state.resolve(area).resolve(run.value()).resolve(RECORD.value()).toString();
    Supplier<Optional<Instant>> began = () -> log.flatMap(l -> begun(Path.of(l)));
    try {
      return store
          .record(run, RECORD)
          .map(bytes -> KnownRun.read(Optional.of(run.value()), bytes, where, began, log));
    } catch (IOException e) {
      return Optional.of(
          new KnownRun(
              run.value(),
              where,
              Optional.empty(),
              Optional.of(e.toString()),
              began.get(),
              Optional.empty(),
              log));
    }
  }

  /** A run that is at work, or was cut off, or whose record could not be written. */
  private KnownRun unrecorded(RunId run, Path events, Optional<String> log) {
    return new KnownRun(
        run.value(),
        state.resolve("runs").resolve(run.value()).toString(),
        Optional.empty(),
        Optional.empty(),
        begun(events),
        ended(events),
        log);
  }

  private static Optional<Instant> begun(Path events) {
    return line(events, false)
        .flatMap(first -> {
          try {
            return Optional.of(Instant.parse(first.path("at").asText()));
          } catch (DateTimeParseException e) {
            return Optional.empty(); // the run is listed without its time
          }
        });
  }

  private static Optional<KnownRun.Ended> ended(Path events) {
    return line(events, true)
        .filter(last -> last.path("event").asText().equals("runFinished"))
        .map(last ->
            new KnownRun.Ended(
                switch (last.path("status").asText()) {
                  case "cancelled" -> Standing.CANCELLED;
                  case "succeeded" -> Standing.DONE;
                  default -> Standing.FAILED;
                },
                last.path("reason").asText()));
  }

  /** The first or last line of a file of events; empty where it does not read. */
  private static Optional<JsonNode> line(Path file, boolean last) {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      byte[] part = new byte[(int) Math.min(ENOUGH, in.length())];
      in.seek(last ? in.length() - part.length : 0);
      in.readFully(part);
      List<String> lines = new String(part, StandardCharsets.UTF_8).strip().lines().toList();
      return lines.isEmpty()
          ? Optional.empty()
          : Optional.of(Json.parse(last ? lines.getLast() : lines.getFirst()));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty(); // cut off in the middle of a line, or none: nothing is known of it
    }
  }

  private static boolean isId(Path folder) {
    try {
      return new RunId(name(folder)).value().equals(name(folder));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String name(Path folder) {
    return folder.getFileName().toString();
  }
}
