package io.sluice.core.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Decision;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Metric;
import io.sluice.core.gate.Reason;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tags are read back as the lineage that wrote them; others' tags do not matter. */
class LineageTest {
  private static final Digest DIGEST = Digest.of("x");

  @RepeatedTest(300)
  void tagsAreReadBackAsTheSameLineage(RepetitionInfo repetition) {
    Lineage lineage = any(new SplittableRandom(repetition.getCurrentRepetition()));

    assertThat(Lineage.of(lineage.tags())).contains(lineage);
  }

  /** Who filters by the verdict finds the version that the gate let through, and no other. */
  @RepeatedTest(100)
  void aVersionOfAFamilyThatWasNotChosenSaysThatItLost(RepetitionInfo repetition) {
    Lineage lineage = any(new SplittableRandom(repetition.getCurrentRepetition()));
    if (lineage.verdict().isEmpty()) {
      return;
    }
    String decision = lineage.verdict().get().decision().name();
    assertThat(lineage.tags())
        .containsEntry("sluice.verdict", lineage.chosen() ? decision : "LOST");
    if (!lineage.chosen()) {
      assertThat(lineage.tags()).containsEntry("sluice.verdict.ofRun", decision);
    }
  }

  @RepeatedTest(20)
  void tagsOfOthersAreIgnored(RepetitionInfo repetition) {
    Lineage lineage = any(new SplittableRandom(repetition.getCurrentRepetition()));
    Map<String, String> tags = new HashMap<>(lineage.tags());
    tags.put("mlflow.user", "someone");
    tags.put("sluice.key", "run-1/x");
    tags.put("sluice.unheardOf", "1");
    tags.put("reviewed", "yes");

    assertThat(Lineage.of(tags)).contains(lineage);
  }

  @Test
  void everyTagKeepsItsNameAndForm() {
    Lineage lineage =
        new Lineage(
            new RunId("run-1"),
            "xgboost",
            true,
            Optional.of(
                new Lineage.GateVerdict(
                    Decision.HOLD,
                    Optional.of(Reason.GUARD),
                    new TreeMap<>(Map.of("guards.bias", "0.2", "metric", "mae")))),
            new Lineage.Pinned(
                Optional.of(DIGEST),
                Optional.of("abc"),
                Optional.of(Instant.parse("2026-03-01T00:00:00Z")),
                Optional.of(7L),
                Optional.of(3)),
            new Lineage.Origin(
                Optional.of(DIGEST),
                Optional.of(DIGEST),
                new TreeMap<>(Map.of(new StageName("sales"), DIGEST)),
                new TreeMap<>(Map.of(new StageName("train-xgboost"), DIGEST)),
                Optional.of("registry/x"),
                Optional.of(DIGEST),
                Optional.of(DIGEST),
                Optional.of(DIGEST),
                new TreeMap<>(Map.of(new StageName("sales"), "the US market closed"))),
            Optional.of("SLU-6010: out"),
            new TreeMap<>(Map.of("deep", "tune-deep: no memory")),
            Optional.of(new Lineage.Drift(DriftStatus.DRIFTED, "it moved", Optional.of(3), true)),
            Optional.of("python predict.py"),
            Optional.of("the channel `holiday` (the snapshot has no column `holiday`)"));
    String digest = DIGEST.toString();

    assertThat(lineage.tags())
        .containsExactly(
            Map.entry("sluice.acceptedLess.sales", "the US market closed"),
            Map.entry("sluice.asOf", "2026-03-01T00:00:00Z"),
            Map.entry("sluice.bundle", digest),
            Map.entry("sluice.cacheKey", digest),
            Map.entry("sluice.champion", "3"),
            Map.entry("sluice.chosen", "true"),
            Map.entry("sluice.code", digest),
            Map.entry("sluice.commit", "abc"),
            Map.entry("sluice.drift", "drifted"),
            Map.entry("sluice.drift.champion", "3"),
            Map.entry("sluice.drift.reason", "it moved"),
            Map.entry("sluice.environment.train-xgboost", digest),
            Map.entry("sluice.family", "xgboost"),
            Map.entry("sluice.gate.guards.bias", "0.2"),
            Map.entry("sluice.gate.metric", "mae"),
            Map.entry("sluice.holdout", digest),
            Map.entry("sluice.image", "registry/x"),
            Map.entry("sluice.lost.deep", "tune-deep: no memory"),
            Map.entry("sluice.needsReview", "true"),
            Map.entry("sluice.out", "SLU-6010: out"),
            Map.entry("sluice.predict", "python predict.py"),
            Map.entry("sluice.reason", "guard"),
            Map.entry("sluice.run", "run-1"),
            Map.entry("sluice.seed", "7"),
            Map.entry("sluice.snapshot", digest),
            Map.entry("sluice.snapshot.sales", digest),
            Map.entry("sluice.study", digest),
            Map.entry(
                "sluice.unaudited", "the channel `holiday` (the snapshot has no column `holiday`)"),
            Map.entry("sluice.verdict", "HOLD"));
  }

  @Test
  void aVersionThatSomebodyRegisteredByHandHasNone() {
    assertThat(Lineage.of(Map.of())).isEmpty();
    assertThat(Lineage.of(Map.of("sluice.family", "xgboost", "sluice.seed", "odd"))).isEmpty();
  }

