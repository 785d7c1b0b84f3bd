package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.json.LowerCase;
import io.sluice.core.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a team demands of a candidate: the {@code gate} section of a spec, defaults filled in. Each
 * setting is declared here and nowhere else (ADR 210); shares are fractions (0.01 is 1%). Some
 * defaults depend on the task of the models, which a policy names unless they forecast.
 */
public final class GatePolicy {
  // Filled by the declarations below while the class is loaded, and never again.
  private static final List<GateSetting<?>> DECLARED = new ArrayList<>();

  public static final GateSetting<Metric.Loss> METRIC =
      declare(GateSetting.required("metric", new SettingForm.LossName(), "the loss that decides"));

  /** Relative improvement that must be proven. */
  public static final GateSetting<Double> MIN_IMPROVEMENT =
      declare("minImprovement", share("0", "99"), 0.01, "how much better it must be");

  public static final GateSetting<Double> CONFIDENCE =
      declare("confidence", share("50", "99.99"), 0.95, "of the test");

  public static final GateSetting<Candidates> CANDIDATES =
      declare(
          "candidates",
          word(Candidates.values()),
          Candidates.VALIDATION,
          "which meet the holdout: the best on validation, or all by max-t");

  /** Largest absolute relative error of the total that a promotion may be proven to exceed. */
  public static final GateSetting<Double> BIAS =
      declare(
          GateSetting.byTask(
              "guards.bias",
              share("0", "999"),
              task -> ofAmounts(task, 0.2),
              "20%; not of classes and quantiles",
              "bias that may not be proven to be exceeded"));

  /**
   * Least part of what validation foretells that a holdout loss may be: below it the candidate has
   * most likely seen the holdout.
   */
  public static final GateSetting<Double> TOO_GOOD =
      declare(
          "guards.tooGood",
          share("0", "100"),
          0.5,
          "least holdout loss, as a part of what validation and the baseline foretell");

  /** What numbers that stages of the run report must be. */
  public static final GateSetting<List<ResultLimit>> RESULTS =
      declare(
          GateSetting.derived(
              "guards.results",
              new SettingForm.Results(),
              "none",
              "limits of numbers that stages report"));

  /** How much worse than the reference's the bias may be when that is above {@link #BIAS}. */
  public static final GateSetting<Double> BIAS_SLACK =
      declare(
          GateSetting.byTask(
              "biasSlack",
              share("0", "100"),
              task -> ofAmounts(task, 0.05),
              "5%; not of classes and quantiles",
              "or so much worse than the reference's"));

  public static final GateSetting<FirstRun> FIRST_RUN =
      declare(
          "firstRun",
          word(FirstRun.values()),
          FirstRun.BEATS_NAIVE,
          "what the first version must do");

  public static final GateSetting<OnDrift> ON_DRIFT =
      declare("onDrift", word(OnDrift.values()), OnDrift.REVIEW, "what drift means");

  public static final GateSetting<RareValues> RARE_VALUES =
      declare(
          GateSetting.byTask(
              "rareValues",
              word(RareValues.values()),
              task -> task.tabular() ? Optional.empty() : Optional.of(RareValues.HOLD),
              "hold; only of forecasts",
              "a gain that would not stand with its share of rare large values: hold, or only tell"));

  public static final GateSetting<Integer> MIN_UNITS =
      declare("minUnits", count(2, 10_000_000), 100, "fewest units");

  public static final GateSetting<Integer> MIN_POSITIVE_UNITS =
      declare(
          GateSetting.byTask(
              "minPositiveUnits",
              count(0, 10_000_000),
              task ->
                  Optional.of(
                      switch (task) {
                        case FORECAST, BINARY -> 30;
                        case MULTICLASS -> 10;
                        case REGRESSION, QUANTILE, OWN -> 0;
                      }),
              "30; of several classes 10, of numbers 0",
              "fewest units with any label; of classes: of the rarest class"));

