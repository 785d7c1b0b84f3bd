package io.sluice.inference;

import com.carrotsearch.hppc.ObjectIntHashMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Numbers the units of the tables of one evaluation, in the order in which they are met. */
final class Units {
  /** Between the values of a key; fields with control characters are refused. */
  static final char SEPARATOR = '\u001f';

  private static final Pattern WHOLE_NUMBER = Pattern.compile("0*([0-9]+?)(?:\\.0+)?");

  private final ObjectIntHashMap<String> numbers = new ObjectIntHashMap<>();
  private final List<String> names = new ArrayList<>();

  /** Filled when it is asked for: units by their keys without what numbers do not keep. */
  private final Map<String, Integer> numbersAlike = new LinkedHashMap<>();

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

  /**
   * A known unit that an unknown key stands for once its values are read as numbers: {@code 007}
   * for {@code 7} or {@code 7.0}. Programs that guess the types of columns lose it.
   */
  Optional<Integer> findByNumber(String key) {
    if (numbersAlike.isEmpty()) {
      for (int unit = 0; unit < names.size(); unit++) {
        numbersAlike.putIfAbsent(asNumbers(names.get(unit)), unit);
      }
    }
    return Optional.ofNullable(numbersAlike.get(asNumbers(key)));
  }

  private static String asNumbers(String key) {
    return parts(key).stream()
        .map(value -> {
          Matcher whole = WHOLE_NUMBER.matcher(value);
          return whole.matches() ? whole.group(1) : value;
        })
        .collect(Collectors.joining(String.valueOf(SEPARATOR)));
  }

  /** All keys, by number. */
  List<String> all() {
    return List.copyOf(names);
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
