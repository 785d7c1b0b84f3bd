package io.sluice.core.serving;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.lineage.Lineage;
import io.sluice.core.promotion.PromotionLog;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A version as a service serves it: which one, by which entry of the promotion log, made of what.
 * It is written down when the version is loaded, so that a later change in the registry does not
 * change what the ledger says of a prediction.
 *
 * @param promotion the log entry that made it champion; empty when a person pinned a version that
 *     no entry names
 * @param bundle digest of the manifest of the files that were loaded
 * @param verified whether the log entry names that digest, so that the files are those promoted
 * @param tags of the version in the registry: run, snapshot, code, environments, verdict
 * @param params hyperparameters, as the registry has them
 * @param drift what the run's drift stage found, if there was one
 */
public record ServedVersion(
    String model,
    int version,
    Optional<Promotion> promotion,
    Digest bundle,
    boolean verified,
    SortedMap<String, String> tags,
    SortedMap<String, String> params,
    Optional<Drift> drift) {

  /**
   * The entry of the promotion log behind a version.
   *
   * @param digest of the entry's content
   * @param run Sluice run id; empty for a person's entry
   */
  public record Promotion(
      long entry,
      Digest digest,
      PromotionLog.Kind kind,
      String who,
      String why,
      String run,
      Instant at) {
    /** What is kept of an entry. */
    public static Promotion of(PromotionLog.Entry entry) {
      return new Promotion(
          entry.number(),
          entry.digest(),
          entry.kind(),
          entry.who(),
          entry.why(),
          entry.run(),
          entry.at());
    }
  }

  /**
   * What the drift stage said of the data behind a version.
   *
   * @param ignored whether the gate's policy says that drift changes no prediction
   */
  public record Drift(DriftStatus status, String reason, boolean ignored) {}

  public ServedVersion {
    tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
    params = Collections.unmodifiableSortedMap(new TreeMap<>(params));
  }

  /** A version with what its tags say of drift. Tags that do not read leave the status unknown. */
  public static ServedVersion of(
      String model,
      int version,
      Optional<PromotionLog.Entry> entry,
      Digest bundle,
      boolean verified,
      Map<String, String> tags,
      Map<String, String> params) {
    return new ServedVersion(
        model,
        version,
        entry.map(Promotion::of),
        bundle,
        verified,
        new TreeMap<>(tags),
        new TreeMap<>(params),
        drift(tags));
  }

  private static Optional<Drift> drift(Map<String, String> tags) {
    try {
      return Lineage.of(tags)
          .flatMap(lineage ->
              lineage.drift().map(d -> new Drift(d.status(), d.reason(), ignores(lineage))));
    } catch (SluiceException e) {
      return Optional.of(
          new Drift(
              DriftStatus.UNKNOWN, "the version's tags do not read: " + e.getMessage(), false));
    }
  }

  private static boolean ignores(Lineage lineage) {
    return lineage
        .verdict()
        .map(v -> v.policy().get(GatePolicy.ON_DRIFT.name()))
        .filter("ignore"::equals)
        .isPresent();
  }

  /** Number of the log entry; 0 when no entry names the version. */
  @JsonIgnore
  public long entry() {
    return promotion.map(Promotion::entry).orElse(0L);
  }

  /** The digest of all of it: the same for two services that serve the same. */
  public Digest digest() {
    return Digest.of(Json.canonical(JsonCodec.write(this)));
  }
}
