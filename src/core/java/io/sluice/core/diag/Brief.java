package io.sluice.core.diag;

/**
 * Shortens a text that another program wrote, so that it can be quoted: between words, from the
 * middle, as such texts begin with what was tried and end with the cause; and it says how much it
 * left out. Commons Text's {@code abbreviateMiddle} cuts in mid-word and does not say how much.
 */
public final class Brief {
  /** Of what is kept, the part that the beginning gets: causes stand at the end. */
  private static final double HEAD = 0.4;

  private Brief() {}

  /**
   * The text on one line, with about so many characters.
   *
   * @param most characters that are kept of it
   */
  public static String line(String text, int most) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    if (line.length() <= most) {
      return line;
    }
    int head = wordEnd(line, (int) (most * HEAD));
    int tail = wordStart(line, line.length() - (most - (int) (most * HEAD)));
    return tail <= head
        ? line
        : line.substring(0, head).stripTrailing()
            + " .. ("
            + (tail - head)
            + " characters left out) .. "
            + line.substring(tail).stripLeading();
  }

  /**
   * A text of ours, cut after the last whole sentence that fits.
   *
   * @param most characters that the result has at most
   */
  public static String sentences(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    String note = " (shortened)";
    int room = most - note.length();
    int end = text.lastIndexOf(". ", room - 1);
    return end > 0
        ? text.substring(0, end + 1) + note
        : text.substring(0, wordEnd(text, room)).stripTrailing() + note;
  }

  /** The end of the last word that ends before a place; the place itself in one endless word. */
  private static int wordEnd(String line, int at) {
    int space = line.lastIndexOf(' ', at);
    int end = space > at / 2 ? space : at;
    return Character.isLowSurrogate(line.charAt(end)) ? end - 1 : end;
  }

  /** The start of the first word that starts after a place; the place itself in an endless word. */
  private static int wordStart(String line, int at) {
    int space = line.indexOf(' ', at);
    int start = space >= 0 && space - at < (line.length() - at) / 2 ? space + 1 : at;
    return Character.isLowSurrogate(line.charAt(start)) ? start + 1 : start;
  }
}
