package io.sluice.core.diag;

/**
 * Text that others wrote (a user, a caller of a service, a person with access to the registry),
 * made fit for a terminal: it holds no control character, which could drive the terminal, and no
 * formatting character, which could turn the text around. Of what is written as JSON nothing is
 * lost.
 */
public final class Visible {
  private static final int REPLACEMENT = 0xFFFD;
  private static final int JOINER = 0x200D;

  private Visible() {}

  /** On one line: a line break of it is replaced too, so that it cannot pose as a line of ours. */
  public static String line(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().map(Visible::codePoint).forEach(out::appendCodePoint);
    return out.toString();
  }

  /** Of several lines, which stay. */
  public static String lines(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().map(c -> c == '\n' ? c : codePoint(c)).forEach(out::appendCodePoint);
    return out.toString();
  }

  /** JSON with escapes for what a text would lose: the same value. */
  public static String json(String json) {
    StringBuilder out = new StringBuilder(json.length());
    json.codePoints()
        .forEach(c -> {
          if (c == '\n' || c == '\r' || c == '\t' || codePoint(c) == c) {
            // JSON has control characters below 0x20 between its values alone
            out.appendCodePoint(c);
          } else {
            for (char unit : Character.toChars(c)) {
              out.append("\\u%04x".formatted((int) unit));
            }
          }
        });
    return out.toString();
  }

  /**
   * The code point itself, or U+FFFD for one that would move the cursor or turn the text around.
   */
  static int codePoint(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          REPLACEMENT;
      case Character.FORMAT -> codePoint == JOINER ? codePoint : REPLACEMENT;
      default -> codePoint;
    };
  }
}
