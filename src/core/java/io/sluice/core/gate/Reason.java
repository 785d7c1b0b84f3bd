package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Why a gate held. Where several apply, the first in this order is the verdict's reason. */
public enum Reason {
  /** The holdout cannot carry a verdict: too few units or new rows, one unit dominates, gaps. */
  @JsonProperty("insufficient")
  INSUFFICIENT("insufficient"),
  /** The candidate is proven worse, as a whole or in a slice. */
  @JsonProperty("worse")
  WORSE("worse"),
  /** A condition outside the test failed: bias, unusable predictions, drift under {@code hold}. */
  @JsonProperty("guard")
  GUARD("guard"),
  /** The required improvement is not proven, nor the contrary. */
  @JsonProperty("inconclusive")
  INCONCLUSIVE("inconclusive");

  private final String word;

  Reason(String word) {
    this.word = word;
  }

  /** The word of verdicts and reports. */
  public String word() {
    return word;
  }

  /**
   * The reason that {@link #word} names.
   *
   * @throws IllegalArgumentException for any other word
   */
  public static Reason of(String word) {
    for (Reason reason : values()) {
      if (reason.word.equals(word)) {
        return reason;
      }
    }
    throw new IllegalArgumentException("not a reason to hold: " + word);
  }
}
