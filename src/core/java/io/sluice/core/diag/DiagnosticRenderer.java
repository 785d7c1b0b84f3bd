package io.sluice.core.diag;

import java.util.List;

/**
 * The only place that turns a diagnostic into text for people: id and message, place, the source
 * line with a caret below, hint.
 *
 * <p>What a user (or an attacker) wrote is shown without control and bidirectional formatting
 * characters, so that no diagnostic can drive a terminal.
 */
public final class DiagnosticRenderer {
  private static final int TAB = 4;
  private static final int BEFORE = 60;
  private static final int WINDOW = 120;

  private final boolean colour;

  private DiagnosticRenderer(boolean colour) {
    this.colour = colour;
  }

  /** For logs, files and tests. */
  public static DiagnosticRenderer plain() {
    return new DiagnosticRenderer(false);
  }

  /** For a terminal that understands ANSI colours. */
  public static DiagnosticRenderer coloured() {
    return new DiagnosticRenderer(true);
  }

  /** All of them, an empty line between two; ends with a line break unless there are none. */
  public String render(List<Diagnostic> diagnostics) {
    StringBuilder out = new StringBuilder();
    for (Diagnostic d : diagnostics) {
      if (!out.isEmpty()) {
        out.append('\n');
      }
      out.append(render(d));
    }
    return out.toString();
  }

  /** One diagnostic, several lines, each ended by a line break. */
  public String render(Diagnostic d) {
    StringBuilder out = new StringBuilder();
    out.append(paint("31;1", "error[" + d.id() + "]"))
        .append(paint("1", ": " + Visible.line(d.message())))
        .append('\n');
    d.location().ifPresent(at -> source(out, at));
    d.hint().ifPresent(h -> out.append(paint("36", "hint")).append(": ").append(hint(h)));
    return out.toString();
  }

  private static String hint(String text) {
    return String.join("\n      ", text.lines().map(Visible::line).toList()) + "\n";
  }

  private void source(StringBuilder out, Location at) {
    String gutter = " ".repeat(Integer.toString(at.line()).length());
    String place = Visible.line(at.file().name()) + ":" + at.line() + ":" + at.column();
    out.append(gutter).append(paint("34", "-->")).append(' ').append(place).append('\n');
    int[] line = at.file().line(at.line()).codePoints().toArray();
    int from = Math.min(Math.max(at.column() - 1, 0), line.length);
    int to = Math.min(from + Math.max(at.length(), 1), Math.max(line.length, from + 1));
    // a long line is shown as a window around the place
    int first = from > WINDOW - 20 ? from - BEFORE : 0;
    int last = Math.min(line.length, first + WINDOW);
    StringBuilder text = new StringBuilder(first > 0 ? ".." : "");
    StringBuilder marks = new StringBuilder(first > 0 ? "  " : "");
    int cell = 0;
    for (int i = first; i < last; i++) {
      int width = line[i] == '\t' ? TAB - cell % TAB : width(line[i]);
      if (line[i] == '\t') {
        text.repeat(' ', width);
      } else {
        text.appendCodePoint(Visible.codePoint(line[i]));
      }
      marks.repeat(i >= from && i < to ? '^' : ' ', width);
      cell += width;
    }
    if (from >= line.length) {
      marks.append('^'); // past the end: something is missing there
    }
    out.append(gutter).append(paint("34", " |")).append('\n');
    out.append(paint("34", at.line() + " |")).append(' ').append(text);
    out.append(last < line.length ? "..\n" : "\n");
    out.append(gutter).append(paint("34", " |")).append(' ');
    out.append(paint("31;1", marks.toString().stripTrailing())).append('\n');
  }

  private String paint(String code, String text) {
    return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }

  /**
   * Cells that a terminal gives to a code point: none for what combines with its left neighbour,
   * two for what UAX #11 calls wide or full-width (its blocks, not its single code points).
   */
  private static int width(int c) {
    int type = Character.getType(c);
    if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK || c == 0x200D) {
      return 0;
    }
    boolean wide =
        (c >= 0x1100 && c <= 0x115F)
            || (c >= 0x2E80 && c <= 0x303E)
            || (c >= 0x3041 && c <= 0xA4CF)
            || (c >= 0xA960 && c <= 0xA97F)
            || (c >= 0xAC00 && c <= 0xD7A3)
            || (c >= 0xF900 && c <= 0xFAFF)
            || (c >= 0xFE30 && c <= 0xFE6F)
            || (c >= 0xFF01 && c <= 0xFF60)
            || (c >= 0xFFE0 && c <= 0xFFE6)
            || (c >= 0x1F300 && c <= 0x1F64F)
            || (c >= 0x1F680 && c <= 0x1F6FF)
            || (c >= 0x1F900 && c <= 0x1FAFF)
            || (c >= 0x20000 && c <= 0x3FFFD);
    return wide ? 2 : 1;
  }
}
