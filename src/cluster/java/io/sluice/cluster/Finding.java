package io.sluice.cluster;

/**
 * One thing that was looked at.
 *
 * @param detail what is there, or what is wrong and what to do about it
 */
public record Finding(String what, boolean well, String detail) {
  static Finding well(String what, String detail) {
    return new Finding(what, true, detail);
  }

  static Finding wrong(String what, String detail) {
    return new Finding(what, false, detail);
  }
}
