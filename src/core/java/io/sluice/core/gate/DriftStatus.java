package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** What a drift stage found. Only a policy with {@code onDrift: hold} lets it touch the verdict. */
public enum DriftStatus {
  @JsonProperty("stable")
  STABLE,
  @JsonProperty("drifted")
  DRIFTED,
  @JsonProperty("unknown")
  UNKNOWN;

  /** The word of tags, records and reports. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The status that {@link #word} names.
   *
   * @throws IllegalArgumentException for any other word
   */
  public static DriftStatus of(String word) {
    for (DriftStatus status : values()) {
      if (status.word().equals(word)) {
        return status;
      }
    }
    throw new IllegalArgumentException("not a drift status: " + word);
  }
}
