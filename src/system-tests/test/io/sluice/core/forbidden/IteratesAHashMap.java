package io.sluice.core.forbidden;

import java.util.HashMap;
import java.util.Map;

/** What code on the way to output may not do. For {@code ArchitectureRulesTest}. */
final class IteratesAHashMap {
  private final Map<String, String> values = new HashMap<>();

  String text() {
    return values.toString();
  }
}
