package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Limits of tests guard against a hang, and a machine under load does not reach them. */
class ClockLimitsTest {
  private static final int WAIT_SECONDS = 300;
  private static final int CLASS_SECONDS = 1800;

  /** A limit, its number in group 1, and how many of it there must be at least. */
  private record Limit(Pattern form, int least) {}

  private static final List<Limit> LIMITS =
      List.of(
          new Limit(Pattern.compile("@Timeout\\((\\d+)\\)"), CLASS_SECONDS),
          new Limit(
              Pattern.compile("\\.atMost\\(Duration\\.ofSeconds\\((\\d+)\\)\\)"), WAIT_SECONDS),
          new Limit(
              Pattern.compile("\\.atMost\\(Duration\\.ofMinutes\\((\\d+)\\)\\)"),
              WAIT_SECONDS / 60),
          new Limit(
              Pattern.compile("\\b(?:waitFor|await|get)\\((\\d+), (?:TimeUnit\\.)?SECONDS\\)"),
              WAIT_SECONDS),
          new Limit(
              Pattern.compile("\\b(?:waitFor|await|get)\\((\\d+), (?:TimeUnit\\.)?MINUTES\\)"),
              WAIT_SECONDS / 60),
          // a program that stands for one that never ends, or holds what a test needs
          new Limit(Pattern.compile("\\bexec sleep (\\d+)\\b"), WAIT_SECONDS));

  /** Awaitility waits ten seconds where nobody says how long. */
  private static final Pattern UNSAID = Pattern.compile("\\bawait\\(\\)\\s*\\.until");

  @Test
  void noTestHasALimitThatALoadedMachineReaches() throws IOException {
    List<String> wrong = new ArrayList<>();
    int limits = 0;
    for (Path file : tests()) {
      String text = Files.readString(file);
      for (Limit limit : LIMITS) {
        Matcher found = limit.form().matcher(text);
        while (found.find()) {
          limits++;
          if (Integer.parseInt(found.group(1)) < limit.least()) {
            wrong.add(file + ": " + found.group());
          }
        }
      }
      if (UNSAID.matcher(text).find()) {
        wrong.add(file + ": await() without atMost");
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(limits).as("this test finds those that there are").isGreaterThan(50);
  }

  private static List<Path> tests() throws IOException {
    List<Path> found = new ArrayList<>();
    Path root = ForkedSluice.root();
    List<Path> folders = new ArrayList<>(List.of(root.resolve("plugin/src/test")));
    try (Stream<Path> modules = Files.list(root.resolve("src"))) {
      modules.map(m -> m.resolve("test")).filter(Files::isDirectory).forEach(folders::add);
    }
    for (Path folder : folders) {
      try (Stream<Path> files = Files.walk(folder)) {
        files
            .filter(f -> f.toString().endsWith(".java") && !f.endsWith("ClockLimitsTest.java"))
            .sorted()
            .forEach(found::add);
      }
    }
    return found;
  }
}
