package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.LowerCase;
import io.sluice.core.json.Versioned;
import io.sluice.core.task.Task;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the gate says, with every figure that led to it. Schema: {@code verdict.schema.json}. Shares
 * and improvements are fractions; an improvement is relative and positive where the candidate is
 * better. A figure that is undefined is absent.
 *
 * @param reason of a hold, the first of the findings'
 * @param candidate the column that was judged, {@code candidate:<family>}
 * @param reference the column it was compared with; absent when there was none
 * @param basis what was proven, or was the last to be asked
 * @param conditional whether there were too few target periods to tell a gain from errors that
 *     last: the verdict holds for this window
 * @param findings what speaks against promotion, weightiest first; empty on PROMOTE
 * @param families that there were, and how they did on validation, sorted by name
 * @param models every model's metric on the holdout, sorted by name
 * @param tests one per candidate and basis
 * @param unseen the gain on rows that the champion was neither trained nor chosen on
 * @param slices tests for regressions, sorted by column, then value
 * @param floors what the policy's floors ask and the candidate measures; absent without floors
 * @param numbers what the policy's limits ask of numbers that stages reported; absent without
 *     limits
 * @param rareValues large values that the holdout should hold; absent when that is not known
 * @param periods gain per target period, in time
 * @param unaudited checks that evaluate could not make, weightiest first
 * @param bias whether the candidate's total is proven to be off; absent without a test
 * @param holdoutKeys the rows seen, for the next gate's history
 */
