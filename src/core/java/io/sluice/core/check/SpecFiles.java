package io.sluice.core.check;

/**
 * What the checker may ask about the files beside a spec; the caller, who can read them, lends it.
 */
public interface SpecFiles {
  /**
   * Whether there is a file or folder of this path.
   *
   * @param path relative to the pipeline's folder, {@code /} between its parts
   */
  boolean exists(String path);

  /** Whether at least one file matches this glob, as {@code code.include} means it. */
  boolean matches(String glob);

  /**
   * How a file begins, a character for each byte; empty when there is no file of this path.
   *
   * @param path as for {@link #exists}
   */
  String beginning(String path);
}
