package io.sluice.tekton.v1;

import java.util.Map;

/** What a container asks for, and what it may not exceed. */
public record ResourceRequirements(Map<String, Quantity> requests, Map<String, Quantity> limits) {
  public ResourceRequirements {
    requests = Ordered.copyOf(requests);
    limits = Ordered.copyOf(limits);
  }
}