  public static final GateSetting<Double> MAX_UNIT_SHARE =
      declare(
          GateSetting.byTask(
              "maxUnitShare",
              share("0", "100"),
              task -> task.tabular() ? Optional.empty() : Optional.of(0.2),
              "20%; in tables whose units are single rows 100%",
              "most of the loss by one unit"));

  /** Share of rows that no earlier gate may have seen. */
  public static final GateSetting<Double> MIN_NEW_ROWS =
      declare("minNewRows", share("0", "100"), 0.25, "new rows since the last gate");

  public static final GateSetting<Repetition> REPETITION =
      declare(
          "repetition",
          word(Repetition.values()),
          Repetition.HOLD,
          "too few new rows: hold, or spend confidence");

  /** Sign flips, and bootstrap samples of the interval shown. */
  public static final GateSetting<Integer> REPLICATES =
      declare("replicates", count(199, 99_999), 1999, "draws of the test");

  /**
   * How much older than the candidate's the champion's labels must be for a fresh candidate to win
   * by being no worse.
   */
  public static final GateSetting<Duration> STALE_AFTER =
      declare(
          "staleAfter",
          new SettingForm.Span(),
          Duration.ofDays(90),
          "when as good as the champion is enough");

  public static final GateSetting<Double> NON_INFERIORITY =
      declare("nonInferiority", share("0", "50"), 0.05, "the margin of as good as");

  /** Columns whose values are watched for regressions; without it, all that the holdout has. */
  public static final GateSetting<List<String>> SLICES =
      declare(
          GateSetting.derived(
              "slices",
              new SettingForm.Columns(),
              "those of evaluate",
              "columns to look for regressions by"));

  /** Least values of the candidate's own figures, or largest ones where less is better. */
  public static final GateSetting<List<Floor>> FLOORS =
      declare(
          GateSetting.derived(
              "floors",
              new SettingForm.Floors(),
              "none",
              "figures of the candidate itself that must be reached, whatever the champion's are"));

  /**
   * Whether a check that evaluate could not make holds. Without it such checks are told and do not
   * hold.
   */
  public static final GateSetting<Boolean> REQUIRE_AUDIT =
      declare(
          GateSetting.derived(
              "requireAudit",
              new SettingForm.Flag(),
              "true with a `snapshot`; of tables only for what models learned from",
              "whether a part of the audit that could not be made holds"));

  /** All settings, in the order in which people write them. */
  public static final List<GateSetting<?>> SETTINGS = List.copyOf(DECLARED);

  private static final Map<String, String> GROUPS = Map.of("guards", "what no promotion may break");

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
  @EnumNaming(LowerCase.class)
  public enum OnDrift {
    /** It is recorded; neither the verdict nor predictions change. */
    IGNORE,
    /** Predictions go to the review queue; the verdict does not change. */
    REVIEW,
    /** A drifted holdout holds. */
    HOLD
  }

  /**
   * What happens when the holdout lacks rare large values, and the gain would not stand with them.
   */
  public enum RareValues {
    /** Holds: {@link Reason#INSUFFICIENT}. */
    HOLD,
    /** The verdict has the figures and a sentence. */
    TELL
  }

  /** What a gate does when too few of its rows are new. */
  public enum Repetition {
    /** Holds: {@link Reason#INSUFFICIENT}. */
    HOLD,
    /** Tests at a level that shrinks with each look at the same rows (online alpha-spending). */
    SPEND
  }

  /** The key of a policy's task in JSON; no setting, as the spec says it for all of its stages. */
  private static final String TASK = "task";

  private final Task task;
  private final Map<GateSetting<?>, Object> given;
  private final Map<GateSetting<?>, Object> values;

  private GatePolicy(Task task, Map<GateSetting<?>, Object> given) {
    this.task = task;
    this.given = Collections.unmodifiableMap(given);
    Map<GateSetting<?>, Object> all = new LinkedHashMap<>();
    for (GateSetting<?> setting : SETTINGS) {
      setting.byTask().apply(task).ifPresent(usual -> all.put(setting, usual));
    }
    all.putAll(given);
    this.values = Collections.unmodifiableMap(all);
  }