@Versioned
@JsonTypeName(Verdict.API_VERSION)
@JsonIgnoreProperties(value = "sentences", allowGetters = true)
public record Verdict(
    Decision decision,
    Optional<Reason> reason,
    String candidate,
    Optional<String> reference,
    Basis basis,
    boolean conditional,
    List<Finding> findings,
    Data data,
    @JsonSetter(nulls = Nulls.AS_EMPTY) List<Family> families,
    List<Model> models,
    List<Test> tests,
    Optional<Gain> unseen,
    List<Slice> slices,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @JsonSetter(nulls = Nulls.AS_EMPTY)
        List<FloorResult> floors,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @JsonSetter(nulls = Nulls.AS_EMPTY)
        List<NumberResult> numbers,
    Optional<RareValues> rareValues,
    List<Period> periods,
    Labels labels,
    Optional<Bias> bias,
    GatePolicy policy,
    long seed,
    @JsonSetter(nulls = Nulls.AS_EMPTY) List<EvaluationReport.Unaudited> unaudited,
    HoldoutKeys holdoutKeys) {
  public static final String API_VERSION = "sluice.io/verdict/v1";

  public Verdict {
    if ((decision == Decision.PROMOTE) == reason.isPresent()) {
      throw new IllegalArgumentException("a HOLD has a reason, a PROMOTE has none");
    }
    findings = List.copyOf(findings);
    families = List.copyOf(families);
    models = List.copyOf(models);
    tests = List.copyOf(tests);
    slices = List.copyOf(slices);
    floors = List.copyOf(floors);
    numbers = List.copyOf(numbers);
    periods = List.copyOf(periods);
    unaudited = List.copyOf(unaudited);
  }

  /**
   * Values so large that the holdout should hold only few of them, by what labels were like before
   * it.
   *
   * @param least the smallest of them
   * @param earlier how many earlier labels were as large
   * @param earlierLabels how many there were in all
   * @param earlierShare what these made of the total
   * @param expected how many rows of the holdout should be as large
   * @param held how many are
   * @param shortfall part of their expected volume that is missing, 0 to 1
   * @param p one-sided, of the gain with the missing ones put in
   * @param stands whether the gain is proven then, or little is missing
   */
  public record RareValues(
      double least,
      long earlier,
      long earlierLabels,
      double earlierShare,
      double expected,
      long held,
      double shortfall,
      double p,
      boolean stands) {}

  /** What had to be proven. */
  public enum Basis {
    /** An improvement of at least the policy's. */
    @JsonProperty("superiority")
    SUPERIORITY,
    /** That it is not worse than a stale champion by more than a margin. */
    @JsonProperty("nonInferiority")
    NON_INFERIORITY
  }

  /**
   * Something that speaks against promotion.
   *
   * @param code one word for machines: {@code bias}, {@code units}, {@code newRows}, ..
   * @param text what was found, with the figures
   * @param lift what would lift it
   */
  public record Finding(Reason reason, String code, String text, String lift) {}

  /**
   * The holdout.
   *
   * @param rows usable: with an actual and a prediction of the reference
   * @param missingRows expected or present, but not usable
   * @param positiveUnits units with an actual other than zero; of a task of classes units with a
   *     row of the rarest class
   * @param topUnit unit with the largest share of the loss, candidate's or reference's
   * @param newRows rows that no earlier gate saw
   * @param looks earlier gates at mostly the same rows
   * @param rarestClass of a task of classes
   * @param timeless present, and true, where the rows carry no time
   */
  public record Data(
      long rows,
      long missingRows,
      int units,
      int positiveUnits,
      int periods,
      Optional<Instant> firstTarget,
      Optional<Instant> lastTarget,
      Optional<String> topUnit,
      Optional<Double> topUnitShare,
      long newRows,
      double newRowShare,
      int looks,
      Optional<String> rarestClass,
      Optional<Boolean> timeless) {}

  /**
   * A family on validation.
   *
   * @param validationLoss of the gate's metric; absent when the family is ineligible
   * @param behind how far behind the best it is there; absent where the spec prefers no family
   * @param trouble why it cannot be selected, for people; absent when it can
   */
  public record Family(
      String name,
      Optional<Double> validationLoss,
      Optional<EvaluationReport.Behind> behind,
      Optional<String> trouble) {

    /** A family of the evaluation. */
    static Family of(EvaluationReport.Family family, Task task) {
      long unusable = family.unusable().map(EvaluationReport.Unusable::sum).orElse(0L);
      return new Family(
          family.name(),
          family.validationLoss(),
          family.behind(),
          unusable == 0
              ? family.reason().map(EvaluationReport.Ineligibility::message)
              : Optional.of(
                  unusable
                      + (task.tabular()
                          ? " of its predictions of the holdout cannot be judged"
                          : " of its forecasts of the holdout are no numbers, or negative")));
    }
  }

  /**
   * A model on the holdout.
   *
   * @param value of the policy's metric
   * @param bias relative error of the total
   * @param unusable predictions that are missing, infinite, negative or no probability
   */
  public record Model(String name, Optional<Double> value, Optional<Double> bias, long unusable) {}

  /**
   * A candidate's test.
   *
   * @param threshold improvement that had to be exceeded; negative for non-inferiority
   * @param improvement relative, of the metric
   * @param interval of the improvement, percentile bootstrap: for display
   * @param t total over its standard error; negative is good
   * @param p one-sided, adjusted for the number of candidates
   * @param replicates sign flips behind p
   * @param twoWay the same when periods may go well or badly together; absent with fewer than two
   *     target periods, of a table with fewer than four
   * @param provable improvement that such a window proves 8 times in 10
   * @param worseP one-sided p of being worse than the reference at all
   * @param level that p had to reach
   * @param proven whether both did
   */
  public record Test(
      String candidate,
      double threshold,
      Optional<Double> improvement,
      Optional<PercentileInterval> interval,
      double t,
      double p,
      int replicates,
      Optional<Contrast.TwoWay> twoWay,
      Optional<Double> provable,
      double worseP,
      double level,
      boolean proven) {

    /** What it was to prove. */
    Basis basis() {
      return Double.compare(threshold, 0) >= 0 ? Basis.SUPERIORITY : Basis.NON_INFERIORITY;
    }
  }

  /**
   * The bias guard's figures.
   *
   * @param value relative error of the candidate's total
   * @param allowed largest absolute value that passes
   * @param p one-sided: of a total as far off when the true bias is the allowed one, units and
   *     periods allowed for
   * @param proven whether the bias is proven to be larger than allowed
   */
  public record Bias(double value, double allowed, double p, boolean proven) {}

  /** An improvement on part of the rows. */
  public record Gain(
      long rows, int units, Optional<Double> improvement, Optional<PercentileInterval> interval) {}

  /**
   * A slice's test for a regression.
   *
   * @param p one-sided, of losing more than the reference, two-way where there are enough periods
   * @param adjustedP by Holm over all slices
   * @param regression whether it is proven
   */
  public record Slice(
      String column,
      String value,
      long rows,
      int units,
      Optional<Double> improvement,
      double p,
      double adjustedP,
      boolean regression) {}

  /**
   * What a floor asks and the candidate measures, on all rows or on a slice.
   *
   * @param bound least value of the figure, or the largest one where less is better
   * @param measured absent where the figure could not be computed
   * @param p one-sided, of measuring as badly when the true figure is the bound; absent when the
   *     floor is met, and for figures that no mean of losses stands for
   * @param because why the figure was not judged
   */
  public record FloorResult(
      String figure,
      Optional<String> column,
      Optional<String> value,
      double bound,
      long rows,
      Optional<Double> measured,
      Optional<Double> p,
      Outcome outcome,
      Optional<String> because) {

    /** How a floor ends. */
    @EnumNaming(LowerCase.class)
    public enum Outcome {
      /** The figure reaches the bound. */
      MET,
      /** It does not, which holds. */
      MISSED,
      /** It could not be checked, which holds. */
      UNKNOWN,
      /** It could not be checked in this slice, and was in others of the column. */
      SKIPPED
    }

    FloorResult unknown(String why) {
      return new FloorResult(
          figure,
          column,
          value,
          bound,
          rows,
          measured,
          Optional.empty(),
          Outcome.UNKNOWN,
          Optional.of(why));
    }

    FloorResult as(Outcome other) {
      return new FloorResult(figure, column, value, bound, rows, measured, p, other, because);
    }

    /** One of so many that chance had a try at. */
    FloorResult amongTries(long tries) {
      Optional<Double> all = p.map(one -> Math.min(1, one * tries));
      return new FloorResult(figure, column, value, bound, rows, measured, all, outcome, because);
    }

    String title() {
      return Metric.figure(figure).map(Metric.Loss::title).orElse(figure);
    }

    /** {@code in country = DE}, {@code on the holdout}. */
    String where() {
      return column.map(c -> "in " + c + " = " + value.orElse("")).orElse("on the holdout");
    }

    String why() {
      return because.orElse("");
    }

    /** {@code at least 0.9}. */
    String asked() {
      boolean least =
          Metric.figure(figure).map(f -> f.direction() == Direction.MAXIMIZE).orElse(true);
      return (least ? "at least " : "at most ") + Metric.number(bound);
    }

    /** What was measured, with as many digits as tell it from the bound. */
    String figures() {
      return measured.map(m -> Figures.apart(m, bound)).orElse("not defined");
    }
  }

  /** The gain at one target period. */
  public record Period(Instant targetEnd, long rows, Optional<Double> improvement) {}

  /**
   * How old what the models learned from is.
   *
   * @param candidate newest label that the candidate was trained on: it is served as tested
   * @param stale whether the champion's are older than the policy's {@code staleAfter}
   */
  public record Labels(
      Instant asOf, Optional<Instant> candidate, Optional<Instant> champion, boolean stale) {}

  /** Whether the candidate wins. */
  public boolean promotes() {
    return decision == Decision.PROMOTE;
  }

  /** The family that was judged: {@code candidate} without its prefix. */
  public String family() {
    return candidate.substring(candidate.indexOf(':') + 1);
  }

  /** What could not be audited, for a tag; empty when all was. */
  public Optional<String> unauditedInWords() {
    return unaudited.isEmpty() ? Optional.empty() : Optional.of(AuditRule.listed(unaudited));
  }

  /** {@code verdict.json}, sentences included. */
  public JsonNode toJson() {
    return JsonCodec.write(this);
  }

  /**
   * Reads what {@link #toJson} wrote; its sentences are made anew.
   *
   * @throws IllegalArgumentException when the JSON is not a verdict of this version
   */
  public static Verdict read(JsonNode json) {
    return JsonCodec.read(json, Verdict.class);
  }

  /**
   * Reads {@code verdict.json} of a gate stage, as {@link #read}.
   *
   * @throws SluiceException SLU-8006 when the JSON is not a verdict of this version
   */
  public static Verdict parse(JsonNode json) {
    try {
      return read(json);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-8006",
                  "the verdict cannot be read: " + e.getMessage(),
                  "verdict.json is written by the gate stage; run it again")),
          e);
    }
  }

  /**
   * The verdict in words, the decision first. For people who know the business and no statistics.
   */
  @JsonProperty("sentences")
  public List<String> sentences() {
    return Explanation.of(this);
  }
}
