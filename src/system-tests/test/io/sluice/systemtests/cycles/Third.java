package io.sluice.systemtests.cycles;

/** Needs {@link First} and closes the cycle. */
public final class Third {
  First next = new First();
}
