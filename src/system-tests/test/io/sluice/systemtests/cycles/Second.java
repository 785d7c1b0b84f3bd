package io.sluice.systemtests.cycles;

/** Needs {@link Third}. */
public final class Second {
  Third[] next = {};
}
