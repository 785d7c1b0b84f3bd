package io.sluice.core.diag;

/**
 * A text that diagnostics point into.
 *
 * @param name what the user calls it, for example {@code pipelines/rma-forecast/sluice.yaml}
 * @param text its whole content
 */
public record SourceFile(String name, String text) {

  /** The line with this 1-based number, without its line break; empty past the end. */
  public String line(int number) {
    return text.lines().skip(number - 1L).findFirst().orElse("");
  }
}
