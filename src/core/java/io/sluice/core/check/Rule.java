package io.sluice.core.check;

/** One rule about how the parts of a well-formed spec fit together. */
interface Rule {
  /** Reports each place where the spec breaks the rule. */
  void check(SpecView view, Findings findings);
}
