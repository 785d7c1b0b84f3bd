package io.sluice.core.record;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Decision;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutKeys;
import io.sluice.core.gate.Reason;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What the gates of later runs need to know of an earlier run. All other fields of its {@code
 * run.json} are ignored, because an older or a newer version of Sluice may have written them.
 *
 * @param run empty only in a foreign record, which has no gate
 * @param finished as {@code run}
 * @param stages of it, by what later runs need of them
 * @param verdict empty when the run did not get to its gate
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record PastRun(
    Optional<String> run,
    Optional<Instant> finished,
    Optional<PastVerdict> verdict,
    @JsonSetter(nulls = Nulls.AS_EMPTY) List<PastStage> stages) {

  public PastRun {
    stages = List.copyOf(stages);
  }

  /**
   * A stage of it.
   *
   * @param stage empty only in a foreign record
   * @param delivery of a labelled data source, in records of versions that count
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record PastStage(Optional<String> stage, Optional<Delivery> delivery) {}

  /**
   * What its gate decided.
   *
   * @param reason of a hold; one that this version does not know is as good as none
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record PastVerdict(Decision decision, Optional<String> reason, HoldoutKeys holdoutKeys) {}

  /**
   * Reads a {@code run.json}.
   *
   * @throws SluiceException SLU-8006 when these fields are not as a run record has them
   */
  public static PastRun parse(JsonNode json) {
    try {
      PastRun past = JsonCodec.read(json, PastRun.class);
      if (past.verdict.isPresent() && (past.run.isEmpty() || past.finished.isEmpty())) {
        throw new IllegalArgumentException(
            (past.run.isEmpty() ? "run" : "finished") + ": missing beside a verdict");
      }
      return past;
    } catch (IllegalArgumentException e) {
      throw History.unreadable(e);
    }
  }

  /** What its data sources delivered. */
  public List<Deliveries.Past> deliveries() {
    List<Deliveries.Past> found = new ArrayList<>();
    for (PastStage stage : stages) {
      if (run.isPresent() && stage.stage().isPresent() && stage.delivery().isPresent()) {
        found.add(
            new Deliveries.Past(
                new RunId(run.get()), new StageName(stage.stage().get()), stage.delivery().get()));
      }
    }
    return found;
  }

  /** Its gate, as later gates remember it. */
  public Optional<History.PastGate> gate() {
    return verdict.map(v ->
        new History.PastGate(
            run.orElseThrow(),
            finished.orElseThrow(),
            v.decision(),
            v.reason()
                .flatMap(word ->
                    Arrays.stream(Reason.values()).filter(r -> r.word().equals(word)).findFirst()),
            v.holdoutKeys()));
  }
}
