package io.sluice.core.lineage;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Decision;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.gate.Reason;
import io.sluice.core.gate.Verdict;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * The lineage of a registered version: which run made it, from what, and what the gate said. The
 * registry keeps it as tags; this class alone knows their names. Parts that a version does not have
 * are empty, because people may register versions by hand and add tags of their own.
 *
 * @param run that registered the version
 * @param family of the candidate
 * @param chosen whether the verdict is about this candidate
 * @param verdict what the gate decided
 * @param pinned what the run pinned before it started
 * @param origin what the candidate was made of
 * @param ineligible why evaluate left the candidate out of the comparison
 * @param failedFamilies families of the same run that produced no candidate, and why
 * @param drift what the drift stage of the run found
 * @param predictCommand the candidate's own predict command, when it has one
 * @param unaudited what the audit for leaks could not look at, in words; empty when it saw all
 */
public record Lineage(
    RunId run,
    String family,
    boolean chosen,
    Optional<GateVerdict> verdict,
    Pinned pinned,
    Origin origin,
    Optional<String> ineligible,
    SortedMap<String, String> failedFamilies,
    Optional<Drift> drift,
    Optional<String> predictCommand,
    Optional<String> unaudited) {
  private static final String RUN = "sluice.run";
  private static final String FAMILY = "sluice.family";
  private static final String CHOSEN = "sluice.chosen";
  private static final String VERDICT = "sluice.verdict";

  /** Of the run, on the versions of families that it did not choose. */
  private static final String RUN_VERDICT = "sluice.verdict.ofRun";

  /** The verdict on a version whose run chose another family: the gate did not judge it. */
  private static final String LOST = "LOST";

  private static final String REASON = "sluice.reason";
  private static final String CODE = "sluice.code";
  private static final String COMMIT = "sluice.commit";
  private static final String AS_OF = "sluice.asOf";
  private static final String SEED = "sluice.seed";
  private static final String CHAMPION = "sluice.champion";
  private static final String BUNDLE = "sluice.bundle";
  private static final String SNAPSHOT = "sluice.snapshot";
  private static final String IMAGE = "sluice.image";
  private static final String CACHE_KEY = "sluice.cacheKey";
  private static final String STUDY = "sluice.study";
  private static final String HOLDOUT = "sluice.holdout";
  private static final String INELIGIBLE = "sluice.out";
  private static final String DRIFT = "sluice.drift";
  private static final String DRIFT_REASON = "sluice.drift.reason";
  private static final String DRIFT_CHAMPION = "sluice.drift.champion";
  private static final String NEEDS_REVIEW = "sluice.needsReview";
  private static final String PREDICT = "sluice.predict";
  private static final String UNAUDITED = "sluice.unaudited";

  /** Each is followed by the name of a family or a stage. */
  private static final String FAILED_FAMILY = "sluice.lost.";

  private static final String ENVIRONMENT = "sluice.environment.";
  private static final String ACCEPTED_LESS = "sluice.acceptedLess.";
  private static final String SNAPSHOT_OF = "sluice.snapshot.";

  /** Followed by the name of a setting of the gate. */
  private static final String POLICY = "sluice.gate.";

  /**
   * What the gate decided.
   *
   * @param reason of a hold
   * @param policy that it judged by: every setting with its value, as the policy writes it; empty
   *     for versions that are older than this. A text, so that a version of Sluice with other
   *     settings reads it too
   */
  public record GateVerdict(
      Decision decision, Optional<Reason> reason, SortedMap<String, String> policy) {
    public GateVerdict {
      policy = Collections.unmodifiableSortedMap(new TreeMap<>(policy));
    }

    /** What a verdict says. */
    public static GateVerdict of(Verdict verdict) {
      return new GateVerdict(verdict.decision(), verdict.reason(), verdict.policy().texts());
    }
  }

  /**
   * What the run pinned.
   *
   * @param code digest of the code tree
   * @param asOf up to when its data knows
   * @param champion version that the candidates met; empty on a first run
   */
  public record Pinned(
      Optional<Digest> code,
      Optional<String> commit,
      Optional<Instant> asOf,
      Optional<Long> seed,
      Optional<Integer> champion) {
    /** Nothing is known. */
    public static final Pinned UNKNOWN =
        new Pinned(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
  }

  /**
   * What a candidate was made of.
   *
   * @param bundle digest of its files
   * @param snapshot digest of its data, over all data stages
   * @param snapshots output manifest of each data stage before it
   * @param environments digest of the environment of each stage before it
   * @param image that it trained in
   * @param cacheKey of its train stage
   * @param study digest of the study that chose its hyperparameters
   * @param holdout digest of the rows that it was judged on
   * @param acceptedLess why a person accepted a delivery below its floor, by data stage
   */
  public record Origin(
      Optional<Digest> bundle,
      Optional<Digest> snapshot,
      SortedMap<StageName, Digest> snapshots,
      SortedMap<StageName, Digest> environments,
      Optional<String> image,
      Optional<Digest> cacheKey,
      Optional<Digest> study,
      Optional<Digest> holdout,
      SortedMap<StageName, String> acceptedLess) {
    /** Nothing is known. */
    public static final Origin UNKNOWN =
        new Origin(
            Optional.empty(),
            Optional.empty(),
            Collections.emptySortedMap(),
            Collections.emptySortedMap(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Collections.emptySortedMap());

    public Origin {
      acceptedLess = Collections.unmodifiableSortedMap(new TreeMap<>(acceptedLess));
      snapshots = Collections.unmodifiableSortedMap(new TreeMap<>(snapshots));
      environments = Collections.unmodifiableSortedMap(new TreeMap<>(environments));
    }
  }

  /**
   * What the drift stage found.
   *
   * @param champion version whose data was the reference
   * @param needsReview whether forecasts made from this run's data go to the review queue
   */
  public record Drift(
      DriftStatus status, String reason, Optional<Integer> champion, boolean needsReview) {}

  public Lineage {
    failedFamilies = Collections.unmodifiableSortedMap(new TreeMap<>(failedFamilies));
  }

  /** The tags of the version, by name. */
  public SortedMap<String, String> tags() {
    TreeMap<String, String> tags = new TreeMap<>();
    BiConsumer<String, Optional<?>> put =
        (tag, value) -> value.ifPresent(v -> tags.put(tag, v.toString()));
    tags.put(RUN, run.value());
    tags.put(FAMILY, family);
    tags.put(CHOSEN, Boolean.toString(chosen));
    Optional<String> decision = verdict.map(v -> v.decision().name());
    put.accept(VERDICT, decision.map(d -> chosen ? d : LOST));
    put.accept(RUN_VERDICT, decision.filter(d -> !chosen));
    put.accept(REASON, verdict.flatMap(GateVerdict::reason).map(Reason::word));
    verdict.ifPresent(v -> v.policy().forEach((name, value) -> tags.put(POLICY + name, value)));
    put.accept(CODE, pinned.code());
    put.accept(COMMIT, pinned.commit());
    put.accept(AS_OF, pinned.asOf());
    put.accept(SEED, pinned.seed());
    put.accept(CHAMPION, pinned.champion());
    put.accept(BUNDLE, origin.bundle());
    put.accept(SNAPSHOT, origin.snapshot());
    origin.snapshots().forEach((stage, digest) -> tags.put(SNAPSHOT_OF + stage, "" + digest));
    origin.acceptedLess().forEach((stage, why) -> tags.put(ACCEPTED_LESS + stage, why));
    origin.environments().forEach((stage, digest) -> tags.put(ENVIRONMENT + stage, "" + digest));
    put.accept(IMAGE, origin.image());
    put.accept(CACHE_KEY, origin.cacheKey());
    put.accept(STUDY, origin.study());
    put.accept(HOLDOUT, origin.holdout());
    put.accept(INELIGIBLE, ineligible);
    failed(failedFamilies, tags);
    drift.ifPresent(d -> {
      tags.put(DRIFT, d.status().word());
      tags.put(DRIFT_REASON, d.reason());
      put.accept(DRIFT_CHAMPION, d.champion());
      tags.put(NEEDS_REVIEW, Boolean.toString(d.needsReview()));
    });
    put.accept(PREDICT, predictCommand);
    put.accept(UNAUDITED, unaudited);
    return Collections.unmodifiableSortedMap(tags);
  }

  /**
   * Reads the tags of a version. Tags of others are ignored.
   *
   * @return empty when Sluice did not register the version: it names no run or no family
   * @throws SluiceException SLU-4047 when somebody changed a tag so that it cannot be read
   */
  public static Optional<Lineage> of(Map<String, String> tags) {
    Tags in = new Tags(tags);
    Optional<RunId> run = in.parsed(RUN, RunId::new);
    Optional<String> family = in.text(FAMILY);
    if (run.isEmpty() || family.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Lineage(
            run.get(),
            family.get(),
            in.flag(CHOSEN),
            in.parsed(
                    in.text(VERDICT).equals(Optional.of(LOST)) ? RUN_VERDICT : VERDICT,
                    Decision::valueOf)
                .map(decision ->
                    new GateVerdict(decision, in.parsed(REASON, Reason::of), in.after(POLICY))),
            new Pinned(
                in.digest(CODE),
                in.text(COMMIT),
                in.parsed(AS_OF, Instant::parse),
                in.parsed(SEED, Long::valueOf),
                in.parsed(CHAMPION, Integer::valueOf)),
            new Origin(
                in.digest(BUNDLE),
                in.digest(SNAPSHOT),
                in.byStage(SNAPSHOT_OF),
                in.byStage(ENVIRONMENT),
                in.text(IMAGE),
                in.digest(CACHE_KEY),
                in.digest(STUDY),
                in.digest(HOLDOUT),
                in.textByStage(ACCEPTED_LESS)),
            in.text(INELIGIBLE),
            in.after(FAILED_FAMILY),
            in.parsed(DRIFT, DriftStatus::of)
                .map(status ->
                    new Drift(
                        status,
                        in.text(DRIFT_REASON).orElse(""),
                        in.parsed(DRIFT_CHAMPION, Integer::valueOf),
                        in.flag(NEEDS_REVIEW))),
            in.text(PREDICT),
            in.text(UNAUDITED)));
  }

  /** Whether a version with these tags was registered by this run; reads no other tag. */
  public static boolean isOf(String run, Map<String, String> tags) {
    return run.equals(tags.get(RUN));
  }

  /** The family of a version with these tags, if it has one; reads no other tag. */
  public static Optional<String> familyOf(Map<String, String> tags) {
    return Optional.ofNullable(tags.get(FAMILY)).filter(f -> !f.isEmpty());
  }

  /**
   * The digest of the bundle that a version with these tags was registered with, if it has one;
   * reads no other tag, so that a version whose other tags were removed is still checked.
   */
  public static Optional<Digest> bundleOf(Map<String, String> tags) {
    return new Tags(tags).digest(BUNDLE);
  }

  /** The holdout that a version's figures were measured on, as its tag has it. */
  public static Optional<String> holdoutOf(Map<String, String> tags) {
    return new Tags(tags).text(HOLDOUT);
  }

  /** The snapshot that a version came from, as its tag has it. */
  public static Optional<String> snapshotOf(Map<String, String> tags) {
    return new Tags(tags).text(SNAPSHOT);
  }

  /**
   * The tags to set so that a version which has {@code there} says what {@code wanted} says. A hold
   * that became a promotion has no reason any more.
   */
  public static SortedMap<String, String> changes(
      Map<String, String> there, Map<String, String> wanted) {
    TreeMap<String, String> changes = new TreeMap<>(wanted);
    if (!there.getOrDefault(REASON, "").isEmpty()) {
      changes.putIfAbsent(REASON, "");
    }
    changes.entrySet().removeIf(e -> e.getValue().equals(there.get(e.getKey())));
    return changes;
  }

  static void failed(SortedMap<String, String> families, Map<String, String> tags) {
    families.forEach((name, why) -> tags.put(FAILED_FAMILY + name, why));
  }

  /** Typed access to tags: a tag that cannot be read is named. */
  private record Tags(Map<String, String> all) {

    Optional<String> text(String tag) {
      return Optional.ofNullable(all.get(tag));
    }

    boolean flag(String tag) {
      return "true".equals(all.get(tag));
    }

    Optional<Digest> digest(String tag) {
      return parsed(tag, Digest::parse);
    }

    <T> Optional<T> parsed(String tag, Function<String, T> parse) {
      return text(tag).filter(v -> !v.isEmpty()).map(value -> parse(tag, value, parse));
    }

    SortedMap<String, String> after(String prefix) {
      TreeMap<String, String> found = new TreeMap<>();
      all.forEach((tag, value) -> {
        if (tag.startsWith(prefix)) {
          found.put(tag.substring(prefix.length()), value);
        }
      });
      return found;
    }

    SortedMap<StageName, Digest> byStage(String prefix) {
      TreeMap<StageName, Digest> found = new TreeMap<>();
      after(prefix)
          .forEach((stage, value) ->
              found.put(
                  parse(prefix + stage, stage, StageName::new),
                  parse(prefix + stage, value, Digest::parse)));
      return found;
    }

    SortedMap<StageName, String> textByStage(String prefix) {
      TreeMap<StageName, String> found = new TreeMap<>();
      after(prefix)
          .forEach(
              (stage, value) -> found.put(parse(prefix + stage, stage, StageName::new), value));
      return found;
    }

    private static <T> T parse(String tag, String value, Function<String, T> parse) {
      try {
        return parse.apply(value);
      } catch (IllegalArgumentException | DateTimeException e) {
        throw new SluiceException(
            ExitCode.RUN_FAILED,
            List.of(
                Diagnostic.of(
                    "SLU-4047",
                    "the tag " + tag + " of a version cannot be read: " + e.getMessage(),
                    "tags named sluice.* are the lineage that Sluice recorded; find out who changed"
                        + " it, and restore it")),
            e);
      }
    }
  }
}
