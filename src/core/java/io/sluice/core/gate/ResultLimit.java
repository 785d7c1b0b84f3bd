package io.sluice.core.gate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.LowerCase;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * What a number that a stage of the run reports must be: within bounds of its own, or hardly worse
 * than the champion's.
 *
 * @param name as the policy writes it: {@code bench.latency_ms}, a stage and one of its results
 */
public record ResultLimit(String name, Bounds bounds) {
  /** The form of all names: a regular expression that is valid both in Java and in ECMA 262. */
  public static final String FORM = "[a-z][a-z0-9-]{0,62}\\.[A-Za-z0-9_. :-]{1,180}";

  private static final Pattern NAME = Pattern.compile(FORM);

  private static final SettingForm.Share SHARE = new SettingForm.Share("0", "999");

  /** Which of two values of a number is the better one. */
  @EnumNaming(LowerCase.class)
  public enum Better {
    LESS,
    MORE;

    /** As written in specs. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** All words. */
    public static List<String> words() {
      return List.of(LESS.word(), MORE.word());
    }

    /** The value of a word of {@link #words}. */
    public static Better of(String word) {
      return valueOf(word.toUpperCase(Locale.ROOT));
    }
  }

  /** What happens where the champion's number is not known. */
  public enum IfUnknown {
    HOLD,
    PASS;

    /** As written in specs. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** All words. */
    public static List<String> words() {
      return List.of(HOLD.word(), PASS.word());
    }

    /** The value of a word of {@link #words}. */
    public static IfUnknown of(String word) {
      return valueOf(word.toUpperCase(Locale.ROOT));
    }
  }

  /**
   * What is asked of the number.
   *
   * @param worseBy by which part of the champion's number it may be worse than that
   * @param worseByAbsolute by how much it may be worse than the champion's
   * @param better given where {@code max} and {@code min} do not say it
   * @param ifUnknown given where a champion without the number does not hold
   */
  public record Bounds(
      Optional<Double> max,
      Optional<Double> min,
      Optional<Double> worseBy,
      Optional<Double> worseByAbsolute,
      Optional<Better> better,
      Optional<IfUnknown> ifUnknown) {

    /** Whether the number is compared with the champion's. */
    public boolean relative() {
      return worseBy.isPresent() || worseByAbsolute.isPresent();
    }

    /** Which value is better: as given, else more with only a least value, else less. */
    Better direction() {
      return better.orElse(min.isPresent() && max.isEmpty() ? Better.MORE : Better.LESS);
    }

    /** Whether a value is within {@code max} and {@code min}. */
    boolean allow(double value) {
      return max.map(most -> Rounding.atMost(value, most)).orElse(true)
          && min.map(least -> Rounding.atMost(least, value)).orElse(true);
    }

    /** The worst value that is allowed when the champion's is this one; the stricter of two. */
    double worst(double champion) {
      double share = worseBy.map(s -> s * Math.abs(champion)).orElse(Double.POSITIVE_INFINITY);
      double slack = Math.min(share, worseByAbsolute.orElse(Double.POSITIVE_INFINITY));
      return switch (direction()) {
        case LESS -> champion + slack;
        case MORE -> champion - slack;
      };
    }

    /** Whether a value is as good as another one, or better. */
    boolean noWorse(double value, double worst) {
      return switch (direction()) {
        case LESS -> Rounding.atMost(value, worst);
        case MORE -> Rounding.atMost(worst, value);
      };
    }

    /** Why these bounds ask for nothing that can be checked, and what to write; empty if sound. */
    public Optional<Fault> fault() {
      if (max.isEmpty() && min.isEmpty() && !relative()) {
        return Optional.of(
            new Fault(
                "a limit without a bound",
                "give max or min, or worseBy or worseByAbsolute for a bound by the champion's"
                    + " number"));
      }
      if (max.isPresent() && min.isPresent() && max.get() < min.get()) {
        return Optional.of(
            new Fault(
                "nothing is at least " + min.get() + " and at most " + max.get(),
                "exchange max and min, or take one away"));
      }
      if (worseByAbsolute.filter(w -> w < 0).isPresent()) {
        return Optional.of(
            new Fault("worseByAbsolute is below zero", "give the amount that it may be worse by"));
      }
      if (relative() && max.isPresent() && min.isPresent() && better.isEmpty()) {
        return Optional.of(
            new Fault(
                "with both max and min it is open which way is worse than the champion",
                "add better: less or better: more"));
      }
      if (!relative() && (better.isPresent() || ifUnknown.isPresent())) {
        return Optional.of(
            new Fault(
                "better and ifUnknown are about a comparison with the champion",
                "add worseBy or worseByAbsolute, or take them away"));
      }
      return Optional.empty();
    }
  }

