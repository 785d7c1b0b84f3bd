package io.sluice.core.drift;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import java.util.List;
import java.util.Optional;

/**
 * What a drift stage measured: {@code drift.json}, which Python writes. Schema: {@code
 * drift.schema.json}.
 *
 * @param reason for people: which columns moved most and by how much, or why it is not known
 * @param because the rules that found drift, the most certain first; empty unless drifted
 * @param share of the compared columns that have drifted
 * @param alone the multiple of its threshold from which one column makes the data drifted
 * @param season which rows of a panel were compared; empty for a table, and without a season
 * @param joint how well the columns together tell both sides apart
 * @param minRows below which nothing is compared
 * @param champion version whose data is the reference; empty on a first run
 * @param rows of both sides
 * @param sampling only when rows were drawn
 * @param columns that both sides have, those that moved most first
 * @param schema how the columns themselves changed
 */
@Versioned
@JsonTypeName(DriftReport.API_VERSION)
public record DriftReport(
    DriftStatus status,
    String reason,
    List<Rule> because,
    Share share,
    double alone,
    @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS) Optional<Season> season,
    Joint joint,
    int minRows,
    @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
        Optional<Champion> champion,
    Rows rows,
    Optional<Sampling> sampling,
    List<Column> columns,
    Schema schema) {
  public static final String API_VERSION = "sluice.io/drift/v1";

  /** What can make data drifted; docs/drift.md has the measurements of each. */
  public enum Rule {
    /** A column, all its values or a known category are gone. */
    @JsonProperty("lost")
    LOST,
    /** As many columns have drifted as the share asks for. */
    @JsonProperty("share")
    SHARE,
    /** One column is beyond a multiple of its threshold. */
    @JsonProperty("alone")
    ALONE,
    /** The columns together tell today's rows from the reference. */
    @JsonProperty("joint")
    JOINT
  }

  /**
   * Which rows of a panel were compared.
   *
   * @param parts of the year that today's rows are in, and how many of them the reference has
   * @param rows that were compared
   */
  public record Season(Compared compared, Parts parts, Counts rows) {}

  /** Rows of which weeks. */
  public enum Compared {
    /** The same weeks of the year. */
    @JsonProperty("sameWeeks")
    SAME_WEEKS,
    /** All, since the reference has too few of the same weeks. */
    @JsonProperty("allWeeks")
    ALL_WEEKS
  }

  /** Parts of the year. */
  public record Parts(int today, int covered) {}

  /**
   * How well a classifier tells both sides apart, on units that it did not learn from.
   *
   * @param threshold from which on the data is called drifted
   * @param auc area under its curve; empty when it was not asked
   * @param rows that it saw
   * @param units that they belong to
   * @param columns by how much less the area is without each, the largest first
   */
  public record Joint(
      double threshold,
      @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS) Optional<Double> auc,
      Optional<Long> rows,
      Optional<Long> units,
      List<Part> columns) {}

  /** By how much less the area is without a column. */
  public record Part(String name, double drop) {}

  /**
   * How many of the compared columns have drifted.
   *
   * @param drifted as a fraction; empty when none was compared
   * @param threshold from which on the data is called drifted
   */
  public record Share(
      @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
          Optional<Double> drifted,
      double threshold) {}

  /**
   * The version whose data is the reference.
   *
   * @param run that made it
   * @param reference {@code <stage>.<output>} of that run
   */
  public record Champion(int version, String run, String reference) {}

  /** Rows of both sides; empty where there was no such side. */
  public record Rows(
      @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
          Optional<Side> reference,
      @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
          Optional<Side> current) {}

  /**
   * Rows of one side.
   *
   * @param compared how many of them were drawn
   * @param since first origin of a panel
   * @param until last origin of a panel
   */
  public record Side(long rows, long compared, Optional<String> since, Optional<String> until) {}

  /**
   * How rows were drawn.
   *
   * @param limit of rows of a side
   * @param error of any cumulative share, at most, with confidence 95%
   */
  public record Sampling(long limit, double error) {}

  /**
   * A column.
   *
   * @param value a distance, or a p-value for {@code ks}; empty when one side has no value at all
   * @param infinite values too large for a number; they count as missing
   * @param malformed values of a numeric column that are not numbers; they count as missing
   * @param lost what the reference has of the column and today has none of
   */
  public record Column(
      String name,
      String kind,
      String method,
      double threshold,
      @JsonProperty(required = true) @JsonInclude(JsonInclude.Include.ALWAYS)
          Optional<Double> value,
      boolean drifted,
      Missing missing,
      Optional<Counts> infinite,
      Optional<Counts> malformed,
      Optional<Lost> lost,
      Optional<NewCategories> newCategories) {}

  /** Shares of values that are missing. */
  public record Missing(double reference, double current, double threshold, boolean drifted) {}

  /** Numbers of values on both sides. */
  public record Counts(long reference, long current) {}

  /**
   * What the reference has of a column and today has none of.
   *
   * @param values whether all its values are gone
   * @param categories that are gone, the most frequent first
   * @param largest when nearly all of the largest values are gone
   */
  public record Lost(boolean values, List<Category> categories, Optional<Largest> largest) {}

  /** The largest values: above which number, and which share of both sides' values is above it. */
  public record Largest(double above, double reference, double current) {}

  /** A category, and its share of the reference's values. */
  public record Category(String name, double share) {}

  /** Categories that the reference does not have: their share of today's values, and some names. */
  public record NewCategories(double share, List<String> names) {}

  /** How the columns themselves changed. */
  public record Schema(List<String> added, List<String> removed, List<Retyped> retyped) {}

  /** A column whose kind changed. */
  public record Retyped(String name, String reference, String current) {}

  public DriftReport {
    because = List.copyOf(because);
    columns = List.copyOf(columns);
  }

  /** {@code drift.json}. */
  public JsonNode json() {
    return JsonCodec.write(this);
  }

  /**
   * Reads {@code drift.json}.
   *
   * @throws IllegalArgumentException when the JSON is not a drift report of this version
   */
  public static DriftReport parse(JsonNode json) {
    return JsonCodec.read(json, DriftReport.class);
  }
}
