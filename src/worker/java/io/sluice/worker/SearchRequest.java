package io.sluice.worker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.gate.History;
import io.sluice.core.json.Json;
import java.util.Optional;

/**
 * What the gates of earlier runs ask of the next search: {@code search.json} of resolve, an input
 * of every tune. Schema: {@code search.schema.json}. It says no more than the answer, so that a new
 * gate that changes nothing leaves tune's cache key as it was.
 *
 * @param coldBecause why the whole space is to be searched afresh; empty: start from the last study
 */
record SearchRequest(Optional<String> coldBecause) {
  static final String API_VERSION = "sluice.io/search/v1";

  /**
   * Two inconclusive holds in a row ask for a cold search; two more ask for the next one. Starting
   * from the champion's parameters again and again may be what keeps candidates from beating it.
   */
  static SearchRequest after(History gates) {
    int held = gates.inconclusiveInARow();
    return new SearchRequest(
        held > 0 && held % 2 == 0
            ? Optional.of("two gates in a row were inconclusive")
            : Optional.empty());
  }

  ObjectNode json() {
    ObjectNode root = Json.object();
    root.put("apiVersion", API_VERSION);
    root.put("cold", coldBecause.isPresent());
    coldBecause.ifPresent(why -> root.put("because", why));
    return root;
  }
}
