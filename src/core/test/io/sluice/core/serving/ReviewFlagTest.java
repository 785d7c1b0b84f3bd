package io.sluice.core.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.Digest;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.json.JsonCodec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReviewFlagTest {
  private static final Map<String, String> TAGS =
      Map.of("sluice.run", "r-20261130-120000-abcd", "sluice.family", "xgboost");
  private static final HashShare ALL = HashShare.parse("100%");
  private static final Digest INPUT = Digest.of("some input");

  @Test
  void aDriftedOrUnknownVersionIsFlaggedWithItsReason() {
    for (DriftStatus status : List.of(DriftStatus.DRIFTED, DriftStatus.UNKNOWN)) {
      ReviewFlag flag = ReviewFlag.of(drift(status.word(), Map.of()), INPUT, HashShare.NONE);
      assertThat(flag.needsReview()).isTrue();
      assertThat(flag.reason()).isEqualTo("drift " + status.word() + ": prices moved");
      assertThat(flag.drift()).contains(status);
      assertThat(flag.control()).isFalse();
    }
  }

  @Test
  void aStableVersionAndOneWithoutADriftStageAreNot() {
    for (ServedVersion version : List.of(drift("stable", Map.of()), version(TAGS))) {
      assertThat(ReviewFlag.of(version, INPUT, HashShare.NONE).needsReview()).isFalse();
    }
  }

  @Test
  void aPolicyThatIgnoresDriftChangesNoPrediction() {
    ServedVersion version =
        drift("drifted", Map.of("sluice.verdict", "PROMOTE", "sluice.gate.onDrift", "ignore"));
    ReviewFlag flag = ReviewFlag.of(version, INPUT, HashShare.NONE);
    assertThat(flag.needsReview()).isFalse();
    assertThat(flag.drift()).contains(DriftStatus.DRIFTED);
    assertThat(
            ReviewFlag.of(
                    drift(
                        "drifted",
                        Map.of("sluice.verdict", "PROMOTE", "sluice.gate.onDrift", "review")),
                    INPUT,
                    HashShare.NONE)
                .needsReview())
        .isTrue();
  }

  @Test
  void tagsThatDoNotReadLeaveTheDriftUnknown() {
    ReviewFlag flag = ReviewFlag.of(drift("sideways", Map.of()), INPUT, HashShare.NONE);
    assertThat(flag.needsReview()).isTrue();
    assertThat(flag.reason()).contains("drift unknown", "do not read", "SLU-4047");
  }

  @Test
  void theControlShareIsFlaggedAndRecordedBesideDrift() {
    ReviewFlag control = ReviewFlag.of(version(TAGS), INPUT, ALL);
    assertThat(control.needsReview()).isTrue();
    assertThat(control.reason())
        .isEqualTo("control: one of the 100% of inputs that are always looked at");
    ReviewFlag both = ReviewFlag.of(drift("drifted", Map.of()), INPUT, ALL);
    assertThat(both.control()).isTrue();
    assertThat(both.reason()).startsWith("drift drifted");
  }

  @Test
  void aShareHasAboutItsPartOfAllInputsAndTheSameOnesEachTime() {
    for (String share : List.of("0%", "1%", "2.5%", "50%", "100%")) {
      HashShare read = HashShare.parse(share);
      assertThat(read).hasToString(share);
      long control = 0;
      long input = 0;
      long both = 0;
      for (int i = 0; i < 20_000; i++) {
        Digest digest = Digest.of("input " + i);
        boolean c = read.has(digest, HashShare.Purpose.CONTROL);
        boolean k = read.has(digest, HashShare.Purpose.INPUT);
        control += c ? 1 : 0;
        input += k ? 1 : 0;
        both += c && k ? 1 : 0;
      }
      double p = read.percent().doubleValue() / 100;
      double wide = 5 * Math.sqrt(20_000 * p * (1 - p)); // five standard deviations; seeded
      assertThat(control).isBetween((long) (20_000 * p - wide), (long) (20_000 * p + wide));
      assertThat(input).isBetween((long) (20_000 * p - wide), (long) (20_000 * p + wide));
      assertThat(both).isBetween((long) (20_000 * p * p - wide), (long) (20_000 * p * p + wide));
    }
  }

  @Test
  void policiesAreRead() {
    Tensors input = Tensors.of();
    assertThat(InputPolicy.parse("all").keep(input, INPUT)).contains(input);
    assertThat(InputPolicy.parse("digest").keep(input, INPUT)).isEmpty();
    assertThat(InputPolicy.parse("sampled 100%").keep(input, INPUT)).contains(input);
    assertThat(InputPolicy.parse("sampled 0").keep(input, INPUT)).isEmpty();
    for (String text : List.of("", "some", "sampled", "sampled x", "sampled 101%", "sampled -1")) {
      assertThatThrownBy(() -> InputPolicy.parse(text))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aVersionIsWrittenAndReadAsTheSameAndEveryChangeIsAnotherDigest() {
    ServedVersion version = drift("drifted", Map.of("note", "a person's own"));
    assertThat(JsonCodec.read(JsonCodec.write(version), ServedVersion.class)).isEqualTo(version);
    assertThat(version.digest())
        .isEqualTo(drift("drifted", Map.of("note", "a person's own")).digest());
    assertThat(version.digest()).isNotEqualTo(drift("drifted", Map.of()).digest());
  }

  private static ServedVersion drift(String status, Map<String, String> more) {
    java.util.TreeMap<String, String> tags = new java.util.TreeMap<>(TAGS);
    tags.putAll(more);
    tags.put("sluice.drift", status);
    tags.put("sluice.drift.reason", "prices moved");
    return version(tags);
  }

  private static ServedVersion version(Map<String, String> tags) {
    return ServedVersion.of(
        "m", 3, Optional.empty(), Digest.of("bundle"), false, tags, Map.of("depth", "4"));
  }
}
