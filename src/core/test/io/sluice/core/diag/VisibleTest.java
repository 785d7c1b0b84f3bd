package io.sluice.core.diag;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.json.Json;
import org.junit.jupiter.api.Test;

class VisibleTest {
  /**
   * Clears the screen in both forms, writes from right to left, ends a line, deletes, breaks a
   * pair.
   */
  private static final String FOREIGN =
      "a\u001b[2Jb\u009b2Jc\u202ed\u2066e\u007ff\r\ng\u2028h\ud800i\ufeffj";

  @Test
  void nothingOfATextDrivesATerminal() {
    assertThat(Visible.line(FOREIGN)).isEqualTo("a�[2Jb�2Jc�d�e�f��g�h�i�j");
    assertThat(Visible.lines("one\ntwo\u001b")).isEqualTo("one\ntwo�");
    assertThat(Visible.line("Zoë 👩\u200d🔧 日本")).isEqualTo("Zoë 👩\u200d🔧 日本");
  }

  @Test
  void jsonKeepsWhatItEscapes() {
    var value = Json.object().put("text", FOREIGN).put("tag", "\udb40\udc41");
    String shown = Visible.json(Json.pretty(value));
    assertThat(shown.codePoints().filter(c -> c != '\n' && Visible.codePoint(c) != c)).isEmpty();
    assertThat(Json.parse(shown)).isEqualTo(value);
  }
}
