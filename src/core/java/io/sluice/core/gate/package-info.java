/**
 * Decides whether a candidate replaces the champion: metrics, the test over units, guards, verdict.
 * Pure: rows, policy, history and a seed in, a {@link io.sluice.core.gate.Verdict} out. The
 * procedure is described for readers in {@code docs/gate.md}, its choices in {@code docs/adr/002x}.
 */
@org.jspecify.annotations.NullMarked
package io.sluice.core.gate;
