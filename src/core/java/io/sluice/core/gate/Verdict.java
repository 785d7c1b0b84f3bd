package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.IOException;
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
 * @param basis what had to be proven
 * @param conditional whether there were too few target periods to let them vary: the verdict holds
 *     for this window
 * @param findings what speaks against promotion, weightiest first; empty on PROMOTE
 * @param families that there were, and how they did on validation, sorted by name
 * @param models every model's metric on the holdout, sorted by name
 * @param tests one per candidate tested, sorted by name
 * @param unseen the gain on rows that the champion was neither trained nor chosen on
 * @param slices tests for regressions, sorted by column, then value
 * @param periods gain per target period, in time
 * @param holdoutKeys the rows seen, for the next gate's history
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Verdict(
    Decision decision,
    Optional<Reason> reason,
    String candidate,
    Optional<String> reference,
    Basis basis,
    boolean conditional,
    List<Finding> findings,
    Data data,
    List<Evaluation.Family> families,
    List<Model> models,
    List<Test> tests,
    Optional<Gain> unseen,
    List<Slice> slices,
    List<Period> periods,
    Labels labels,
    GatePolicy policy,
    long seed,
    HoldoutKeys holdoutKeys) {
  public static final String API_VERSION = "sluice.io/verdict/v1";

  public Verdict {
    // verdicts of before there were several have no list of them
    families = families == null ? List.of() : families;
  }

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
   * @param positiveUnits units with an actual above zero
   * @param topUnit unit with the largest share of the loss, candidate's or reference's
   * @param newRows rows that no earlier gate saw
   * @param looks earlier gates at mostly the same rows
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
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
      int looks) {}

  /**
   * A model on the holdout.
   *
   * @param value of the policy's metric
   * @param bias relative error of the total
   * @param unusable predictions that are missing, infinite, negative or no probability
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
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
   * @param twoWay absent with fewer than 8 target periods
   * @param worseP one-sided p of being worse than the reference at all
   * @param level that p had to reach
   * @param proven whether both did
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Test(
      String candidate,
      double threshold,
      Optional<Double> improvement,
      Optional<PercentileInterval> interval,
      double t,
      double p,
      int replicates,
      Optional<Contrast.TwoWay> twoWay,
      double worseP,
      double level,
      boolean proven) {}

  /** An improvement on part of the rows. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Gain(
      long rows, int units, Optional<Double> improvement, Optional<PercentileInterval> interval) {}

  /**
   * A slice's test for a regression.
   *
   * @param p one-sided, of losing more than the reference, two-way where there are enough periods
   * @param adjustedP by Holm over all slices
   * @param regression whether it is proven
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Slice(
      String column,
      String value,
      long rows,
      int units,
      Optional<Double> improvement,
      double p,
      double adjustedP,
      boolean regression) {}

  /** The gain at one target period. */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Period(Instant targetEnd, long rows, Optional<Double> improvement) {}

  /**
   * How old what the models learned from is.
   *
   * @param candidate newest label that the candidate was trained on: it is served as tested
   * @param stale whether the champion's are older than the policy's {@code staleAfter}
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Labels(
      Instant asOf, Optional<Instant> candidate, Optional<Instant> champion, boolean stale) {}

  private static final ObjectMapper CODEC =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(new JavaTimeModule())
          .addModule(new SimpleModule().addDeserializer(HoldoutKeys.class, new HoldoutKeysReader()))
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /** The keys are a list or a number, which no annotation can say of an interface. */
  private static final class HoldoutKeysReader extends StdDeserializer<HoldoutKeys> {
    HoldoutKeysReader() {
      super(HoldoutKeys.class);
    }

    @Override
    public HoldoutKeys deserialize(JsonParser in, DeserializationContext context)
        throws IOException {
      return HoldoutKeys.parse(in.readValueAsTree());
    }
  }

  /** Whether the candidate wins. */
  public boolean promotes() {
    return decision == Decision.PROMOTE;
  }

  /** The family that was judged: {@code candidate} without its prefix. */
  public String family() {
    return candidate.substring(candidate.indexOf(':') + 1);
  }

  /** {@code verdict.json}, sentences included. */
  public JsonNode toJson() {
    ObjectNode out = Json.object().put("apiVersion", API_VERSION);
    ObjectNode fields = CODEC.valueToTree(this);
    out.setAll(fields);
    ArrayNode sentences = out.putArray("sentences");
    sentences().forEach(sentences::add);
    return out;
  }

  /**
   * Reads what {@link #toJson} wrote; its sentences are made anew.
   *
   * @throws SluiceException SLU-8006 when it is no verdict of this version
   */
  public static Verdict parse(JsonNode json) {
    try {
      if (!(json instanceof ObjectNode object)
          || !API_VERSION.equals(json.path("apiVersion").asText())) {
        throw new IllegalArgumentException("not a " + API_VERSION + " document");
      }
      Verdict read =
          CODEC.treeToValue(
              object.deepCopy().without(List.of("apiVersion", "sentences")), Verdict.class);
      read.requireComplete();
      return read;
    } catch (JsonProcessingException | IllegalArgumentException e) {
      String what =
          e instanceof JsonProcessingException j ? j.getOriginalMessage() : e.getMessage();
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-8006",
                  "the verdict cannot be read: " + what,
                  "verdict.json is written by the gate stage; run it again")),
          e);
    }
  }

  private void requireComplete() {
    Object[] all = {decision, candidate, basis, findings, data, models, tests, slices, periods};
    for (Object part : all) {
      if (part == null) {
        throw new IllegalArgumentException("a part is missing");
      }
    }
    if (labels == null || policy == null || holdoutKeys == null) {
      throw new IllegalArgumentException("a part is missing");
    }
    if (promotes() == reason.isPresent()) {
      throw new IllegalArgumentException("a HOLD has a reason, a PROMOTE has none");
    }
  }

  /**
   * The verdict in words, the decision first. For people who know the business and no statistics.
   */
  public List<String> sentences() {
    return Explanation.of(this);
  }
}
