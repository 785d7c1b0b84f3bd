package io.sluice.app.picture;

import java.nio.charset.StandardCharsets;

/**
 * A badge: what something is, and how it is. White on dark colors, all of a contrast above 4.5, so
 * that it is read on light and dark pages alike.
 *
 * @param label what
 * @param value how
 */
public record Badge(String label, String value, Tone tone) {
  private static final int LONGEST = 60;
  private static final int HEIGHT = 20;
  private static final int MARGIN = 6;

  /** What the value means. */
  public enum Tone {
    GOOD("#1a7f37"),
    CAUTION("#8a5a00"),
    BAD("#b3261e"),
    NEUTRAL("#3c6478");

    private final String color;

    Tone(String color) {
      this.color = color;
    }
  }

  public Badge {
    label = shortened(label);
    value = shortened(value);
  }

  private static String shortened(String text) {
    String line = text.replaceAll("\\s+", " ").strip();
    return line.codePointCount(0, line.length()) <= LONGEST
        ? line
        : line.substring(0, line.offsetByCodePoints(0, LONGEST - 1)) + "\u2026";
  }

  /** The same bytes for equal badges. */
  public byte[] svg() {
    int left = width(label);
    int right = width(value);
    String name = Xml.escaped(label + ": " + value);
    return """
    <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" viewBox="0 0 %1$d %2$d" role="img" aria-label="%3$s">
    <title>%3$s</title>
    <rect width="%1$d" height="%2$d" rx="3" fill="#3b3f45"/>
    <path d="M%4$d 0h%5$da3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-%5$dz" fill="%6$s"/>
    <g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
    <text x="%7$s" y="14" textLength="%8$d">%9$s</text>
    <text x="%10$s" y="14" textLength="%11$d">%12$s</text>
    </g>
    </svg>
    """
        .formatted(
            left + right,
            HEIGHT,
            name,
            left,
            right - 3,
            tone.color,
            half(left),
            left - 2 * MARGIN,
            Xml.escaped(label),
            half(2 * left + right),
            right - 2 * MARGIN,
            Xml.escaped(value))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static String half(int twice) {
    return twice % 2 == 0 ? Integer.toString(twice / 2) : twice / 2 + ".5";
  }

  /**
   * About as wide as the text in an 11 pixel sans-serif; {@code textLength} makes it fit exactly,
   * whatever font there is.
   */
  private static int width(String text) {
    int tenths =
        text.codePoints()
            .map(c ->
                "il.,:;|!'()[]fjrt ".indexOf(c) >= 0
                    ? 42
                    : "mwMW%@".indexOf(c) >= 0
                        ? 105
                        : Character.isUpperCase(c) || c > 0x2000 ? 82 : 68)
            .sum();
    return 2 * MARGIN + Math.max(10, (tenths + 9) / 10);
  }
}
