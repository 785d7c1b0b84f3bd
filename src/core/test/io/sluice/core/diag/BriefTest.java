package io.sluice.core.diag;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BriefTest {
  private static final String CAUSE =
      "Unsupported model IR version: 13, max supported IR version: 12";

  @Test
  void aLongMessageKeepsItsBeginningAndItsCauseAndSaysThatItWasCut() {
    String text =
        "Error code - ORT_FAIL - Load model from " + "/a folder".repeat(60) + " failed: " + CAUSE;

    String brief = Brief.line(text, 300);

    assertThat(brief)
        .startsWith("Error code - ORT_FAIL - Load model from /a ")
        .endsWith("failed: " + CAUSE)
        .containsPattern(" \\.\\. \\(\\d+ characters left out\\) \\.\\. ")
        .hasSizeLessThan(340);
  }

  @Test
  void wordsAreWhole() {
    String text = "word ".repeat(500).strip();

    assertThat(Brief.line(text, 100).split(" "))
        .allMatch(w -> w.matches("word|\\.\\.|\\(\\d+|characters|left|out\\)"));
  }

  @Test
  void aShortMessageIsWholeOnOneLine() {
    assertThat(Brief.line("two\n  lines\t", 300)).isEqualTo("two lines");
  }

  @Test
  void oneEndlessWordIsCutBetweenCharacters() {
    assertThat(Brief.line("\uD83D\uDE00".repeat(400), 101).codePoints())
        .noneMatch(c -> Character.getType(c) == Character.SURROGATE);
  }

  @Test
  void ourOwnTextEndsAfterASentence() {
    String text = "The first. The second is longer. The third does not fit any more at all.";

    assertThat(Brief.sentences(text, 50)).isEqualTo("The first. The second is longer. (shortened)");
    assertThat(Brief.sentences(text, 500)).isEqualTo(text);
    assertThat(Brief.sentences("endless".repeat(20), 40)).hasSize(40).endsWith(" (shortened)");
  }
}
