package io.sluice.systemtests.cycles;

/** Needs {@link Second} in a class of its own, so that only nested classes close the cycle. */
public final class First {
  static final class Inner {
    Second next = new Second();
  }
}
