package io.sluice.core.evaluation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.LowerCase;
import io.sluice.core.json.Versioned;
import io.sluice.core.task.Task;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What evaluate found besides the scored rows: {@code evaluation.json}. It decides nothing, that is
 * the gate's. Schema: {@code evaluation.schema.json}.
 *
 * @param asOf the latest instant that the evaluated data knows of
 * @param metric by which losses are measured
 * @param task of the models; absent of forecasts, and where a stage of the team's own does not say
 * @param classes of a task of classes, in the order of probabilities; empty of any other
 * @param unit columns that name a unit
 * @param slices columns by which rows are sliced
 * @param families of the run: those with a candidate first, by name, then those without one
 * @param chosen family with the best loss on validation, or a simpler one that the spec prefers;
 *     its column is {@code candidate:<family>}
 * @param champion how the champion did; empty on a first run
 * @param baselines that were asked for, in that order
 * @param bestBaseline baseline with the best loss on validation, without {@code baseline:}; what a
 *     first run must beat; absent where a team's own evaluation has none
 * @param rows how many there are
 * @param earlierLabels what labels were like before; absent when nobody looked
 * @param firstHoldoutOrigin origin of the first holdout row
 * @param audit what the rows were held against
 */
@Versioned
@JsonTypeName(EvaluationReport.API_VERSION)
public record EvaluationReport(
    Instant asOf,
    String metric,
    Optional<Task> task,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @JsonSetter(nulls = Nulls.AS_EMPTY)
        List<String> classes,
    List<String> unit,
    List<String> slices,
    List<Family> families,
    String chosen,
    @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
        Optional<Champion> champion,
    List<Baseline> baselines,
    Optional<String> bestBaseline,
    Rows rows,
    Optional<EarlierLabels> earlierLabels,
    Instant firstHoldoutOrigin,
    Audit audit) {
  public static final String API_VERSION = "sluice.io/evaluation/v1";

  /**
   * A family on validation and on the holdout.
   *
   * @param eligible whether its candidate is compared
   * @param validationLoss of an eligible family
   * @param newestLabel when the newest label that it was fitted on became known
   * @param unusable predictions of the holdout that the gate cannot use; of an eligible family
   * @param behind how far behind the best it is on validation; there where simpler families are
   *     preferred, of those that can be picked
   * @param reason why it is not eligible
   */
  public record Family(
      String name,
      boolean eligible,
      Optional<Double> validationLoss,
      Optional<Instant> newestLabel,
      Optional<Unusable> unusable,
      Optional<Behind> behind,
      Optional<Ineligibility> reason) {
    /** The same with what is known of the distance to the best. */
    public Family with(Behind distance) {
      return new Family(
          name, eligible, validationLoss, newestLabel, unusable, Optional.of(distance), reason);
    }
  }

  /**
   * How much more a family loses on validation than the best one, as shares of the best's loss.
   *
   * @param share 0 of the best itself
   * @param standardError of the difference, row by row, when rows of one unit and rows of one
   *     target period may move together
   */
  public record Behind(double share, double standardError) {
    /** Whether the difference is at most what chance does to it. */
    public boolean within() {
      return share <= standardError;
    }
  }

  /**
   * Why a family is not compared.
   *
   * @param id of the error
   */
  public record Ineligibility(String id, String message) {
    /** Id and message, for people. */
    public String sentence() {
      return id + ": " + message;
    }
  }

  /** How many predictions the gate cannot use, and what is wrong with them. */
  public record Unusable(long nan, long infinite, long negative) {
    /** All of them. */
    public long sum() {
      return nan + infinite + negative;
    }
  }

  /**
   * The champion on the same rows.
   *
   * @param newestLabel when the newest label that it was fitted on became known
   * @param validationLoss absent when it does not forecast every validation row
   * @param unseenRows holdout rows whose label became known after {@code newestLabel}
   * @param unusable predictions of the holdout that the gate cannot use
   */
  public record Champion(
      String family,
      Optional<Instant> newestLabel,
      Optional<Double> validationLoss,
      Optional<Long> unseenRows,
      Unusable unusable) {}

  /**
   * A baseline on validation.
   *
   * @param offered whether it can be made from this panel
   * @param validationLoss of one that is offered
   * @param why it is not offered
   */
  public record Baseline(
      String name, boolean offered, Optional<Double> validationLoss, Optional<String> why) {}

  /**
   * Numbers of rows.
   *
   * @param units of the holdout
   * @param expected rows that the holdout should have; absent when nobody could count them
   * @param withoutHistory rows of the holdout whose unit has no known label at their origin, so
   *     that every baseline forecasts 0; absent when nobody counted them
   * @param negativeLabels labels of both tables that are below zero; absent when nobody counted
   *     them
   */
  public record Rows(
      long holdout,
      long validation,
      long units,
      Optional<Long> expected,
      Optional<Long> withoutHistory,
      Optional<Long> negativeLabels) {}

  /**
   * Labels that were known before the holdout begins, one for each unit and period.
   *
   * @param count how many there are
   * @param total their sum
   * @param largest the largest of them, descending; at most a thousand
   */
  public record EarlierLabels(long count, double total, List<Double> largest) {
    public EarlierLabels {
      largest = List.copyOf(largest);
    }
  }

  /**
   * What the rows were held against. What failed an audit is refused, and leaves no report; what
   * could not be audited is named here.
   *
   * @param targets whether the targets are held against the panel
   * @param maturity whether the age of labels could be
   * @param snapshot whether the raw snapshot could be
   * @param why the snapshot as a whole could not
   * @param vintages panel rows held against the snapshot
   * @param labels actuals held against the snapshot
   * @param revisedSince rows whose actual was revised after it became known
   * @param training what the models learned from; absent when nothing of it could be looked at
   * @param parts single channels, tables and labels that could not be audited
   */
  public record Audit(
      Audited targets,
      Audited maturity,
      Audited snapshot,
      Optional<String> why,
      long vintages,
      long labels,
      long revisedSince,
      Optional<Training> training,
      @JsonSetter(nulls = Nulls.AS_EMPTY) List<Unaudited> parts) {
    public Audit {
      parts = List.copyOf(parts);
    }

    /**
     * Everything that could not be audited, the weightiest first. A report in which a part of the
     * audit is absent, such as one of an older version, has not made that part.
     */
    public List<Unaudited> unaudited() {
      if (!none(Check.OWN)) {
        return parts; // store names all that it could not look at
      }
      List<Unaudited> all = new ArrayList<>();
      if (snapshot == Audited.UNAUDITED && none(Check.SNAPSHOT)) {
        all.add(
            new Unaudited(
                Check.SNAPSHOT,
                "features and labels against the snapshot",
                why.orElse("evaluate gave no reason"),
                false));
      }
      if (maturity == Audited.UNAUDITED && none(Check.MATURITY)) {
        all.add(
            new Unaudited(
                Check.MATURITY, "the age of labels", "evaluate knows of no `labels`", false));
      }
      if (training.isEmpty() && none(Check.TRAINING)) {
        all.add(
            new Unaudited(
                Check.TRAINING,
                "what the models learned from",
                "evaluate has no table that a train stage read",
                false));
      }
      all.addAll(parts);
      return List.copyOf(all);
    }

    private boolean none(Check check) {
      return parts.stream().noneMatch(p -> p.check() == check);
    }
  }

  /**
   * What the models learned from, over all tables that tune and train read.
   *
   * @param tables how many there were
   * @param rows of all of them
   * @param newestLabel when the newest label in them became known; absent where no table says
   * @param validationLabels labels of validation that a refit could learn from: its loss there is
   *     then in sample
   */
  public record Training(
      int tables, long rows, Optional<Instant> newestLabel, long validationLabels) {}

  /**
   * Something that could not be audited.
   *
   * @param check that could not be made
   * @param what it would have looked at, for people: {@code the channel `holiday`}
   * @param why it could not
   * @param declared whether the spec says so itself, and accepts it
   */
  public record Unaudited(Check check, String what, String why, boolean declared) {
    /** What and why, for people. */
    public String sentence() {
      return what + " (" + why + ")";
    }
  }

  /** The checks of an audit. */
  @EnumNaming(LowerCase.class)
  public enum Check {
    /** Tables against the raw snapshot. */
    SNAPSHOT,
    /** The age of labels. */
    MATURITY,
    /** What the models learned from against validation and holdout. */
    TRAINING,
    /** A feature that alone tells what the label is, and may be the label in other words. */
    FEATURES,
    /** Features and classes that the look for such a feature does not cover. */
    COVERAGE,
    /** Whether a loss on the holdout is too good for what validation foretold; of the gate. */
    TOO_GOOD,
    /** What a team's own evaluation does, which nobody but the team can look at. */
    OWN
  }

  /** Whether something was audited. */
  @EnumNaming(LowerCase.class)
  public enum Audited {
    CLEAN,
    /** Some of it was, and was clean. */
    PARTIAL,
    UNAUDITED,
    /** There is nothing that could be: a table of rows has no periods that a snapshot knows. */
    INAPPLICABLE
  }

  public EvaluationReport {
    classes = List.copyOf(classes);
    if (task.map(Task::classes).orElse(false) ? classes.size() < 2 : !classes.isEmpty()) {
      throw new IllegalArgumentException(
          "`classes` are the two or more classes of a task of classes, and of nothing else");
    }
    unit = List.copyOf(unit);
    slices = List.copyOf(slices);
    families = List.copyOf(families);
    baselines = List.copyOf(baselines);
  }

  /** The same with another best baseline. */
  public EvaluationReport withBestBaseline(String name) {
    return new EvaluationReport(
        asOf,
        metric,
        task,
        classes,
        unit,
        slices,
        families,
        chosen,
        champion,
        baselines,
        Optional.of(name),
        rows,
        earlierLabels,
        firstHoldoutOrigin,
        audit);
  }

  /** The family of this name, if the run has one. */
  public Optional<Family> family(String name) {
    return families.stream().filter(f -> f.name().equals(name)).findFirst();
  }

  /** {@code evaluation.json}. */
  public JsonNode json() {
    return JsonCodec.write(this);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when the JSON is not an evaluation report of this version
   */
  public static EvaluationReport parse(JsonNode json) {
    return JsonCodec.read(json, EvaluationReport.class);
  }
}