  private static <T> Optional<T> ofAmounts(Task task, T usual) {
    return task == Task.FORECAST || task == Task.REGRESSION ? Optional.of(usual) : Optional.empty();
  }

  /** The defaults of forecasts, for a metric. */
  public static GatePolicy of(Metric.Loss metric) {
    return of(List.of(new Given<>(METRIC, metric)));
  }

  /**
   * The policy in which these settings are given, and all others have the defaults of forecasts.
   *
   * @throws IllegalArgumentException when a required setting is not among them
   */
  public static GatePolicy of(List<Given<?>> given) {
    Map<GateSetting<?>, Object> values = new LinkedHashMap<>();
    given.forEach(g -> values.put(g.setting(), g.value()));
    for (GateSetting<?> setting : SETTINGS) {
      if (setting.required() && !values.containsKey(setting)) {
        throw new IllegalArgumentException("gate." + setting.name() + " is missing");
      }
    }
    return new GatePolicy(Task.FORECAST, values);
  }

  /** The same policy for models of a task: what it does not give has the task's default. */
  public GatePolicy forTask(Task other) {
    return new GatePolicy(other, given);
  }

  /** What the models that it judges are asked for. */
  public Task task() {
    return task;
  }

  /** A setting with its value. */
  public record Given<T>(GateSetting<T> setting, T value) {}

  /** This policy with another value of one setting. */
  public <T> GatePolicy with(GateSetting<T> setting, T value) {
    Map<GateSetting<?>, Object> changed = new LinkedHashMap<>(given);
    changed.put(setting, value);
    return new GatePolicy(task, changed);
  }

  /** One line of documentation of a map that holds settings, such as {@code guards}. */
  public static String groupDoc(String group) {
    return Optional.ofNullable(GROUPS.get(group)).map(doc -> doc + ": ").orElse("")
        + groupExample(group);
  }

  private static String groupExample(String group) {
    return SETTINGS.stream()
        .filter(s -> s.group().equals(Optional.of(group)))
        .map(s -> s.key() + s.fallback().map(f -> ": " + f).orElse(""))
        .collect(Collectors.joining(", ", "{ ", " }"));
  }

  /** The value of a setting that has a default or is required. */
  public <T> T get(GateSetting<T> setting) {
    return find(setting)
        .orElseThrow(() -> new IllegalStateException("the policy has no " + setting.name()));
  }

  /** The value of a setting, if there is one. */
  @SuppressWarnings("unchecked") // Given and with() keep the types together
  public <T> Optional<T> find(GateSetting<T> setting) {
    return Optional.ofNullable((T) values.get(setting));
  }

  /**
   * Reads a policy: the JSON {@code with} of the gate stage. Only {@code metric} is required.
   * Shares are numbers ({@code 0.01}) or text ({@code "1%"}), durations {@code "90d"} or ISO 8601.
   *
   * @throws SluiceException with every fault at once: SLU-8001 (a wrong value) or SLU-8002 (an
   *     unknown key)
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static GatePolicy parse(JsonNode with) {
    if (!with.isObject()) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-8001",
              "the gate's policy must be a mapping, not " + with,
              "write at least { metric: poisson_deviance }"));
    }
    List<Diagnostic> faults = new ArrayList<>();
    unknown("", with, faults);
    List<Given<?>> given = new ArrayList<>();
    for (GateSetting<?> setting : SETTINGS) {
      JsonNode value = setting.group().map(with::path).orElse(with).path(setting.key());
      if (!value.isMissingNode()) {
        given(setting, value, faults).ifPresent(given::add);
      } else if (setting.required()) {
        faults.add(wrong(setting.name() + " is missing", setting.form().expected()));
      }
    }
    Optional<Task> task =
        with.has(TASK) ? Task.of(with.path(TASK).asText()) : Optional.of(Task.FORECAST);
    if (task.isEmpty()) {
      faults.add(wrong(TASK + " is " + with.path(TASK), String.join(" or ", Task.words())));
    }
    if (!faults.isEmpty()) {
      throw new SluiceException(ExitCode.INPUT_WRONG, faults);
    }
    return of(given).forTask(task.orElseThrow());
  }

  private static <T> Optional<Given<T>> given(
      GateSetting<T> setting, JsonNode value, List<Diagnostic> faults) {
    Optional<T> read = setting.form().read(value);
    if (read.isEmpty()) {
      faults.add(wrong(setting.name() + " is " + value, setting.form().expected()));
    }
    return read.map(v -> new Given<>(setting, v));
  }

  /** Reports keys that no setting has, and groups that are not maps. */
  private static void unknown(String prefix, JsonNode with, List<Diagnostic> faults) {
    List<String> known =
        SETTINGS.stream()
            .map(GateSetting::name)
            .filter(name -> name.startsWith(prefix))
            .map(name -> name.substring(prefix.length()).replaceAll("\\..*", ""))
            .distinct()
            .toList();
    with.properties()
        .forEach(e -> {
          String path = prefix + e.getKey();
          if (path.equals(TASK)) {
            return; // parse reads it
          }
          if (!known.contains(e.getKey())) {
            faults.add(
                Diagnostic.of(
                    "SLU-8002",
                    "the gate has no setting '" + path + "'",
                    DidYouMean.hint(known, e.getKey())));
          } else if (GROUPS.containsKey(path)) {
            if (e.getValue().isObject()) {
              unknown(path + ".", e.getValue(), faults);
            } else {
              faults.add(
                  wrong(path + " is " + e.getValue(), "a map such as " + groupExample(path)));
            }
          }
        });
  }

