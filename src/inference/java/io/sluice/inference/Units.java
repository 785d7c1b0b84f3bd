package io.sluice.inference;

import com.carrotsearch.hppc.ObjectIntHashMap;
import java.util.ArrayList;
import java.util.List;

/** Numbers the units of the tables of one evaluation, in the order in which they are met. */
final class Units {
  /** Between the values of a key; fields with control characters are refused. */
  static final char SEPARATOR = '\u001f';

  private final ObjectIntHashMap<String> numbers = new ObjectIntHashMap<>();
  private final List<String> names = new ArrayList<>();

  int number(String key) {
    int known = numbers.getOrDefault(key, -1);
    if (known >= 0) {
      return known;
    }
    numbers.put(key, names.size());
    names.add(key);
    return names.size() - 1;
  }

  /** The number of a known unit, or -1. */
  int find(String key) {
    return numbers.getOrDefault(key, -1);
  }

  int size() {
    return names.size();
  }

  /** The values of a unit's key, in the order of its columns. */
  List<String> values(int unit) {
    return parts(names.get(unit));
  }

  /** For messages: {@code `P-1`, `EU`}. */
  String describe(int unit) {
    return described(names.get(unit));
  }

  /** The same of a unit's key. */
  static String described(String key) {
    return String.join(", ", parts(key).stream().map(Refusal::quoted).toList());
  }

  private static List<String> parts(String key) {
    return List.of(key.split(String.valueOf(SEPARATOR), -1));
  }
}
