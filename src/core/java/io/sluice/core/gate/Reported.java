package io.sluice.core.gate;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What stages of the run left in {@code SLUICE_RESULTS}, and the same numbers of the champion.
 *
 * @param stages results by the name of the stage in the plan, and by their own name
 * @param champion numbers of the champion's version, by {@code <stage>.<result>}; empty on a first
 *     run
 */
public record Reported(
    SortedMap<String, SortedMap<String, String>> stages,
    Optional<SortedMap<String, Double>> champion) {
  /** Nothing was reported, and there is no champion. */
  public static final Reported NOTHING =
      new Reported(Collections.emptySortedMap(), Optional.empty());

  /** Ends the name of a result that a stage measured on the champion itself. */
  private static final String OF_CHAMPION = "." + HoldoutRows.CHAMPION;

  public Reported {
    TreeMap<String, SortedMap<String, String>> copy = new TreeMap<>();
    stages.forEach((stage, results) ->
        copy.put(stage, Collections.unmodifiableSortedMap(new TreeMap<>(results))));
    stages = Collections.unmodifiableSortedMap(copy);
    champion = champion.map(all -> Collections.unmodifiableSortedMap(new TreeMap<>(all)));
  }

  /**
   * The results of the stage that a limit names: of the family's own where each has one, which is
   * where none has the stage's bare name in the plan. That no other stage bears the name that is
   * looked for is checked in the spec.
   */
  SortedMap<String, String> of(ResultLimit limit, String family) {
    SortedMap<String, String> whole = stages.get(limit.stage());
    return whole == null
        ? stages.getOrDefault(limit.stage() + "-" + family, Collections.emptySortedMap())
        : whole;
  }

  /** What the run reported of a family, as the stage wrote it. */
  Optional<String> candidate(ResultLimit limit, String family) {
    return ofFamily(of(limit, family), limit.result(), family);
  }

  /** What the stage measured on the champion itself in this run, as it wrote it. */
  Optional<String> measuredOnChampion(ResultLimit limit, String family) {
    return Optional.ofNullable(of(limit, family).get(limit.result() + OF_CHAMPION));
  }

  /**
   * The champion's number: what the stage measured on it in this run, else what its version has. A
   * measurement that failed is not replaced by an older one.
   */
  Optional<Double> champion(ResultLimit limit, String family) {
    Optional<String> measured = measuredOnChampion(limit, family);
    return measured.isPresent()
        ? measured.flatMap(Reported::number)
        : champion.map(numbers -> numbers.get(limit.name()));
  }

  private static Optional<String> ofFamily(
      Map<String, String> results, String result, String family) {
    return Optional.ofNullable(results.get(result + "." + family))
        .or(() -> Optional.ofNullable(results.get(result)));
  }

  /**
   * The numbers among a stage's results that are a family's: those that name it, by the name before
   * that, and those that name no model.
   */
  public static SortedMap<String, Double> numbers(
      Map<String, String> results, String family, Iterable<String> families) {
    SortedSet<String> names = new TreeSet<>();
    for (String result : results.keySet()) {
      String own = without("." + family, result);
      boolean others = result.endsWith(OF_CHAMPION);
      for (String other : families) {
        others |= result.endsWith("." + other);
      }
      if (!own.equals(result) || !others) {
        names.add(own);
      }
    }
    TreeMap<String, Double> numbers = new TreeMap<>();
    for (String name : names) {
      ofFamily(results, name, family)
          .flatMap(Reported::number)
          .ifPresent(number -> numbers.put(name, number));
    }
    return numbers;
  }

  private static String without(String end, String text) {
    return text.endsWith(end) && text.length() > end.length()
        ? text.substring(0, text.length() - end.length())
        : text;
  }

  /** The number that a text is, if it is a finite one; neither {@code 5 ms} nor {@code NaN} is. */
  static Optional<Double> number(String text) {
    try {
      return Optional.of(new BigDecimal(text.strip()).doubleValue()).filter(Double::isFinite);
    } catch (NumberFormatException e) {
      return Optional.empty(); // the caller says what was there instead
    }
  }
}
