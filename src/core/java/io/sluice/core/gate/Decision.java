package io.sluice.core.gate;

/** The two things a gate can say. */
public enum Decision {
  /** The candidate becomes the champion. */
  PROMOTE,
  /** The champion stays (or, on a first run, there is still none). */
  HOLD
}