  private static Diagnostic wrong(String what, String expected) {
    return Diagnostic.of("SLU-8001", "gate." + what, "expected " + expected);
  }

  /** The policy with every value spelled out, as {@link #parse} reads it. */
  @JsonValue
  public JsonNode toJson() {
    return toJson(Duration::toString);
  }

  /**
   * The same with durations written in another way that {@link #parse} reads: verdicts have them in
   * Java's form, compiled pipelines in days.
   */
  public ObjectNode toJson(Function<Duration, String> durations) {
    ObjectNode out = Json.object();
    for (GateSetting<?> setting : SETTINGS) {
      write(setting, durations, out);
    }
    if (task != Task.FORECAST) {
      out.put(TASK, task.word());
    }
    return out;
  }

  /**
   * Every setting with its value as text, by its full name: {@code guards.bias}; and the task
   * unless that is to forecast. How a policy is put where values are texts, such as tags.
   */
  public SortedMap<String, String> texts() {
    SortedMap<String, String> out = new TreeMap<>();
    for (GateSetting<?> setting : SETTINGS) {
      text(setting).ifPresent(text -> out.put(setting.name(), text));
    }
    if (task != Task.FORECAST) {
      out.put(TASK, task.word());
    }
    return out;
  }

  private <T> Optional<String> text(GateSetting<T> setting) {
    return find(setting)
        .map(value -> setting.form().write(value, Duration::toString))
        .map(json -> json.isValueNode() ? json.asText() : json.toString());
  }

  private <T> void write(
      GateSetting<T> setting, Function<Duration, String> durations, ObjectNode out) {
    ObjectNode into = setting.group().map(out::withObjectProperty).orElse(out);
    find(setting)
        .ifPresent(value -> into.set(setting.key(), setting.form().write(value, durations)));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GatePolicy policy
        && policy.task == task
        && policy.values.equals(values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return Json.write(toJson());
  }

  private static <T> GateSetting<T> declare(
      String name, SettingForm<T> form, T usual, String help) {
    return declare(GateSetting.usually(name, form, usual, help));
  }

  private static <T> GateSetting<T> declare(GateSetting<T> setting) {
    DECLARED.add(setting);
    return setting;
  }

  private static SettingForm<Double> share(String low, String high) {
    return new SettingForm.Share(low, high);
  }

  private static SettingForm<Integer> count(int low, int high) {
    return new SettingForm.Count(low, high);
  }

  private static <E extends Enum<E>> SettingForm<E> word(E[] options) {
    return new SettingForm.Word<>(List.of(options));
  }
}
