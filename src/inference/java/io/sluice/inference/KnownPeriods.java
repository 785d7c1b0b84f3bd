package io.sluice.inference;

/** Walks the known periods of a unit back from an origin, each by the vintage that held then. */
final class KnownPeriods {
  private final Panel panel;
  private final long origin;
  private final int start;
  private int at;
  private int slot = Integer.MAX_VALUE;

  KnownPeriods(Panel panel, int unit, long origin) {
    this.panel = panel;
    this.origin = origin;
    this.start = panel.start(unit);
    this.at = panel.lowerBound(unit, panel.slotStarting(origin));
  }

  boolean next() {
    while (--at >= start) {
      if (panel.slot(at) != slot && panel.knownAt(at) <= origin) {
        slot = panel.slot(at);
        return true;
      }
    }
    return false;
  }

  int slot() {
    return slot;
  }

  double value(int channel) {
    return panel.value(at, channel);
  }
}
