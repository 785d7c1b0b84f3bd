package io.sluice.store;

/** Who may believe what a view of a store writes. */
public enum Area {
  /** Reads and writes the trusted cache and records. */
  TRUSTED(""),
  /** Reads the trusted cache too; writes only what trusted views never read. */
  UNTRUSTED("untrusted/");

  private final String prefix;

  Area(String prefix) {
    this.prefix = prefix;
  }

  /** What the names of its cache entries and records begin with. */
  String prefix() {
    return prefix;
  }
}
