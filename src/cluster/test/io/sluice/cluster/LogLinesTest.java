package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogLinesTest {
  private final List<String> lines = new ArrayList<>();
  private final LogLines log = new LogLines(lines::add);

  private void write(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (byte b : bytes) {
      log.write(new byte[] {b}, 0, 1);
    }
  }

  @Test
  void linesComeWithoutTheirTimes() {
    write(
        "2026-11-24T10:00:00.000000001Z one\n2026-11-24T10:00:00.000000002Z \n2026-11-24T10:00:01Z last");
    log.close();
    assertThat(lines).containsExactly("one", "", "last");
    assertThat(log.position()).contains(Instant.parse("2026-11-24T10:00:01Z"));
  }

  @Test
  void readingAgainGoesOnAfterTheLastLine() {
    write("2026-11-24T10:00:00.1Z a\n2026-11-24T10:00:00.2Z b\n2026-11-24T10:00:00.2Z b\n");
    log.resume();
    write(
        "2026-11-24T10:00:00.1Z a\n2026-11-24T10:00:00.2Z b\n2026-11-24T10:00:00.2Z b\n"
            + "2026-11-24T10:00:00.2Z b\n2026-11-24T10:00:00.3Z c\n");
    assertThat(lines).containsExactly("a", "b", "b", "b", "c");
    assertThat(log.gapEnd()).isEmpty();
  }

  @Test
  void aHoleIsSeen() {
    write("2026-11-24T10:00:00.1Z a\n");
    log.resume();
    write("2026-11-24T10:05:00Z z\n");
    assertThat(lines).containsExactly("a", "z");
    assertThat(log.gapEnd()).contains(Instant.parse("2026-11-24T10:05:00Z"));
  }

  @Test
  void aLineThatWasCutByAnInterruptionIsHandedOnWhole() {
    write("2026-11-24T10:00:00.1Z a\n2026-11-24T10:00:00.2Z hal");
    log.resume();
    write("2026-11-24T10:00:00.1Z a\n2026-11-24T10:00:00.2Z half\n2026-11-24T10:00:00.3Z c\n");
    assertThat(lines).containsExactly("a", "half", "c");
  }

  /** As when a command writes to standard output and standard error at once. */
  @Test
  void linesThatAreNotInTheOrderOfTimeComeOnce() {
    String text =
        "2026-11-24T10:00:00.9Z a\n2026-11-24T10:00:00.8Z b\n2026-11-24T10:00:01.00001Z c\n"
            + "2026-11-24T10:00:00.99999Z d\n";
    write(text);
    for (int cut = 0; cut < 2; cut++) {
      log.resume();
      assertThat(log.since()).contains(Instant.parse("2026-11-24T10:00:00Z"));
      write(text);
    }
    assertThat(lines).containsExactly("a", "b", "c", "d");
    assertThat(log.gapEnd()).isEmpty();
  }

  /** Wherever the answer is cut, and wherever the second one begins. */
  @Test
  void eachLineComesOnceWhereverAnAnswerIsCut() {
    String text =
        "2026-11-24T10:00:00.2Z one\n2026-11-24T10:00:00.1Z two\n2026-11-24T10:00:00.1Z two\n"
            + "2026-11-24T10:00:00.3Z three\n2026-11-24T10:00:00.25Z four\n";
    for (int cut = 0; cut <= text.length(); cut++) {
      List<String> out = new ArrayList<>();
      LogLines cutLog = new LogLines(out::add);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      cutLog.write(bytes, 0, cut);
      cutLog.resume();
      cutLog.write(bytes, 0, bytes.length);
      cutLog.close();
      assertThat(out).as("cut at %d", cut).containsExactly("one", "two", "two", "three", "four");
      assertThat(cutLog.gapEnd()).as("cut at %d", cut).isEmpty();
    }
  }

  @Test
  void linesThatTheKubeletDroppedFromTheFrontAreNoHole() {
    write("2026-11-24T10:00:00.1Z a\n2026-11-24T10:00:00.2Z b\n");
    log.resume();
    write("2026-11-24T10:00:00.2Z b\n2026-11-24T10:00:00.3Z c\n");
    assertThat(lines).containsExactly("a", "b", "c");
    assertThat(log.gapEnd()).isEmpty();
  }

  /**
   * A long line is cut into parts with times of their own, and an answer may begin between them.
   */
  @Test
  void theEndOfALongLineIsNotTakenForANewOne() {
    write("2026-11-24T10:00:00.9Z long\n2026-11-24T10:00:02.2Z b\n2026-11-24T10:00:02.3Z c\n");
    log.resume();
    write(
        "2026-11-24T10:00:01.1Z ng\n2026-11-24T10:00:02.2Z b\n2026-11-24T10:00:02.3Z c\n"
            + "2026-11-24T10:00:02.4Z d\n");
    assertThat(lines).containsExactly("long", "b", "c", "d");
    assertThat(log.gapEnd()).isEmpty();
  }

  @Test
  void whatTheKubeletSaysInPlaceOfLinesIsNoLine() {
    write("2026-11-24T10:00:00.1Z a\nfailed to create fsnotify watcher: too many open files");
    assertThat(lines).containsExactly("a");
    assertThat(log.excuse()).contains("failed to create fsnotify watcher: too many open files");

    log.resume();
    write("2026-11-24T10:00:00.1Z a\n2026-11-24T10:00:00.2Z b\n");
    assertThat(lines).containsExactly("a", "b");
    assertThat(log.excuse()).isEmpty();

    log.resume();
    write("gone\n2026-11-24T10:00:00.3Z c\n" + "x".repeat(1000) + "\n");
    assertThat(lines).containsExactly("a", "b", "c");
    assertThat(log.excuse())
        .hasValueSatisfying(e -> assertThat(e).startsWith("gone").hasSizeLessThan(500));
  }
}
