package io.sluice.tekton.v1;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Copies maps so that records stay immutable and are written in the order in which they were put.
 */
final class Ordered {
  private Ordered() {}

  static <V> Map<String, V> copyOf(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
