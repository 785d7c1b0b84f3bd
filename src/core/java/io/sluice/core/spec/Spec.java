package io.sluice.core.spec;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.Direction;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Metric;
import io.sluice.core.table.SplitSettings;
import io.sluice.core.task.Task;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One {@code sluice.yaml} as its author wrote it, well-formed but not yet checked. Maps are sorted
 * by key, so two specs that differ only in the order of keys are equal. Positions are kept beside
 * it, in {@link Parsed#spans}.
 *
 * @param model registered model name in MLflow, a DNS label
 * @param task what its models are asked for; a forecast when not given
 * @param seed what every random choice of a run derives from; 0 when not given
 * @param timeout limit of the whole run
 */
public record Spec(
    String model,
    Task task,
    long seed,
    Optional<Duration> timeout,
    Code code,
    SortedMap<String, Environment> environments,
    Defaults defaults,
    SortedMap<String, DataSource> data,
    SortedMap<String, Family> families,
    SortedMap<String, Stage> stages,
    Gate gate,
    SortedMap<String, Overlay> profiles,
    Triggers triggers) {

  /** Limit of a run whose spec gives none. */
  public static final Duration RUN_TIMEOUT = Duration.ofHours(24);

  /** The one version of the format that this program reads. */
  public static final String API_VERSION = "sluice.io/v1alpha1";

  /**
   * Which files are the model's code.
   *
   * @param include globs relative to the pipeline's folder
   */
  public record Code(List<String> include) {}

  /**
   * An isolated place to run commands in.
   *
   * @param image reference by digest; needed on a cluster
   * @param python interpreter version, for example {@code 3.11}
   * @param lock path of a lock file with hashes, relative to the pipeline's folder
   * @param sluiceMl whether the {@code sluice_ml} wheel is installed into it
   */
  public record Environment(
      Optional<String> image, Optional<String> python, Optional<String> lock, boolean sluiceMl) {}

  /** What stages get that do not say otherwise. */
  public record Defaults(
      Optional<Duration> timeout, Optional<Integer> retries, Resources resources) {
    /** Limit of one attempt of a stage that is given none. */
    public static final Duration STAGE_TIMEOUT = Duration.ofHours(1);
  }

  /** Kubernetes quantities as written; {@code gpu} is a count. */
  public record Resources(Optional<String> cpu, Optional<String> memory, Optional<String> gpu) {
    public static final Resources NONE =
        new Resources(Optional.empty(), Optional.empty(), Optional.empty());

    /** These quantities, and {@code fallback} where this says nothing. */
    public Resources or(Resources fallback) {
      return new Resources(
          cpu.or(fallback::cpu), memory.or(fallback::memory), gpu.or(fallback::gpu));
    }
  }

  /** A command line: a list is executed as it is, a text is given to a shell. */
  public sealed interface Command {
    /** The argument vector of the process. */
    List<String> argv();

    /** A program and its arguments; no shell looks at them. */
    record Exec(List<String> argv) implements Command {}

    /**
     * A shell script. {@code /bin/sh -eu} runs it; one with a pipe runs in a shell in which a pipe
     * fails when any part of it does.
     */
    record Script(String text) implements Command {
      /** Whether a text has a pipe, or a bar that could be one. */
      public static boolean hasPipe(String text) {
        return ShellText.hasPipe(text);
      }

      @Override
      public List<String> argv() {
        return ShellText.argv(text);
      }
    }
  }

  /** What every stage may say about how it is run. */
  public record Limits(Optional<Duration> timeout, Optional<Integer> retries, Resources resources) {
    public static final Limits NONE =
        new Limits(Optional.empty(), Optional.empty(), Resources.NONE);
  }

  /**
   * A source of data; each run pins it as the snapshot {@code data.<name>}.
   *
   * @param environment where {@code origin} runs
   * @param fingerprint a cheap poll: its output changes when there is new data
   * @param floor how much of the last delivery a new one must hold; only beside labels
   * @param with values that the command reads from {@code SLUICE_PARAMS}; an object, keys sorted
   */
  public record DataSource(
      String environment,
      Origin origin,
      Optional<Command> fingerprint,
      Optional<Labels> labels,
      Optional<Floor> floor,
      JsonNode with,
      Limits limits) {

    /** Where the data comes from. */
    public sealed interface Origin {}

    /** A command that writes the data. */
    public record Produced(Command command) implements Origin {}

    /** A file or folder beside the spec, taken into the code tree. */
    public record Stored(String path) implements Origin {}
  }

  /** Shares of the rows and units of the last delivery. */
  public record Floor(Optional<Double> rows, Optional<Double> units) {
    /** The share of rows that holds when a spec says nothing (docs/adr/0331). */
    public static final double USUAL_ROWS = 0.9;

    /** The share of units that holds when a spec says nothing. */
    public static final double USUAL_UNITS = 0.95;
  }

  /**
   * Which columns of a source say what is to be predicted and when it became known.
   *
   * @param matureAfter how long after the end of its period a label may still change
   */
  public record Labels(String column, String eventTime, String knownAt, Duration matureAfter) {}

  /**
   * A way to make a model: one command, a search space.
   *
   * @param predict command that forecasts where the model is not an ONNX graph
   * @param space parameters by name
   * @param budget what its search may cost
   * @param mayFail {@code onFailure: continue}: the run continues without this family
   */
  public record Family(
      String environment,
      Trainer trainer,
      Optional<Command> predict,
      SortedMap<String, Parameter> space,
      Resources resources,
      Budget budget,
      boolean mayFail) {

    /** What trains it. */
    public sealed interface Trainer {
      /** The argument vector of the process. */
      List<String> argv();
    }

    /** A process of its own for each trial. */
    public record ByCommand(Command command) implements Trainer {
      @Override
      public List<String> argv() {
        return command.argv();
      }
    }

    /**
     * A Python function that is called in one process for all trials.
     *
     * @param reference {@code module:attribute}
     */
    public record ByFunction(String reference) implements Trainer {
      @Override
      public List<String> argv() {
        return List.of("python", "-m", "sluice_ml.family", reference);
      }
    }
  }

  /**
   * What a family's search may cost (docs/adr/0120).
   *
   * @param share of the trials that the tune stage gives each family; a fraction, 1 when not given
   * @param time by the clock, after which the best trial so far is taken
   */
  public record Budget(Optional<Double> share, Optional<Duration> time) {
    public static final Budget NONE = new Budget(Optional.empty(), Optional.empty());

    /** The trials that a family gets of those that the stage gives each: at least one. */
    public int trials(int ofStage) {
      return (int) Math.max(1, Math.round(ofStage * share.orElse(1.0)));
    }
  }

  /** One dimension of a search space. */
  public sealed interface Parameter {
    /** Whole numbers from low to high, both included. */
    record IntRange(long low, long high, boolean log) implements Parameter {}

    /** Real numbers from low to high. */
    record FloatRange(double low, double high, boolean log) implements Parameter {}

    /** One of these numbers, texts or truth values, in the author's order. */
    record Choice(List<JsonNode> values) implements Parameter {}
  }

  /** A node of the pipeline. */
  public sealed interface Stage {
    SortedMap<String, Ref> inputs();

    /** Whether there is one of it for each family. */
    boolean perFamily();

    /** The names that others may refer to. */
    List<String> outputs();

    Limits limits();
  }

  /**
   * A command of the user.
   *
   * @param with a JSON object, keys sorted
   */
  public record Custom(
      String environment,
      Command command,
      boolean perFamily,
      SortedMap<String, Ref> inputs,
      List<String> outputs,
      JsonNode with,
      Limits limits)
      implements Stage {}

  /** {@code split@1}: makes table sets of one table of rows. */
  public record Split(SortedMap<String, Ref> inputs, SplitSettings with, Limits limits)
      implements Stage {
    public static final List<String> OUTPUTS = List.of("holdout", "train", "validation");

    @Override
    public boolean perFamily() {
      return false;
    }

    @Override
    public List<String> outputs() {
      return OUTPUTS;
    }
  }

  /** {@code tune@1}: searches each family's space. */
  public record Tune(SortedMap<String, Ref> inputs, TuneOptions with, Limits limits)
      implements Stage {
    public static final List<String> OUTPUTS = List.of("best", "study");

    @Override
    public boolean perFamily() {
      return true;
    }

    @Override
    public List<String> outputs() {
      return OUTPUTS;
    }
  }

  /**
   * What {@code tune@1} may be told.
   *
   * @param objective what trials report; the gate's metric when not given
   * @param trials upper bound of sampled trials of each family, of which its budget may take less
   * @param trialTimeout after which a trial is ended and counts as failed
   * @param patience sampled trials without improvement after which to stop
   * @param warmStart whether to start from the family's latest registered study
   * @param coldEvery every how many cycles the whole space is searched afresh
   * @param parallel how many trials run side by side (1)
   */
  public record TuneOptions(
      Optional<Objective> objective,
      Optional<Integer> trials,
      Optional<Integer> patience,
      Optional<Duration> trialTimeout,
      Optional<WarmStart> warmStart,
      Optional<Integer> coldEvery,
      Optional<Integer> parallel) {
    public static final int TRIALS = 40;
    public static final int PATIENCE = 8;
    public static final int COLD_EVERY = 6;

    public static final TuneOptions NONE =
        new TuneOptions(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
  }

  /**
   * What the trials of a search report.
   *
   * @param name of a metric, or one that the author chose
   * @param direction the metric's; of another name what the author says
   */
  public record Objective(String name, Direction direction) {
    /** The metric itself. */
    public static Objective of(Metric.Loss metric) {
      return new Objective(metric.name(), metric.direction());
    }
  }

  /** Where a study starts. */
  public enum WarmStart {
    CHAMPION("champion"),
    NONE("none");

    private final String word;

    WarmStart(String word) {
      this.word = word;
    }

    /** As written in the spec. */
    public String word() {
      return word;
    }
  }

  /**
   * {@code train@1}: fits each family with its best parameters.
   *
   * @param with a JSON object, keys sorted
   */
  public record Train(SortedMap<String, Ref> inputs, JsonNode with, Limits limits)
      implements Stage {
    public static final List<String> OUTPUTS = List.of("model");

    @Override
    public boolean perFamily() {
      return true;
    }

    @Override
    public List<String> outputs() {
      return OUTPUTS;
    }
  }

  /** {@code drift@1}: has the data moved away from what the champion was trained on? */
  public record Drift(SortedMap<String, Ref> inputs, DriftOptions with, Limits limits)
      implements Stage {
    public static final List<String> OUTPUTS = List.of("drift", "report");

    @Override
    public boolean perFamily() {
      return false;
    }

    @Override
    public List<String> outputs() {
      return OUTPUTS;
    }
  }

  /**
   * What {@code drift@1} may be told; docs/drift.md says where the defaults come from.
   *
   * @param method how the columns are compared
   * @param threshold from which value on a column has drifted
   * @param share of the columns that must have drifted for the data to have
   * @param alone the multiple of its threshold from which one column makes the data drifted
   * @param season which rows of a panel are compared
   * @param joint from which area under the curve of a classifier between both sides on the data has
   *     drifted; 1 for never
   * @param minRows fewest rows on either side
   * @param missing by how much the share of missing values may change
   * @param periods how many of the latest periods of a panel are today's data; all when not given
   * @param columns what differs for single columns
   * @param ignore columns that are not looked at
   */
  public record DriftOptions(
      Optional<DriftMethod> method,
      Optional<Double> threshold,
      Optional<Double> share,
      Optional<Double> alone,
      Optional<DriftSeason> season,
      Optional<Double> joint,
      Optional<Integer> minRows,
      Optional<Double> missing,
      Optional<Integer> periods,
      SortedMap<String, DriftColumn> columns,
      List<String> ignore) {
    public static final DriftMethod METHOD = DriftMethod.PSI;
    public static final double SHARE = 0.3;
    public static final double ALONE = 3;
    public static final DriftSeason SEASON = DriftSeason.YEAR;
    public static final double JOINT = 0.67;
    public static final int MIN_ROWS = 500;
    public static final double MISSING = 0.1;

    public static final DriftOptions NONE =
        new DriftOptions(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Collections.unmodifiableSortedMap(new TreeMap<>()),
            List.of());
  }

  /**
   * What differs for one column.
   *
   * @param numeric whether its values are numbers; what the reference looks like when not given
   */
  public record DriftColumn(
      Optional<Boolean> numeric, Optional<DriftMethod> method, Optional<Double> threshold) {}

  /** Which rows of a panel's reference today's rows are compared with. */
  public enum DriftSeason {
    /** Those of the same weeks of the year. */
    YEAR,
    /** All of them. */
    NONE;

    /** As written in the spec. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How two samples of a column are compared. */
  public enum DriftMethod {
    /** Population stability index over deciles of the reference, or over categories. */
    PSI("psi", 0.1),
    /** Jensen-Shannon distance over equal bins, or over categories. */
    JENSEN_SHANNON("jensenshannon", 0.1),
    /** Wasserstein distance in standard deviations of the reference; numbers only. */
    WASSERSTEIN("wasserstein", 0.2),
    /** p-value of the two-sample Kolmogorov-Smirnov test; numbers only. */
    KOLMOGOROV_SMIRNOV("ks", 0.001);

    private final String word;
    private final double usualThreshold;

    DriftMethod(String word, double usualThreshold) {
      this.word = word;
      this.usualThreshold = usualThreshold;
    }

    /** Threshold of a column that is given none; docs/drift.md has the measurements. */
    public double usualThreshold() {
      return usualThreshold;
    }

    /** As written in the spec. */
    public String word() {
      return word;
    }

    /** Whether it also compares categories. */
    public boolean takesCategories() {
      return this == PSI || this == JENSEN_SHANNON;
    }
  }

  /** {@code evaluate@1}: scores candidates, champion and baselines on the same holdout rows. */
  public record Evaluate(SortedMap<String, Ref> inputs, EvaluateOptions with, Limits limits)
      implements Stage {
    public static final List<String> OUTPUTS = List.of("rows");

    @Override
    public boolean perFamily() {
      return false;
    }

    @Override
    public List<String> outputs() {
      return OUTPUTS;
    }
  }

  /**
   * The settings of {@code evaluate@1}.
   *
   * @param unit columns that together name what is resampled by the gate; empty for a tabular task,
   *     whose tables say it
   * @param slices columns by whose values regressions are looked for
   * @param baselines what is scored beside the models without having learned; empty: all of the
   *     task
   * @param derived channels that are computed, so that no snapshot can have them: not auditing them
   *     is accepted, and told; of a table features that tell the label and are known before it
   * @param prefer families from the simplest on, one of which is picked before the best on
   *     validation when it loses at most a standard error more; empty: the best is picked
   */
  public record EvaluateOptions(
      List<String> unit,
      List<String> slices,
      List<Baseline> baselines,
      List<String> derived,
      List<String> prefer) {
    public static final EvaluateOptions NONE =
        new EvaluateOptions(List.of(), List.of(), List.of(), List.of(), List.of());
  }

  /**
   * What a candidate must pass.
   *
   * @param rows the holdout that is judged
   * @param policy the settings, defaults filled in but for {@link GatePolicy#SLICES} and {@link
   *     GatePolicy#REQUIRE_AUDIT}, whose defaults depend on the evaluate stage
   */
  public record Gate(Ref rows, GatePolicy policy) {}

  /** What starts runs by itself. */
  public record Triggers(Optional<NewData> newData, Optional<PullRequest> pullRequest) {
    public static final Triggers NONE = new Triggers(Optional.empty(), Optional.empty());
  }

  /** Polls a source's fingerprint. */
  public record NewData(String source, Duration every) {}

  /** Runs on changes below these paths; never promotes. */
  public record PullRequest(List<String> paths, Optional<String> profile) {}
}
