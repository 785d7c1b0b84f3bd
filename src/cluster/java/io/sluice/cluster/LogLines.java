package io.sluice.cluster;

import io.sluice.core.run.LineCutter;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Takes a container's output as the API server sends it, each line after its time, and hands on
 * lines fit to be shown. Knows where it is, so that reading can go on after an interruption: what
 * was handed on already is dropped, and it can tell whether something is missing in between. A line
 * without a time is none of the container's: it is the kubelet saying why it has no more of them.
 */
final class LogLines {
  private static final int LONGEST_STAMP = 64;
  private static final int LONGEST_WORDS = 400;

  private final LineCutter cutter;
  private final ByteArrayOutputStream stamp = new ByteArrayOutputStream(LONGEST_STAMP);
  private boolean inStamp = true;
  private boolean dropping;

  /** What the kubelet says in place of lines, since {@link #resume}. */
  private final ByteArrayOutputStream words = new ByteArrayOutputStream();

  private boolean inWords;

  /** The latest time of a line that was handed on. */
  private Optional<Instant> latest = Optional.empty();

  /**
   * Times of the lines that were handed on and come again when reading resumes from {@link #since},
   * in the order in which they came. That is not always the order of time: what goes to standard
   * error is written beside standard output.
   */
  private final ArrayDeque<Instant> known = new ArrayDeque<>();

  /** Those that are yet to come again since {@link #resume}. */
  private ArrayDeque<Instant> awaited = new ArrayDeque<>();

  /** Whether the last of the known lines has not come to its end. */
  private boolean unended;

  /** Bytes of the current line that were handed on, and of its repetition still to be dropped. */
  private long handed;

  private long repeated;
  private Optional<Instant> gapEnd = Optional.empty();

  LogLines(Consumer<String> lines) {
    this.cutter = new LineCutter(lines);
  }

  /** The latest time that was read; empty: none. */
  Optional<Instant> position() {
    return latest;
  }

  /**
   * Whence to go on, in whole seconds, as the kubelet is asked; some way back, for lines that were
   * written late. Empty: from the beginning.
   */
  Optional<Instant> since() {
    return latest.map(LogLines::since);
  }

  private static Instant since(Instant latest) {
    return latest.truncatedTo(ChronoUnit.SECONDS).minusSeconds(1);
  }

  /** What follows is another answer, which begins at {@link #since}. */
  void resume() {
    inStamp = true;
    stamp.reset();
    words.reset();
    inWords = false;
    awaited = new ArrayDeque<>(known);
    repeated = handed;
    gapEnd = Optional.empty();
  }

  /**
   * The time of the first line after a hole: since {@link #resume}, lines came, and the last one
   * that was known was not among them any more.
   */
  Optional<Instant> gapEnd() {
    return gapEnd;
  }

  /** What the kubelet said in place of lines since {@link #resume}; empty for nothing. */
  Optional<String> excuse() {
    return words.size() == 0
        ? Optional.empty()
        : Optional.of(words.toString(StandardCharsets.UTF_8).strip());
  }

  void write(byte[] bytes, int offset, int count) {
    for (int i = offset; i < offset + count; i++) {
      byte b = bytes[i];
      if (!inStamp) {
        pass(b);
        inStamp = b == '\n';
      } else if (b == ' ' || b == '\n' || stamp.size() >= LONGEST_STAMP) {
        begin();
        inStamp = b == '\n';
        if (b == '\n') {
          pass(b);
        }
      } else {
        stamp.write(b);
      }
    }
  }

  private void pass(byte b) {
    if (inWords) {
      inWords = b != '\n';
      if (words.size() < LONGEST_WORDS) {
        words.write(b);
      }
      return;
    }
    if (dropping) {
      return;
    }
    if (repeated > 0) {
      repeated--;
      return;
    }
    unended = b != '\n';
    handed = unended ? handed + 1 : 0;
    cutter.write(b & 0xff);
  }

  private void begin() {
    String text = stamp.toString(StandardCharsets.US_ASCII);
    stamp.reset();
    Instant time;
    try {
      time = OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      inWords = true;
      words.writeBytes((text + " ").getBytes(StandardCharsets.US_ASCII));
      return;
    }
    dropping = false;
    if (!awaited.isEmpty()) {
      if (awaited.contains(time)) {
        while (!awaited.remove().equals(time)) {
          // those before it are there no more
        }
        // The last of them may have been cut by the interruption: its rest is new.
        dropping = !awaited.isEmpty() || !unended;
        return;
      }
      if (latest.isPresent() && !time.isAfter(latest.get())) {
        // More than was asked for, or the end of a long line: its parts have times of their own.
        dropping = true;
        return;
      }
      lost(time);
    }
    handOn(time);
  }

  /** The lines that were known do not come again: what came after them may be lost as well. */
  private void lost(Instant next) {
    awaited.clear();
    gapEnd = Optional.of(next);
    if (handed > 0) {
      cutter.write('\n');
    }
    handed = 0;
    repeated = 0;
  }

  private void handOn(Instant time) {
    unended = true;
    if (latest.isEmpty() || latest.get().isBefore(time)) {
      Instant before = latest.map(LogLines::since).orElse(Instant.MIN);
      latest = Optional.of(time);
      Instant since = since(time);
      if (before.isBefore(since)) {
        known.removeIf(t -> t.isBefore(since));
      }
    }
    if (!time.isBefore(since(latest.get()))) {
      known.add(time);
    }
  }

  /** Hands on an unfinished last line. */
  void close() {
    cutter.close();
  }
}