  @Test
  void whatIsMissingIsEmpty() {
    assertThat(Lineage.of(Map.of("sluice.run", "r", "sluice.family", "x", "sluice.bundle", "")))
        .contains(
            new Lineage(
                new RunId("r"),
                "x",
                false,
                Optional.empty(),
                Lineage.Pinned.UNKNOWN,
                Lineage.Origin.UNKNOWN,
                Optional.empty(),
                new TreeMap<>(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
  }

  @ParameterizedTest
  @CsvSource({
    "sluice.run, Not A Label",
    "sluice.verdict, MAYBE",
    "sluice.seed, seven",
    "sluice.champion, 1.5",
    "sluice.asOf, yesterday",
    "sluice.bundle, 0123",
    "sluice.snapshot.sales, sha256:12",
    "sluice.environment.Train!, sha256:12",
    "sluice.drift, maybe"
  })
  void aTagThatSomebodyChangedIsNamed(String tag, String value) {
    Map<String, String> tags = new HashMap<>(Map.of("sluice.run", "r", "sluice.family", "x"));
    tags.put(tag, value);

    assertThatThrownBy(() -> Lineage.of(tags))
        .isInstanceOfSatisfying(
            SluiceException.class,
            e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-4047"))
        .hasMessageContaining(tag);
  }

  @Test
  void theTagsOfARunKeepTheirNamesAndForms() {
    RunTags run =
        new RunTags(
            new RunId("run-1"),
            io.sluice.core.run.StageStatus.SUCCEEDED,
            Optional.of(Decision.PROMOTE),
            Optional.of(new RunTags.Drift(DriftStatus.STABLE, false)),
            Optional.of(4),
            new TreeMap<>(Map.of("deep", "tune-deep: no memory")));

    assertThat(run.tags())
        .containsExactly(
            Map.entry("sluice.drift", "stable"),
            Map.entry("sluice.lost.deep", "tune-deep: no memory"),
            Map.entry("sluice.needsReview", "false"),
            Map.entry("sluice.promoted", "4"),
            Map.entry("sluice.run", "run-1"),
            Map.entry("sluice.status", "SUCCEEDED"),
            Map.entry("sluice.verdict", "PROMOTE"));
  }

  private static Lineage any(SplittableRandom random) {
    return new Lineage(
        new RunId("run-" + random.nextInt(1000)),
        text(random),
        random.nextBoolean(),
        maybe(
            random,
            () ->
                new Lineage.GateVerdict(
                    pick(random, Decision.values()),
                    maybe(random, () -> pick(random, Reason.values())),
                    random.nextBoolean()
                        ? new TreeMap<>()
                        : GatePolicy.of(new Metric.PoissonDeviance()).texts())),
        new Lineage.Pinned(
            digest(random),
            maybe(random, () -> text(random)),
            maybe(random, () -> Instant.ofEpochSecond(random.nextInt(), random.nextInt(1 << 29))),
            maybe(random, random::nextLong),
            maybe(random, () -> random.nextInt(1, 100))),
        new Lineage.Origin(
            digest(random),
            digest(random),
            stages(random),
            stages(random),
            maybe(random, () -> text(random)),
            digest(random),
            digest(random),
            digest(random),
            reasons(random)),
        maybe(random, () -> text(random)),
        texts(random),
        maybe(
            random,
            () ->
                new Lineage.Drift(
                    pick(random, DriftStatus.values()),
                    text(random),
                    maybe(random, () -> random.nextInt(1, 100)),
                    random.nextBoolean())),
        maybe(random, () -> text(random)),
        maybe(random, () -> text(random)));
  }

  private static <T> Optional<T> maybe(SplittableRandom random, Supplier<T> value) {
    return random.nextBoolean() ? Optional.of(value.get()) : Optional.empty();
  }

  private static <T> T pick(SplittableRandom random, T[] values) {
    return values[random.nextInt(values.length)];
  }

  private static Optional<Digest> digest(SplittableRandom random) {
    return maybe(random, () -> Digest.of("" + random.nextInt()));
  }

  private static TreeMap<StageName, String> reasons(SplittableRandom random) {
    TreeMap<StageName, String> reasons = new TreeMap<>();
    stages(random).keySet().forEach(stage -> reasons.put(stage, text(random)));
    return reasons;
  }

  private static TreeMap<StageName, Digest> stages(SplittableRandom random) {
    TreeMap<StageName, Digest> stages = new TreeMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      stages.put(new StageName("stage-" + random.nextInt(10)), Digest.of("" + random.nextInt()));
    }
    return stages;
  }

  private static TreeMap<String, String> texts(SplittableRandom random) {
    TreeMap<String, String> texts = new TreeMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      texts.put(text(random), text(random));
    }
    return texts;
  }

  /** Any text that a family's name or a cause may be, dots, spaces and line breaks included. */
  private static String text(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(12); i >= 0; i--) {
      text.append("ab.:/ -\n\"é%=".charAt(random.nextInt(12)));
    }
    return text.toString();
  }

  @Test
  void theDigestOfABundleIsReadAlone() {
    String digest = "sha256:" + "ab".repeat(32);
    assertThat(Lineage.bundleOf(java.util.Map.of("sluice.bundle", digest)))
        .contains(io.sluice.core.artifact.Digest.parse(digest));
    assertThat(Lineage.bundleOf(java.util.Map.of("sluice.run", "r-1"))).isEmpty();
  }
}
