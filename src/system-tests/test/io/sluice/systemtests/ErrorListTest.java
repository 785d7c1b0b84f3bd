package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds docs/errors.md against the ids that stand in the code. */
class ErrorListTest {
  private static final Pattern ID = Pattern.compile("SLU-[0-9]{4}");
  private static final Path ROOT = Path.of(System.getProperty("sluice.root"));

  @Test
  void everyIdInTheCodeIsListedOnceAndNoOtherIs() throws IOException {
    TreeMap<String, String> inCode = new TreeMap<>();
    for (Path file : sources()) {
      Matcher found = ID.matcher(Files.readString(file, StandardCharsets.UTF_8));
      while (found.find()) {
        inCode.putIfAbsent(found.group(), ROOT.relativize(file).toString());
      }
    }
    List<String> rows =
        Files.readString(ROOT.resolve("docs/errors.md"))
            .lines()
            .filter(l -> l.startsWith("| SLU-"))
            .map(l -> l.substring(2, 10))
            .toList();

    assertThat(rows).as("rows of docs/errors.md").doesNotHaveDuplicates();
    TreeMap<String, String> missing = new TreeMap<>(inCode);
    missing.keySet().removeAll(rows);
    assertThat(missing).as("ids in the code that docs/errors.md does not list").isEmpty();
    TreeSet<String> stale = new TreeSet<>(rows);
    stale.removeAll(inCode.keySet());
    assertThat(stale).as("ids that docs/errors.md lists and no code uses").isEmpty();
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> src = Files.walk(ROOT.resolve("src"));
        Stream<Path> plugin = Files.walk(ROOT.resolve("plugin/src/main"));
        Stream<Path> examples = Files.walk(ROOT.resolve("pipelines"));
        Stream<Path> launcher = Stream.of(ROOT.resolve("sluice"))) {
      return Stream.of(src, plugin, examples, launcher)
          .flatMap(s -> s)
          .filter(Files::isRegularFile)
          .filter(p -> {
            String s = p.toString();
            boolean code =
                s.endsWith(".java")
                    || s.endsWith(".py")
                    || s.endsWith(".sh")
                    || s.endsWith("/sluice")
                    || s.endsWith("/assemble");
            return code
                && !s.contains("/target/")
                && !s.contains("/test/")
                && !s.contains("/tests/");
          })
          .toList();
    }
  }
}
