package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a team asks of a candidate: the {@code gate} section of a spec. Shares are fractions (0.01
 * is 1%).
 *
 * @param metric decides; its relative improvement is tested
 * @param minImprovement relative improvement that must be proven, 0 to below 1
 * @param confidence of the proof, above 0.5 to below 1
 * @param candidates which families meet the holdout
 * @param bias largest absolute relative error of the total that is let pass
 * @param biasSlack how much worse than the champion's the bias may be when it is above {@code bias}
 * @param firstRun what to do without a champion
 * @param onDrift what drift between training data and today's does to the verdict
 * @param minUnits fewer units are too few
 * @param minPositiveUnits fewer units with anything to predict are too few
 * @param maxUnitShare largest share of the loss that one unit may have
 * @param minNewRows share of rows that no earlier gate may have seen
 * @param repetition what to do when there are fewer new rows
 * @param replicates sign flips, and bootstrap samples of the interval shown
 * @param staleAfter how much older than the candidate's the champion's labels must be for a fresh
 *     candidate to win by being no worse
 * @param nonInferiority margin of "no worse"
 * @param slices columns whose values are watched for regressions; empty optional: all there are
 */
public record GatePolicy(
    Metric.Loss metric,
    double minImprovement,
    double confidence,
    Candidates candidates,
    double bias,
    double biasSlack,
    FirstRun firstRun,
    OnDrift onDrift,
    int minUnits,
    int minPositiveUnits,
    double maxUnitShare,
    double minNewRows,
    Repetition repetition,
    int replicates,
    Duration staleAfter,
    double nonInferiority,
    Optional<List<String>> slices) {

  /** Which families meet the holdout. */
  public enum Candidates {
    /** The one that won on validation. */
    VALIDATION,
    /** All of them, tested together (max-t). */
    ALL
  }

  /** What happens without a champion. */
  public enum FirstRun {
    /** The candidate is tested against the baseline that is best on validation. */
    BEATS_NAIVE,
    /** A person decides. */
    HOLD
  }

  /** What drift does. */
  public enum OnDrift {
    /** It is recorded; neither the verdict nor predictions change. */
    IGNORE,
    /** Predictions go to the review queue; the verdict does not change. */
    REVIEW,
    /** A drifted holdout holds. */
    HOLD
  }

  /** What a gate does when too few of its rows are new. */
  public enum Repetition {
    /** Holds: {@link Reason#INSUFFICIENT}. */
    HOLD,
    /** Tests at a level that shrinks with each look at the same rows (online alpha-spending). */
    SPEND
  }

  private static final List<String> KEYS =
      List.of(
          "metric",
          "minImprovement",
          "confidence",
          "candidates",
          "guards",
          "biasSlack",
          "firstRun",
          "onDrift",
          "minUnits",
          "minPositiveUnits",
          "maxUnitShare",
          "minNewRows",
          "repetition",
          "replicates",
          "staleAfter",
          "nonInferiority",
          "slices");

  /** The defaults, for a metric. */
  public static GatePolicy of(Metric.Loss metric) {
    return new GatePolicy(
        metric,
        0.01,
        0.95,
        Candidates.VALIDATION,
        0.20,
        0.05,
        FirstRun.BEATS_NAIVE,
        OnDrift.REVIEW,
        100,
        30,
        0.20,
        0.25,
        Repetition.HOLD,
        1999,
        Duration.ofDays(90),
        0.01,
        Optional.empty());
  }

  /**
   * Reads a policy: the JSON {@code with} of the gate stage. Only {@code metric} is required.
   * Shares are numbers ({@code 0.01}) or text ({@code "1%"}), durations {@code "90d"} or ISO 8601.
   *
   * @throws SluiceException with every fault at once: SLU-8001 (a bad value) or SLU-8002 (no such
   *     key)
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static GatePolicy parse(JsonNode with) {
    Reader in = new Reader(with);
    GatePolicy base = GatePolicy.of(in.metric());
    GatePolicy policy =
        new GatePolicy(
            base.metric,
            in.share("minImprovement", base.minImprovement, 0, 0.99),
            in.share("confidence", base.confidence, 0.5, 0.9999),
            in.word("candidates", base.candidates, Candidates.values()),
            in.guard("bias", base.bias),
            in.share("biasSlack", base.biasSlack, 0, 1),
            in.word("firstRun", base.firstRun, FirstRun.values()),
            in.word("onDrift", base.onDrift, OnDrift.values()),
            in.count("minUnits", base.minUnits, 2, 100_000_000),
            in.count("minPositiveUnits", base.minPositiveUnits, 0, 100_000_000),
            in.share("maxUnitShare", base.maxUnitShare, 0, 1),
            in.share("minNewRows", base.minNewRows, 0, 1),
            in.word("repetition", base.repetition, Repetition.values()),
            in.count("replicates", base.replicates, 199, 99_999),
            in.duration("staleAfter", base.staleAfter),
            in.share("nonInferiority", base.nonInferiority, 0, 0.5),
            in.names("slices"));
    in.finish();
    return policy;
  }

  /** The policy with every value spelled out, as {@link #parse} reads it. */
  @JsonValue
  public JsonNode toJson() {
    ObjectNode out = Json.object();
    out.put("metric", metric.name());
    out.put("minImprovement", minImprovement);
    out.put("confidence", confidence);
    out.put("candidates", word(candidates));
    out.putObject("guards").put("bias", bias);
    out.put("biasSlack", biasSlack);
    out.put("firstRun", word(firstRun));
    out.put("onDrift", word(onDrift));
    out.put("minUnits", minUnits);
    out.put("minPositiveUnits", minPositiveUnits);
    out.put("maxUnitShare", maxUnitShare);
    out.put("minNewRows", minNewRows);
    out.put("repetition", word(repetition));
    out.put("replicates", replicates);
    out.put("staleAfter", staleAfter.toString());
    out.put("nonInferiority", nonInferiority);
    slices.ifPresent(names -> {
      var list = out.putArray("slices");
      names.forEach(list::add);
    });
    return out;
  }

  /** {@code BEATS_NAIVE} is written {@code beatsNaive}. */
  private static String word(Enum<?> value) {
    StringBuilder out = new StringBuilder();
    for (String part : value.name().split("_", -1)) {
      String lower = part.toLowerCase(java.util.Locale.ROOT);
      out.append(
          out.isEmpty() ? lower : Character.toUpperCase(lower.charAt(0)) + lower.substring(1));
    }
    return out.toString();
  }

  /** Reads values one by one and remembers what was wrong with them. */
  private static final class Reader {
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,9})?)\\s*%");
    private static final Pattern DAYS = Pattern.compile("(\\d{1,5})([wdh])");

    private final JsonNode with;
    private final List<Diagnostic> faults = new ArrayList<>();

    Reader(JsonNode with) {
      this.with = with;
      if (!with.isObject()) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-8001",
                "the gate's policy must be a mapping, not " + with,
                "write at least { metric: poisson_deviance }"));
      }
      with.fieldNames().forEachRemaining(key -> known(key, KEYS, key));
      with.path("guards")
          .fieldNames()
          .forEachRemaining(k -> known(k, List.of("bias"), "guards." + k));
    }

    private void known(String key, List<String> keys, String path) {
      if (!keys.contains(key)) {
        faults.add(
            Diagnostic.of(
                "SLU-8002",
                "the gate has no setting '" + path + "'",
                keys.stream()
                    .filter(k -> k.equalsIgnoreCase(key.replaceAll("[_-]", "")))
                    .findFirst()
                    .map(k -> "did you mean '" + k + "'?")
                    .orElse("there are " + String.join(", ", keys))));
      }
    }

    Metric.Loss metric() {
      JsonNode value = with.path("metric");
      if (!value.isTextual()) {
        wrong("metric", value, "one of " + String.join(", ", Metric.NAMES));
        return new Metric.PoissonDeviance();
      }
      try {
        if (Metric.parse(value.asText()) instanceof Metric.Loss loss) {
          return loss;
        }
        wrong("metric", value, "a loss; limit the bias by guards: { bias: 20% } instead");
      } catch (IllegalArgumentException e) {
        faults.add(
            Diagnostic.of(
                "SLU-8001", "gate.metric: " + e.getMessage(), "use a metric that there is"));
      }
      return new Metric.PoissonDeviance();
    }

    double share(String key, double otherwise, double least, double most) {
      return share(key, with.path(key), otherwise, least, most);
    }

    double guard(String key, double otherwise) {
      JsonNode guards = with.path("guards");
      if (!guards.isMissingNode() && !guards.isObject()) {
        wrong("guards", guards, "a mapping such as { bias: 20% }");
        return otherwise;
      }
      return share("guards." + key, guards.path(key), otherwise, 0, 10);
    }

    private double share(String path, JsonNode value, double otherwise, double least, double most) {
      if (value.isMissingNode()) {
        return otherwise;
      }
      double read = Double.NaN;
      if (value.isNumber()) {
        read = value.asDouble();
      } else if (value.isTextual()) {
        Matcher percent = PERCENT.matcher(value.asText().strip());
        if (percent.matches()) {
          read = new java.math.BigDecimal(percent.group(1)).movePointLeft(2).doubleValue();
        }
      }
      if (!(read >= least && read <= most)) {
        wrong(
            path,
            value,
            "a share from "
                + Figures.percent(least)
                + " to "
                + Figures.percent(most)
                + ", such as 5% or 0.05");
        return otherwise;
      }
      return read;
    }

    int count(String key, int otherwise, int least, int most) {
      JsonNode value = with.path(key);
      if (value.isMissingNode()) {
        return otherwise;
      }
      if (!value.isIntegralNumber() || value.asLong() < least || value.asLong() > most) {
        wrong(key, value, "a whole number from " + least + " to " + most);
        return otherwise;
      }
      return value.asInt();
    }

    <E extends Enum<E>> E word(String key, E otherwise, E[] all) {
      JsonNode value = with.path(key);
      if (value.isMissingNode()) {
        return otherwise;
      }
      Function<E, String> spelled = GatePolicy::word;
      for (E option : all) {
        if (value.isTextual() && spelled.apply(option).equals(value.asText())) {
          return option;
        }
      }
      wrong(key, value, String.join(" or ", List.of(all).stream().map(spelled).toList()));
      return otherwise;
    }

    Duration duration(String key, Duration otherwise) {
      JsonNode value = with.path(key);
      if (value.isMissingNode()) {
        return otherwise;
      }
      Matcher short_ = DAYS.matcher(value.asText());
      if (short_.matches()) {
        long n = Long.parseLong(short_.group(1));
        return switch (short_.group(2)) {
          case "w" -> Duration.ofDays(7 * n);
          case "d" -> Duration.ofDays(n);
          default -> Duration.ofHours(n);
        };
      }
      try {
        Duration read = Duration.parse(value.asText());
        if (!read.isNegative()) {
          return read;
        }
      } catch (DateTimeParseException e) {
        // falls through to the diagnostic, which says what is expected
      }
      wrong(key, value, "a duration such as 90d, 12w or PT36H");
      return otherwise;
    }

    Optional<List<String>> names(String key) {
      JsonNode value = with.path(key);
      if (value.isMissingNode()) {
        return Optional.empty();
      }
      List<String> names = new ArrayList<>();
      boolean texts = value.isArray();
      for (JsonNode name : value) {
        texts &= name.isTextual() && !name.asText().isEmpty() && !names.contains(name.asText());
        names.add(name.asText());
      }
      if (!texts) {
        wrong(key, value, "a list of slice columns, each once");
        return Optional.empty();
      }
      return Optional.of(List.copyOf(names));
    }

    private void wrong(String path, JsonNode value, String expected) {
      faults.add(
          Diagnostic.of(
              "SLU-8001",
              value.isMissingNode()
                  ? "gate." + path + " is missing"
                  : "gate." + path + " is " + value,
              "expected " + expected));
    }

    void finish() {
      if (!faults.isEmpty()) {
        throw new SluiceException(ExitCode.INPUT_WRONG, faults);
      }
    }
  }
}
