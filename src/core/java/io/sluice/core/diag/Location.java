package io.sluice.core.diag;

/**
 * Where in a source a diagnostic points.
 *
 * @param file the source
 * @param line 1-based line
 * @param column 1-based column, counted in code points
 * @param length code points to underline, at least 1
 */
public record Location(SourceFile file, int line, int column, int length) {}
