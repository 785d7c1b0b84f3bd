package io.sluice.core.record;

import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.gate.History;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import java.util.Optional;

/**
 * What the gates of earlier runs ask of the next search: {@code search.json} of resolve, an input
 * of every tune. Schema: {@code search.schema.json}. It contains nothing but the answer, so that a
 * new gate that changes nothing leaves tune's cache key as it was.
 *
 * @param cold whether tune searches the whole space afresh, instead of starting from the last study
 * @param because why, when it is cold
 */
@Versioned
@JsonTypeName(SearchRequest.API_VERSION)
public record SearchRequest(boolean cold, Optional<String> because) {
  public static final String API_VERSION = "sluice.io/search/v1";

  /**
   * Two inconclusive holds in a row ask for a cold search; two more ask for the next one. Starting
   * from the champion's parameters again and again may be what keeps candidates from beating it.
   */
  public static SearchRequest after(History gates) {
    int held = gates.inconclusiveInARow();
    boolean cold = held > 0 && held % 2 == 0;
    return new SearchRequest(
        cold, cold ? Optional.of("two gates in a row were inconclusive") : Optional.empty());
  }

  /** {@code search.json}. */
  public ObjectNode json() {
    return JsonCodec.write(this);
  }
}
