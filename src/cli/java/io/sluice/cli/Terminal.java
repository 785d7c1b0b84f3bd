package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DiagnosticRenderer;
import io.sluice.core.diag.Visible;
import java.io.PrintStream;
import java.util.List;

/**
 * Where a command writes.
 *
 * @param out what was asked for
 * @param err progress and errors
 * @param interactive whether a person's terminal is at the other end: colour and a live line
 */
record Terminal(PrintStream out, PrintStream err, boolean interactive) {
  private static final int DEFAULT_WIDTH = 100;

  /** Whether the environment allows colour and cursor movement (no-color.org; dumb terminals). */
  static boolean wanted() {
    String term = System.getenv("TERM");
    return System.getenv("NO_COLOR") == null && term != null && !term.equals("dumb");
  }

  /** Columns of the terminal, from {@code COLUMNS}. */
  static int width() {
    String columns = System.getenv("COLUMNS");
    return columns != null && columns.matches("[1-9][0-9]{1,3}")
        ? Integer.parseInt(columns)
        : DEFAULT_WIDTH;
  }

  /** Prints what was asked for, as people read it: what others wrote drives no terminal. */
  void print(String text) {
    out.print(Visible.lines(text));
    out.flush();
  }

  /** Prints what was asked for, as programs read it. */
  void printJson(String json) {
    out.print(Visible.json(json));
    out.flush();
  }

  void show(List<Diagnostic> diagnostics) {
    DiagnosticRenderer renderer =
        interactive ? DiagnosticRenderer.coloured() : DiagnosticRenderer.plain();
    err.print(renderer.render(diagnostics));
    err.flush();
  }
}
