package io.sluice.tekton.lower;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;

/**
 * Brings a user's {@code $} unchanged through Tekton, which replaces {@code $(name)}, and through
 * Kubernetes, which then does the same in arguments and turns {@code $$} into {@code $}.
 */
public final class Escapes {
  private Escapes() {}

  /**
   * A text as an argument or environment value of a step: {@code $(} becomes {@code $(SLUICE_D)(},
   * where the tasks of the catalog define {@code SLUICE_D} as one {@code $}; every other {@code $}
   * is doubled.
   */
  public static String argument(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '$') {
        out.append(c);
      } else if (i + 1 < text.length() && text.charAt(i + 1) == '(') {
        out.append("$(SLUICE_D)");
      } else {
        out.append("$$");
      }
    }
    return out.toString();
  }

  /**
   * Canonical JSON without a {@code $}: it can only be inside strings, as its six-character JSON
   * escape.
   */
  public static String json(JsonNode value) {
    return Json.canonical(value).replace("$", "\\u0024");
  }
}
