package io.sluice.core.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LineCutterTest {
  private final List<String> lines = new ArrayList<>();
  private final LineCutter cutter = new LineCutter(lines::add);

  @Test
  void everyLineBreakEndsALine() {
    write("unix\nwindows\r\nprogress 10%\rprogress 99%\r\n\nlast");
    assertThat(lines)
        .containsExactly("unix", "windows", "progress 10%", "progress 99%", "", "last");
  }

  @Test
  void coloursAndTitlesOfTerminalsAreRemovedTabsStay() {
    write("\u001B[1;31mred\u001B[0m\tplain\u001B]0;title\u0007 \b\u0000end\n");
    assertThat(lines).containsExactly("red\tplain end");
  }

  @Test
  void marksThatReorderTextAreRemoved() {
    write("pass\u202Edrow\u202C \u2066x\u2069\n");
    assertThat(lines).containsExactly("passdrow x");
  }

  @Test
  void undecodableBytesAreReplaced() {
    cutter.write(new byte[] {'a', (byte) 0xff, (byte) 0xc3, 'b', '\n'}, 0, 5);
    assertThat(lines).containsExactly("a\uFFFD\uFFFDb");
  }

  @Test
  void longLinesAreSplitWithoutTearingACharacter() {
    String euros = "€".repeat(LineCutter.MAX_BYTES);
    write("x" + euros + "\n");
    assertThat(String.join("", lines)).isEqualTo("x" + euros);
    assertThat(lines)
        .hasSizeGreaterThan(2)
        .allSatisfy(l ->
            assertThat(l.getBytes(StandardCharsets.UTF_8).length)
                .isLessThanOrEqualTo(LineCutter.MAX_BYTES));
  }

  @Test
  void aBinaryStreamGivesBoundedLinesOfPrintableText() {
    byte[] noise = new byte[1 << 20];
    new Random(7).nextBytes(noise);
    cutter.write(noise, 0, noise.length);
    cutter.close();
    assertThat(lines)
        .isNotEmpty()
        .allSatisfy(l -> {
          assertThat(l.length()).isLessThanOrEqualTo(LineCutter.MAX_BYTES);
          assertThat(l.chars().filter(c -> Character.isISOControl(c) && c != '\t')).isEmpty();
        });
  }

  private void write(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    cutter.write(bytes, 0, bytes.length);
    cutter.close();
  }
}
