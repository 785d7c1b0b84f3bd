package io.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sluice.core.serving.Ledger.Mode;
import io.sluice.core.serving.PredictionId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a ledger has after kill -9 of a process that eight threads write from. */
@Timeout(1800)
class KilledLedgerTest {
  /** {@code -Dsluice.kills=20} makes it twenty. */
  private static final int ROUNDS = Integer.getInteger("sluice.kills", 2);

  /** Answers before the kill. */
  private static final int ANSWERS = 500;

  @TempDir private Path folder;

  @Test
  void durableLosesNothing() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Killed killed = killed(Mode.DURABLE, round);
      assertThat(killed.lost()).as("of %d answers", killed.answers()).isEmpty();
      assertThat(killed.told()).isEmpty();
    }
  }

  @Test
  void bufferedLosesAtMostWhatMayWaitAndTheNextStartSaysHowMuch() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Killed killed = killed(Mode.BUFFERED, round);
      assertThat(killed.lost()).hasSizeLessThanOrEqualTo(LedgerSettings.MAX_UNWRITTEN);
      if (killed.told().isEmpty()) {
        assertThat(killed.lost()).isEmpty();
      } else {
        String told = killed.told().getFirst();
        assertThat(told).startsWith("the last end was sudden: ");
        // eight were accepted and had not been written down as answered, at most
        long said = Long.parseLong(told.replaceAll("[^0-9]*([0-9]+) predictions.*", "$1"));
        assertThat(said).isBetween((long) killed.lost().size(), killed.lost().size() + 8L);
      }
    }
  }

  /**
   * Between a commit and its answer the disk was asked to keep it: only that tells a ledger which
   * survives a power cut from one which survives a kill.
   */
  @Test
  void durableAsksTheDiskForEachCommitAndBufferedSeldomDoes() throws Exception {
    assumeThat(Files.isExecutable(Path.of("/usr/bin/strace")))
        .as("strace on this machine")
        .isTrue();
    long durable = syncs(Mode.DURABLE);
    long buffered = syncs(Mode.BUFFERED);
    // eight threads: a commit is shared by at most eight answers
    assertThat(durable).isGreaterThanOrEqualTo(200 / 8);
    assertThat(buffered).isLessThan(200 / 8);
  }

  private long syncs(Mode mode) throws Exception {
    Path trace = folder.resolve("strace." + mode);
    List<String> command =
        new ArrayList<>(List.of("/usr/bin/strace", "-f", "-qq", "-o", trace.toString()));
    command.addAll(List.of("-e", "trace=fsync,fdatasync"));
    command.addAll(command(mode, "s" + mode, "200"));
    Process process = started(command, "s" + mode);
    assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
    assumeThat(process.exitValue()).as("strace may trace here").isZero();
    try (var lines = Files.lines(trace)) {
      return lines.filter(l -> l.contains("sync(")).count();
    }
  }

  private record Killed(int answers, List<PredictionId> lost, List<String> told) {}

  private Killed killed(Mode mode, int round) throws Exception {
    String name = mode + "-" + round;
    Path acks = folder.resolve(name + ".acks");
    Process process = started(command(mode, name), name);
    while (process.isAlive() && (!Files.exists(acks) || Files.size(acks) < ANSWERS * 37L)) {
      Thread.sleep(5);
    }
    assertThat(process.isAlive()).as(Files.readString(folder.resolve(name + ".log"))).isTrue();
    process.destroyForcibly().waitFor();
    List<String> told = new CopyOnWriteArrayList<>();
    LedgerSettings settings = settings(mode, name);
    Ledgers.open(settings, Clock.systemUTC(), told::add).close();
    List<PredictionId> lost = new ArrayList<>();
    List<String> answers = Files.readAllLines(acks, StandardCharsets.UTF_8);
    if (answers.getLast().length() < 36) {
      answers.removeLast();
    }
    try (LedgerReader reader = LedgerReader.open(settings.place())) {
      for (String answer : answers) {
        PredictionId id = PredictionId.parse(answer);
        if (reader.find(id).isEmpty()) {
          lost.add(id);
        }
      }
    }
    return new Killed(answers.size(), lost, told);
  }

  private LedgerSettings settings(Mode mode, String name) {
    Path own = folder.resolve(name);
    return LedgerSettings.of(new LedgerPlace.File(own.resolve("ledger.sqlite")), own).with(mode);
  }

  private List<String> command(Mode mode, String name, String... more) {
    Path own = folder.resolve(name);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Writers.class.getName(),
                own.resolve("ledger.sqlite").toString(),
                own.toString(),
                mode.name(),
                folder.resolve(name + ".acks").toString()));
    command.addAll(List.of(more));
    return command;
  }

  private Process started(List<String> command, String name) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(name + ".log").toFile())
        .start();
  }
}
