package io.sluice.app.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

/** Badges as bytes. */
class BadgeTest {
  @Test
  void aBadgeIsTheseBytes() {
    assertThat(text(new Badge("model", "version 3", Badge.Tone.GOOD)))
        .isEqualTo(
            """
            <svg xmlns="http://www.w3.org/2000/svg" width="114" height="20" viewBox="0 0 114 20" role="img" aria-label="model: version 3">
            <title>model: version 3</title>
            <rect width="114" height="20" rx="3" fill="#3b3f45"/>
            <path d="M48 0h63a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-63z" fill="#1a7f37"/>
            <g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
            <text x="24" y="14" textLength="36">model</text>
            <text x="81" y="14" textLength="54">version 3</text>
            </g>
            </svg>
            """);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<script>alert(1)</script>",
        "\" onload=\"alert(1)",
        "a & b ' c",
        "\u0000\u0007\uffff",
        "",
        "\ud83d\ude80 launched"
      })
  void whateverATextSaysItIsText(String text) throws Exception {
    byte[] bytes = new Badge(text, text, Badge.Tone.BAD).svg();
    Element svg =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(bytes))
            .getDocumentElement();
    assertThat(svg.getElementsByTagName("script").getLength()).isZero();
    assertThat(svg.hasAttribute("onload")).isFalse();
    assertThat(svg.getElementsByTagName("*").getLength()).isEqualTo(6);
  }

  @Test
  void aLongTextIsCutBetweenCharacters() {
    Badge badge = new Badge("m", "\ud83d\ude80".repeat(200), Badge.Tone.NEUTRAL);
    assertThat(badge.value()).isEqualTo("\ud83d\ude80".repeat(59) + "\u2026");
  }

  private static String text(Badge badge) {
    return new String(badge.svg(), StandardCharsets.UTF_8);
  }
}
