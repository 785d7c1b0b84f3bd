package io.sluice.core.diag;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DiagnosticRendererTest {
  private static final DiagnosticRenderer PLAIN = DiagnosticRenderer.plain();

  private static String rendered(String text, int line, int column, int length) {
    Location at = new Location(new SourceFile("sluice.yaml", text), line, column, length);
    return PLAIN.render(
        Diagnostic.at("SLU-1004", "unknown key \"trails\"", at, "did you mean it?"));
  }

  @Test
  void showsIdMessagePlaceLineCaretAndHint() {
    assertThat(rendered("a: 1\n  trails: 40\n", 2, 3, 6))
        .isEqualTo(
            """
            error[SLU-1004]: unknown key "trails"
             --> sluice.yaml:2:3
              |
            2 |   trails: 40
              |   ^^^^^^
            hint: did you mean it?
            """);
  }

  @Test
  void theCaretStandsBelowItsPlaceAfterTabsAndWideAndCombiningCharacters() {
    assertThat(rendered("x:\ty", 1, 4, 1)).contains("1 | x:  y\n  |     ^\n");
    assertThat(rendered("\u7d99\u7d9a: y", 1, 5, 1)).contains("1 | \u7d99\u7d9a: y\n  |       ^\n");
    assertThat(rendered("e\u0301: y", 1, 5, 1)).contains("1 | e\u0301: y\n  |    ^\n");
    assertThat(rendered("\ud83d\ude80: y", 1, 4, 1)).contains("\n  |     ^\n");
  }

  @Test
  void aPlacePastTheEndOfTheLineIsShown() {
    assertThat(rendered("model:", 1, 7, 1)).contains("1 | model:\n  |       ^\n");
    assertThat(rendered("", 5, 1, 1)).contains("5 | \n  | ^\n");
  }

  @Test
  void aLongLineIsShownAroundThePlace() {
    String text = rendered("x".repeat(5000) + "HERE" + "y".repeat(5000), 1, 5001, 4);
    assertThat(text.lines().mapToInt(String::length)).allMatch(n -> n < 140);
    List<String> lines = text.lines().toList();
    assertThat(lines.get(3).substring(lines.get(4).indexOf("^"))).startsWith("HEREyyy");
    assertThat(lines.get(4)).endsWith("^^^^");
  }

  @Test
  void nothingThatWasWrittenDrivesTheTerminal() {
    Location at = new Location(new SourceFile("a\u001b[2Jb", "x\u001b[31m\u202ey\u0007"), 1, 1, 1);
    String text = PLAIN.render(Diagnostic.at("SLU-1001", "bad \u001b]0;t\u0007", at, "\u001bc"));
    assertThat(text.replace("\n", "").chars().filter(c -> c < ' ' || c == 0x202e)).isEmpty();
  }

  @Test
  void coloursComeOnRequestAndChangeNoText() {
    Location at = new Location(new SourceFile("f", "a: 1"), 1, 1, 1);
    Diagnostic d = Diagnostic.at("SLU-1001", "m", at, "h");
    String coloured = DiagnosticRenderer.coloured().render(d);
    assertThat(coloured).contains("\u001b[");
    assertThat(coloured.replaceAll("\u001b\\[[0-9;]*m", "")).isEqualTo(PLAIN.render(d));
  }

  @Test
  void severalAreApartAndOneWithoutAPlaceIsShort() {
    Diagnostic d = new Diagnostic("SLU-5001", "no server", Optional.empty(), Optional.empty());
    assertThat(PLAIN.render(List.of(d, d)))
        .isEqualTo("error[SLU-5001]: no server\n\nerror[SLU-5001]: no server\n");
    assertThat(PLAIN.render(List.of())).isEmpty();
  }
}
