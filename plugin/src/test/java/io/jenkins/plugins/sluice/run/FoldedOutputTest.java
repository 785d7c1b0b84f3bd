package io.jenkins.plugins.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a log is folded. */
class FoldedOutputTest {
  private final List<String> shown = new ArrayList<>();
  private final FoldedOutput fold = new FoldedOutput(shown::add, () -> shown.add("<"));

  @Test
  void outputIsFoldedAndWhatTheDriverSaysIsNot() {
    fold.line("run j-1: tune-a, tune-b");
    fold.line("[tune-a] started");
    fold.output("[tune-a] trial 1");
    fold.output("[tune-b] trial 1");
    fold.line("[tune-a] done 1.0s");
    fold.output("[tune-b] trial 2");
    fold.line("[tune-b] done 2.0s");
    assertThat(shown)
        .containsExactly(
            "run j-1: tune-a, tune-b",
            "[tune-a] started",
            "<",
            "[tune-a] trial 1",
            "[tune-b] trial 1",
            "[tune-a] done 1.0s",
            "<",
            "[tune-b] trial 2",
            "[tune-b] done 2.0s");
  }

  @Test
  void outputThatLooksLikeTheDriversEndsAFoldOnBothSides() {
    fold.output("[a] one");
    fold.output("[a] done early");
    fold.output("[a] two");
    assertThat(shown).containsExactly("<", "[a] one", "[a] done early", "<", "[a] two");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[tune-a] started",
        "[tune-a] started again (attempt 2)",
        "[tune-a] out of time 1.0s: it took too long",
        "Finished: SUCCESS",
        "[Pipeline] }",
        "",
        "[a] failed 1.0s\n"
      })
  void theseLinesEndAFold(String line) {
    assertThat(FoldedOutputNote.ends(line)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"[tune-a] trial 1", "[a] starting", "[a] ", "[a] [b] done\n"})
  void theseLinesDoNot(String line) {
    assertThat(FoldedOutputNote.ends(line)).isFalse();
  }
}
