package io.sluice.systemtests.cycles;

/** Needs the cycle and is not part of it. */
public final class Uses {
  First first = new First();
}