  /** What is wrong with a limit, and what to write instead. */
  public record Fault(String what, String hint) {}

  /** The stage that reports the number. */
  public String stage() {
    return name.substring(0, name.indexOf('.'));
  }

  /** The name of its file in {@code SLUICE_RESULTS}. */
  public String result() {
    return name.substring(name.indexOf('.') + 1);
  }

  /**
   * Reads what {@link #write} wrote, shares also as percentages; empty when it is another thing.
   */
  static Optional<ResultLimit> read(String name, JsonNode json) {
    if (!NAME.matcher(name).matches() || !json.isObject()) {
      return Optional.empty();
    }
    Map<String, JsonNode> left = new TreeMap<>();
    json.properties().forEach(e -> left.put(e.getKey(), e.getValue()));
    Bounds bounds =
        new Bounds(
            take(left, "max", ResultLimit::number),
            take(left, "min", ResultLimit::number),
            take(left, "worseBy", SHARE::read),
            take(left, "worseByAbsolute", ResultLimit::number),
            take(left, "better", word -> word(word, Better.words()).map(Better::of)),
            take(left, "ifUnknown", word -> word(word, IfUnknown.words()).map(IfUnknown::of)));
    return left.isEmpty() && bounds.fault().isEmpty()
        ? Optional.of(new ResultLimit(name, bounds))
        : Optional.empty();
  }

  /** A value that reads stays no longer in the map; what stays is unknown or of another form. */
  private static <T> Optional<T> take(
      Map<String, JsonNode> left, String key, Function<JsonNode, Optional<T>> as) {
    Optional<T> value = Optional.ofNullable(left.get(key)).flatMap(as);
    value.ifPresent(v -> left.remove(key));
    return value;
  }

  private static Optional<Double> number(JsonNode value) {
    return Optional.of(value)
        .filter(JsonNode::isNumber)
        .map(JsonNode::asDouble)
        .filter(Double::isFinite);
  }

  private static Optional<String> word(JsonNode value, List<String> words) {
    return Optional.of(value)
        .filter(JsonNode::isTextual)
        .map(JsonNode::asText)
        .filter(words::contains);
  }

  ObjectNode write() {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    bounds.better.ifPresent(b -> out.put("better", b.word()));
    bounds.ifUnknown.ifPresent(i -> out.put("ifUnknown", i.word()));
    bounds.max.ifPresent(m -> out.put("max", m));
    bounds.min.ifPresent(m -> out.put("min", m));
    bounds.worseBy.ifPresent(w -> out.put("worseBy", w));
    bounds.worseByAbsolute.ifPresent(w -> out.put("worseByAbsolute", w));
    return out;
  }

  /** As people write it in a spec. */
  String spell() {
    List<String> parts = new ArrayList<>();
    bounds.max.ifPresent(m -> parts.add("max: " + Metric.number(m)));
    bounds.min.ifPresent(m -> parts.add("min: " + Metric.number(m)));
    bounds.worseBy.ifPresent(w -> parts.add("worseBy: " + SHARE.spell(w)));
    bounds.worseByAbsolute.ifPresent(w -> parts.add("worseByAbsolute: " + Metric.number(w)));
    bounds.better.ifPresent(b -> parts.add("better: " + b.word()));
    bounds.ifUnknown.ifPresent(i -> parts.add("ifUnknown: " + i.word()));
    return "\"" + name + "\": { " + String.join(", ", parts) + " }";
  }
}
