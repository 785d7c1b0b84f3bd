package io.sluice.core.gate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The form of a {@link GateSetting}'s value: its range, and how it is read from and written as
 * JSON. The parser of specs derives its own shapes from the same objects.
 *
 * @param <T> the value's type in Java
 */
public sealed interface SettingForm<T> {

  /** Reads the value; empty when the JSON is not of this form or out of range. */
  Optional<T> read(JsonNode json);

  /**
   * Writes the value.
   *
   * @param durations how to write durations
   */
  JsonNode write(T value, Function<Duration, String> durations);

  /** The value as people write it in a spec. */
  String spell(T value);

  /** The values that are allowed, for messages about JSON. */
  String expected();

  /** The values that are allowed, for the table of settings. */
  String range();

  /**
   * A share: a fraction in Java and in JSON, a percentage in a spec. JSON may also hold the
   * percentage as text.
   *
   * @param low smallest percentage, included
   * @param high largest percentage, included
   */
  record Share(String low, String high) implements SettingForm<Double> {
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,9})?)\\s*%");

    @Override
    public Optional<Double> read(JsonNode json) {
      Optional<Double> read =
          json.isNumber()
              ? Optional.of(json.asDouble())
              : json.isTextual() ? percent(json) : none();
      return read.filter(share -> share >= fraction(low) && share <= fraction(high));
    }

    private static Optional<Double> percent(JsonNode json) {
      Matcher percent = PERCENT.matcher(json.asText().strip());
      return percent.matches() ? Optional.of(fraction(percent.group(1))) : none();
    }

    private static Optional<Double> none() {
      return Optional.empty();
    }

    private static double fraction(String percentage) {
      return new BigDecimal(percentage).movePointLeft(2).doubleValue();
    }

    @Override
    public JsonNode write(Double value, Function<Duration, String> durations) {
      return DoubleNode.valueOf(value);
    }

    @Override
    public String spell(Double value) {
      return BigDecimal.valueOf(value).movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }

    @Override
    public String expected() {
      return "a share from " + range() + ", such as 5% or 0.05";
    }

    @Override
    public String range() {
      return low + "% to " + high + "%";
    }
  }

  /** A whole number; both bounds are included. */
  record Count(int low, int high) implements SettingForm<Integer> {
    @Override
    public Optional<Integer> read(JsonNode json) {
      return Optional.of(json)
          .filter(j -> j.isIntegralNumber() && j.asLong() >= low && j.asLong() <= high)
          .map(JsonNode::asInt);
    }

    @Override
    public JsonNode write(Integer value, Function<Duration, String> durations) {
      return IntNode.valueOf(value);
    }

    @Override
    public String spell(Integer value) {
      return Integer.toString(value);
    }

    @Override
    public String expected() {
      return "a whole number from " + low + " to " + high;
    }

    @Override
    public String range() {
      return String.format(Locale.ROOT, "%,d to %,d", low, high);
    }
  }

  /** One of the constants of an enum: {@code BEATS_NAIVE} is written {@code beatsNaive}. */
  record Word<E extends Enum<E>>(List<E> options) implements SettingForm<E> {
    /** The option that a word stands for. */
    public Optional<E> option(String word) {
      return options.stream().filter(o -> spell(o).equals(word)).findFirst();
    }

    /** The words, in the order of the enum. */
    public List<String> words() {
      return options.stream().map(this::spell).toList();
    }

    @Override
    public Optional<E> read(JsonNode json) {
      return json.isTextual() ? option(json.asText()) : Optional.empty();
    }

    @Override
    public JsonNode write(E value, Function<Duration, String> durations) {
      return TextNode.valueOf(spell(value));
    }

    @Override
    public String spell(E value) {
      StringBuilder out = new StringBuilder();
      for (String part : value.name().split("_", -1)) {
        String lower = part.toLowerCase(Locale.ROOT);
        out.append(
            out.isEmpty() ? lower : Character.toUpperCase(lower.charAt(0)) + lower.substring(1));
      }
      return out.toString();
    }

    @Override
    public String expected() {
      return String.join(" or ", words());
    }

    @Override
    public String range() {
      return "`" + String.join("`, `", words()) + "`";
    }
  }

  /** Yes or no. */
  record Flag() implements SettingForm<Boolean> {
    @Override
    public Optional<Boolean> read(JsonNode json) {
      return json.isBoolean() ? Optional.of(json.booleanValue()) : Optional.empty();
    }

    @Override
    public JsonNode write(Boolean value, Function<Duration, String> durations) {
      return BooleanNode.valueOf(value);
    }

    @Override
    public String spell(Boolean value) {
      return Boolean.toString(value);
    }

    @Override
    public String expected() {
      return "true or false";
    }

    @Override
    public String range() {
      return "`true`, `false`";
    }
  }

  /** A length of time that is not negative. */
  record Span() implements SettingForm<Duration> {
    private static final Pattern SHORT = Pattern.compile("(\\d{1,5})([wdh])");

    @Override
    public Optional<Duration> read(JsonNode json) {
      Matcher amount = SHORT.matcher(json.asText());
      if (amount.matches()) {
        long n = Long.parseLong(amount.group(1));
        return Optional.of(
            switch (amount.group(2)) {
              case "w" -> Duration.ofDays(7 * n);
              case "d" -> Duration.ofDays(n);
              default -> Duration.ofHours(n);
            });
      }
      try {
        return Optional.of(Duration.parse(json.asText())).filter(d -> !d.isNegative());
      } catch (DateTimeParseException e) {
        return Optional.empty(); // the caller reports it with what is expected
      }
    }

    @Override
    public JsonNode write(Duration value, Function<Duration, String> durations) {
      return TextNode.valueOf(durations.apply(value));
    }

    @Override
    public String spell(Duration value) {
      return value.equals(Duration.ofDays(value.toDays()))
          ? value.toDays() + "d"
          : value.toHours() + "h";
    }

    @Override
    public String expected() {
      return "a duration such as 90d, 12w or PT36H";
    }

    @Override
    public String range() {
      return "a duration";
    }
  }

  /** Names of columns, each once. */
  record Columns() implements SettingForm<List<String>> {
    @Override
    public Optional<List<String>> read(JsonNode json) {
      List<String> names = new ArrayList<>();
      boolean fine = json.isArray();
      for (JsonNode name : json) {
        fine &= name.isTextual() && !name.asText().isEmpty() && !names.contains(name.asText());
        names.add(name.asText());
      }
      return fine ? Optional.of(List.copyOf(names)) : Optional.empty();
    }

    @Override
    public JsonNode write(List<String> value, Function<Duration, String> durations) {
      var list = JsonNodeFactory.instance.arrayNode();
      value.forEach(list::add);
      return list;
    }

    @Override
    public String spell(List<String> value) {
      return "[" + String.join(", ", value) + "]";
    }

    @Override
    public String expected() {
      return "a list of slice columns, each once";
    }

    @Override
    public String range() {
      return "a list of columns";
    }
  }

  /** Figures with the values that a candidate must reach in them, each once. */
  record Floors() implements SettingForm<List<Floor>> {
    @Override
    public Optional<List<Floor>> read(JsonNode json) {
      List<Floor> floors = new ArrayList<>();
      boolean fine = json.isObject() && !json.isEmpty();
      for (Map.Entry<String, JsonNode> entry : json.properties()) {
        Optional<Floor> floor =
            Floor.of(entry.getKey(), entry.getValue().asDouble(Double.NaN))
                .filter(f -> entry.getValue().isNumber() && f.possible())
                .filter(f -> floors.stream().noneMatch(f::sameAs));
        fine &= floor.isPresent();
        floor.ifPresent(floors::add);
      }
      return fine
          ? Optional.of(floors.stream().sorted(Comparator.comparing(Floor::name)).toList())
          : Optional.empty();
    }

    @Override
    public JsonNode write(List<Floor> value, Function<Duration, String> durations) {
      ObjectNode out = JsonNodeFactory.instance.objectNode();
      value.forEach(floor -> out.put(floor.name(), floor.bound()));
      return out;
    }

    @Override
    public String spell(List<Floor> value) {
      return value.stream()
          .map(floor -> "\"" + floor.name() + "\": " + Metric.number(floor.bound()))
          .collect(Collectors.joining(", ", "{ ", " }"));
    }

    @Override
    public String expected() {
      return "a map such as { \"recall\": 0.9, \"slice(country).f1\": 0.7 }, each figure once: a"
          + " number from 0 to 1 where more is better, else one that is not negative; figures: "
          + String.join(", ", Metric.figures());
    }

    @Override
    public String range() {
      return "a map of [figures](#floors)";
    }
  }

  /** Numbers that stages report with what they must be. */
  record Results() implements SettingForm<List<ResultLimit>> {
    @Override
    public Optional<List<ResultLimit>> read(JsonNode json) {
      List<ResultLimit> limits = new ArrayList<>();
      json.properties()
          .forEach(e -> ResultLimit.read(e.getKey(), e.getValue()).ifPresent(limits::add));
      return json.isObject() && !json.isEmpty() && limits.size() == json.size()
          ? Optional.of(limits.stream().sorted(Comparator.comparing(ResultLimit::name)).toList())
          : Optional.empty();
    }

    @Override
    public JsonNode write(List<ResultLimit> value, Function<Duration, String> durations) {
      ObjectNode out = JsonNodeFactory.instance.objectNode();
      value.forEach(limit -> out.set(limit.name(), limit.write()));
      return out;
    }

    @Override
    public String spell(List<ResultLimit> value) {
      return value.stream().map(ResultLimit::spell).collect(Collectors.joining(", ", "{ ", " }"));
    }

    @Override
    public String expected() {
      return "a map such as { \"bench.latency_ms\": { max: 50, worseBy: 10% } }: a stage and one of"
          + " its results; max, min, worseBy, worseByAbsolute, better and ifUnknown of each";
    }

    @Override
    public String range() {
      return "a map of [limits](#numbers-that-stages-report)";
    }
  }

  /** The name of a loss. */
  record LossName() implements SettingForm<Metric.Loss> {
    @Override
    public Optional<Metric.Loss> read(JsonNode json) {
      return json.isTextual() ? Metric.Loss.named(json.asText()) : Optional.empty();
    }

    @Override
    public JsonNode write(Metric.Loss value, Function<Duration, String> durations) {
      return TextNode.valueOf(value.name());
    }

    @Override
    public String spell(Metric.Loss value) {
      return value.name();
    }

    @Override
    public String expected() {
      return "one of " + String.join(", ", Metric.Loss.examples()) + "; guards limit the bias";
    }

    @Override
    public String range() {
      return "a [metric](#metrics)";
    }
  }
}
