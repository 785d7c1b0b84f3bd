package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds prose, Javadoc and messages to plain technical English: a sentence says who does what. */
class PlainEnglishTest {
  private static final Pattern TEXTS = Pattern.compile(".*\\.(md|java|py|jelly|html|properties)");

  /** Forms that stop a native reader, and what to write instead. */
  private enum Form {
    IS_NO("(?<!\\b[Tt]here )\\bis no(?! (?:longer|more)\\b) [A-Za-z]", "write \"is not a ..\""),
    WHOEVER("\\b[Ww]hoever\\b", "name the person or the program"),
    IS_SAID("\\bis said\\b", "name who says it, and where"),
    IS_TOLD("\\bis told\\b", "name who tells it, or say \"gets\""),
    GOES_ON("\\bgoes on\\b", "write \"continues\", \"resumes\" or \"runs\""),
    ONE_ASKS("\\b[Oo]ne asks\\b", "name who asks"),
    IS_BORNE("\\bis borne\\b", "write \"tolerates\", with its subject");

    private final Pattern pattern;
    private final String instead;

    Form(String pattern, String instead) {
      this.pattern = Pattern.compile(pattern);
      this.instead = instead;
    }
  }

  @Test
  void proseJavadocAndMessagesSayWhoDoesWhat() throws IOException {
    List<String> found = new ArrayList<>();
    List<Path> texts = RepositoryFiles.named(TEXTS);
    assertThat(texts).hasSizeGreaterThan(500);
    for (Path file : texts) {
      if (!file.endsWith("PlainEnglishTest.java")) {
        found.addAll(
            findings(RepositoryFiles.ROOT.relativize(file).toString(), Files.readAllLines(file)));
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void aFormIsFoundWithItsPlaceAndWhatToWriteInstead() {
    assertThat(
            findings("a.md", List.of("There is no server.", "It is no longer so.", "A is no B.")))
        .containsExactly("a.md:3: write \"is not a ..\": A is no B.");
    assertThat(findings("b.md", List.of("Whoever waits is told.")))
        .containsExactly(
            "b.md:1: name the person or the program: Whoever waits is told.",
            "b.md:1: name who tells it, or say \"gets\": Whoever waits is told.");
  }

  private static List<String> findings(String name, List<String> lines) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      for (Form form : Form.values()) {
        if (form.pattern.matcher(lines.get(i)).find()) {
          found.add(name + ":" + (i + 1) + ": " + form.instead + ": " + lines.get(i).strip());
        }
      }
    }
    return found;
  }
}
