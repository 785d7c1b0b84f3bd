package io.sluice.local.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(1800)
class SupervisedProcessTest {
  private static final Map<String, String> PATH = Map.of("PATH", "/usr/bin:/bin");
  @TempDir private Path folder;
  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());

  @Test
  void exitCodeAndBothStreamsArrive() throws Exception {
    SupervisedProcess process = shell("echo out; echo err >&2; exit 7");
    assertThat(process.await()).isEqualTo(7);
    assertThat(lines).containsExactly("out", "err");
  }

  @Test
  void argumentsReachTheProgramUnchanged() throws Exception {
    String odd = "a 'b' \"c\" $HOME $(id) `id` \\ * \u00e9\nsecond";
    SupervisedProcess process = start(List.of("printf", "%s|", odd, "", "end"));
    assertThat(process.await()).isZero();
    assertThat(String.join("\n", lines)).isEqualTo(odd + "||end|");
  }

  @Test
  void nothingOfTheCallersEnvironmentLeaksIn() throws Exception {
    start(List.of("env")).await();
    assertThat(lines).anyMatch(l -> l.startsWith("PATH=")).noneMatch(l -> l.startsWith("HOME="));
  }

  @Test
  void aProgramThatDoesNotExistEndsWith127AndSaysSo() throws Exception {
    SupervisedProcess process = start(List.of("no-such-program"));
    assertThat(process.await()).isEqualTo(127);
    assertThat(lines).anyMatch(l -> l.contains("no-such-program"));
  }

  @Test
  void aCommandThatFillsItsOutputIsReadToTheEnd() throws Exception {
    SupervisedProcess process =
        shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done");
    assertThat(process.await()).isZero();
    assertThat(lines).hasSize(20000).endsWith("line 19999");
  }

  @Test
  void standardInputIsEmpty() throws Exception {
    assertThat(shell("cat; echo done").await()).isZero();
    assertThat(lines).containsExactly("done");
  }

  @Test
  void stopAsksFirstAndLetsTheCommandCleanUp() throws Exception {
    SupervisedProcess process =
        shell("trap 'echo cleaning; exit 3' TERM; sleep 600 & echo ready; wait");
    await().atMost(Duration.ofMinutes(5)).until(() -> lines.contains("ready"));
    assertThat(process.stop(Duration.ofSeconds(20))).isEqualTo(3);
    assertThat(lines).containsExactly("ready", "cleaning");
  }

  @Test
  void stopAsksEveryProcessOfTheGroup() throws Exception {
    SupervisedProcess process =
        shell(
            "trap 'wait; exit 4' TERM; sh -c 'trap \"echo child cleans; exit 0\" TERM; sleep 600 &"
                + " echo ready; wait' & wait; wait");
    await().atMost(Duration.ofMinutes(5)).until(() -> lines.contains("ready"));
    assertThat(process.stop(Duration.ofSeconds(20))).isEqualTo(4);
    assertThat(lines).containsExactly("ready", "child cleans");
  }

  @Test
  void stopKillsAWholeGroupThatDoesNotListen() throws Exception {
    SupervisedProcess process =
        shell(
            "trap '' TERM; (trap '' TERM; echo $$ > a; sh -c 'echo $$ > b; while :; do sleep 1;"
                + " done') & echo ready; while :; do sleep 1; done");
    await().atMost(Duration.ofMinutes(5)).until(() -> lines.contains("ready") && pid("b") > 0);
    assertThat(process.stop(Duration.ofMillis(300))).isEqualTo(137);
    assertGone("a");
    assertGone("b");
  }

  @Test
  void aBackgroundProcessDoesNotOutliveTheCommand() throws Exception {
    SupervisedProcess process = shell("sh -c 'echo $$ > child; sleep 600' & sleep 0.3; exit 0");
    assertThat(process.await()).isZero();
    assertGone("child");
  }

  @Test
  void aDaemonThatLeftTheGroupDoesNotOutliveTheCommand() throws Exception {
    SupervisedProcess process =
        shell(
            "(setsid sh -c 'trap \"\" TERM HUP; echo $$ > daemon; while :; do sleep 1; done' &)"
                + " ; while ! [ -s daemon ]; do sleep 0.1; done; exit 5");
    assertThat(process.await()).isEqualTo(5);
    assertGone("daemon");
  }

  @Test
  void whenTheRunnersEndOfThePipeClosesEverythingEnds() throws Exception {
    // What the kernel does when this JVM dies; KilledRunnerIT kills a real one.
    SupervisedProcess process = shell("trap '' TERM; echo $$ > me; while :; do sleep 1; done");
    await().atMost(Duration.ofMinutes(5)).until(() -> pid("me") > 0);
    process.closeLine();
    assertThat(process.await(Duration.ofMinutes(5))).isTrue();
    assertGone("me");
  }

  @Test
  void aCommandStoppedBeforeItBeganDoesNotBegin() throws Exception {
    for (int i = 0; i < 20; i++) {
      SupervisedProcess process = start(List.of("sleep", "600"));
      assertThat(process.stop(Duration.ofSeconds(10))).isEqualTo(143);
    }
  }

  @Test
  void whatProcessesHoldTogetherCountsWhereverTheyAre() throws Exception {
    // Neither holds too much; the second has left the session and its parent.
    String holds = "(head -c 40m /dev/zero; sleep 600) | tail";
    SupervisedProcess process =
        limited("(setsid sh -c '" + holds + "' &); " + holds + "; echo survived", 64);
    assertThat(process.await()).isEqualTo(137);
    assertThat(process.isOutOfMemory()).isTrue();
    // what tail says while they are being killed is as it comes
    assertThat(lines).doesNotContain("survived");
  }

  @Test
  void pagesThatProcessesShareAndFilesThatAreMappedCountAsTheKernelCountsThem() throws Exception {
    assumeThat(Files.getFileStore(folder).type())
        .as("files of a tmpfs are shared memory, and count")
        .isNotIn("tmpfs", "ramfs");
    String script =
        """
        import mmap, os
        held = bytearray(40 << 20)
        children = []
        for _ in range(4):  # they share what they do not write
            ready, done = os.pipe(), os.pipe()
            if os.fork() == 0:
                os.write(ready[1], bytes([held[-1]])); os.close(done[1]); os.read(done[0], 1); os._exit(0)
            os.read(ready[0], 1); children.append(done)
        with open('file', 'wb') as file:
            file.truncate(200 << 20)
        with open('file', 'rb') as file:
            seen = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            total = sum(seen[i] for i in range(0, len(seen), 4096))
        import time; time.sleep(1.5)  # some looks long; fewer would find less, not more
        print('held', total)
        """;
    SupervisedProcess process =
        SupervisedProcess.start(
            new SupervisedProcess.Command(
                List.of("python3", "-c", script), PATH, folder, OptionalLong.of(110L << 20)),
            lines::add);
    assertThat(process.await()).as(lines.toString()).isZero();
    assertThat(process.isOutOfMemory()).isFalse();
    assertThat(lines).containsExactly("held 0");
  }

  private SupervisedProcess limited(String script, long mebibytes) throws IOException {
    return SupervisedProcess.start(
        new SupervisedProcess.Command(
            List.of("/bin/sh", "-c", script), PATH, folder, OptionalLong.of(mebibytes << 20)),
        lines::add);
  }

  private SupervisedProcess shell(String script) throws IOException {
    return start(List.of("/bin/sh", "-c", script));
  }

  private SupervisedProcess start(List<String> argv) throws IOException {
    return SupervisedProcess.start(new SupervisedProcess.Command(argv, PATH, folder), lines::add);
  }

  private long pid(String file) throws IOException {
    Path path = folder.resolve(file);
    String text = Files.exists(path) ? Files.readString(path).strip() : "";
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private void assertGone(String file) throws IOException {
    long pid = pid(file);
    assertThat(pid).isPositive();
    await()
        .atMost(Duration.ofMinutes(5))
        .until(() -> !Files.exists(Path.of("/proc/" + pid)) || zombie(pid));
  }

  /** Dead, but its parent (a container's first process, say) has not collected it. */
  private static boolean zombie(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") Z ");
    } catch (IOException e) {
      return true;
    }
  }
}
