package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a drift stage found. Only a policy with {@code onDrift: hold} lets it touch the verdict. */
public enum DriftStatus {
  @JsonProperty("stable")
  STABLE,
  @JsonProperty("drifted")
  DRIFTED,
  @JsonProperty("unknown")
  UNKNOWN
}
