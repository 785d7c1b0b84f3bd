package io.sluice.cluster;

import io.sluice.core.run.LineCutter;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
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

  /** Time of the last line that was handed on, and how many lines had that very time. */
  private Optional<Instant> last = Optional.empty();

  private long atLast;

  /** Lines at {@link #last} that are yet to be dropped; negative: nothing is being repeated. */
  private long repeated = -1;

  private boolean sawLastAgain;

  /** Bytes of the current line that were handed on, and of its repetition still to be dropped. */
  private long handed;

  private long known;
  private Optional<Instant> gapEnd = Optional.empty();

  LogLines(Consumer<String> lines) {
    this.cutter = new LineCutter(lines);
  }

  /** Where to go on; empty: from the beginning. */
  Optional<Instant> position() {
    return last;
  }

  /** What follows is another answer, which begins at or before {@link #position}. */
  void resume() {
    inStamp = true;
    stamp.reset();
    words.reset();
    inWords = false;
    repeated = last.isPresent() ? atLast : -1;
    known = handed;
    sawLastAgain = false;
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
    if (known > 0) {
      known--;
      return;
    }
    handed = b == '\n' ? 0 : handed + 1;
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
    boolean isKnown = repeated > 0 && last.isPresent() && last.get().equals(time);
    dropping = isRepeated(time);
    if (dropping || isKnown) {
      return;
    }
    if (last.isPresent() && last.get().equals(time)) {
      atLast++;
    } else {
      last = Optional.of(time);
      atLast = 1;
    }
  }

  private boolean isRepeated(Instant time) {
    if (repeated < 0 || last.isEmpty()) {
      return false;
    }
    int order = time.compareTo(last.get());
    if (order < 0) {
      return true;
    }
    if (order == 0 && repeated > 0) {
      repeated--;
      sawLastAgain = true;
      // The last of them may have been cut by the interruption: its rest is new.
      return repeated > 0 || handed == 0;
    }
    if (!sawLastAgain) {
      gapEnd = Optional.of(time);
    }
    if (handed > 0 && !sawLastAgain) {
      handed = 0;
      known = 0;
      cutter.write('\n');
    }
    repeated = -1;
    return false;
  }

  /** Hands on an unfinished last line. */
  void close() {
    cutter.close();
  }
}
