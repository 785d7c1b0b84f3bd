package io.sluice.serving.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.Digest;
import io.sluice.core.serving.HashShare;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import io.sluice.core.serving.ReviewFlag;
import io.sluice.core.serving.RowId;
import io.sluice.core.serving.ServedVersion;
import io.sluice.core.serving.Tensors;
import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.ledger.LedgerPlace;
import io.sluice.ledger.LedgerSettings;
import io.sluice.ledger.Ledgers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayTest {
  private static final Instant AT = Instant.parse("2026-11-30T12:00:00Z");
  private static final RowId ALL = new RowId(prediction().id(), Optional.empty());

  @Test
  void theSameNumbersAgreeToTheBit() {
    Replay replay = Replay.compare(prediction(), answer(1f, Float.NaN, 300f, 4f), 1e-5);
    assertThat(replay.agrees()).isTrue();
    assertThat(replay.sentence()).isEqualTo("AGREES: all 4 numbers to the bit");
  }

  @Test
  void otherLastBitsAgreeWithinTheToleranceOfLargeNumbersToo() {
    Replay replay = Replay.compare(prediction(), answer(1f, Float.NaN, 300.002f, 4f), 1e-5);
    assertThat(replay.agrees()).isTrue();
    assertThat(replay.sentence())
        .startsWith("AGREES: all 4 numbers within the tolerance 1.0E-5")
        .contains("forecast, row 2, column 1: answered 300.0");
  }

  @Test
  void aNumberBeyondTheToleranceDiffersWhateverElseIsThere() {
    for (List<Tensor> other :
        List.of(
            answer(1f, Float.NaN, 300.002f, 4.1f),
            answer(1f, 2f, 300f, 4f),
            answer(Float.NaN, Float.NaN, 300f, 4f),
            answer(1f, Float.NaN, Float.POSITIVE_INFINITY, 4f))) {
      Replay replay = Replay.compare(prediction(), other, 1e-5);
      assertThat(replay.agrees()).as(replay.sentence()).isFalse();
      assertThat(replay.sentence()).startsWith("DIFFERS");
    }
    assertThat(Replay.compare(prediction(), answer(1f, Float.NaN, 300.002f, 4.1f), 1e-5).sentence())
        .contains("row 2, column 2: answered 4.0");
  }

  @Test
  void noNumberHidesAnother() {
    Prediction zeros = answered(new Tensor.Floats("forecast", 2, 2, new float[] {-0f, 1, 2, 3}));
    for (double tolerance : new double[] {0, 1e-6}) {
      Replay replay = Replay.compare(zeros, answer(0f, 1000f, 2f, 3f), tolerance);
      assertThat(replay.agrees()).as(replay.sentence()).isFalse();
      assertThat(replay.sentence()).contains("row 1, column 2: answered 1.0, now 1000.0");
      Replay signs = Replay.compare(zeros, answer(0f, 1f, 2f, 3f), tolerance);
      assertThat(signs.agrees()).as("the probe takes the two zeros for the same").isTrue();
    }
    Replay exact = Replay.compare(zeros, answer(-0f, Math.nextUp(1f), 2f, 3f), 0);
    assertThat(exact.agrees()).as("tolerance 0 tolerates nothing").isFalse();
    // the furthest of several, not the first
    assertThat(Replay.compare(zeros, answer(0f, 1.5f, 2f, 300f), 1e-6).sentence())
        .contains("row 2, column 2: answered 3.0, now 300.0");
  }

  @Test
  void whatIsNotFiniteAgreesWithItselfAlone() {
    Prediction odd =
        answered(
            new Tensor.Doubles(
                "forecast", 1, 2, new double[] {Double.POSITIVE_INFINITY, Double.NaN}));
    for (double[] now :
        new double[][] {
          {1, Double.NaN},
          {Double.NEGATIVE_INFINITY, Double.NaN},
          {Double.POSITIVE_INFINITY, 0},
          {Double.NaN, Double.NaN}
        }) {
      assertThat(
              Replay.compare(odd, List.of(new Tensor.Doubles("forecast", 1, 2, now)), 1e-2)
                  .agrees())
          .as("%s, %s", now[0], now[1])
          .isFalse();
    }
    assertThat(
            Replay.compare(
                    odd,
                    List.of(
                        new Tensor.Doubles(
                            "forecast", 1, 2, new double[] {Double.POSITIVE_INFINITY, Double.NaN})),
                    0)
                .sentence())
        .isEqualTo("AGREES: all 2 numbers to the bit");
  }

  @Test
  void wholeNumbersHaveNoTolerance() {
    long large = 1L << 60;
    Prediction whole = answered(new Tensor.Longs("horizon", 1, 2, new long[] {large, 1}));
    assertThat(
            Replay.compare(
                    whole,
                    List.of(new Tensor.Longs("horizon", 1, 2, new long[] {large + 1, 1})),
                    1e-2)
                .agrees())
        .isFalse();
    assertThat(
            Replay.compare(
                    whole, List.of(new Tensor.Longs("horizon", 1, 2, new long[] {large, 1})), 0)
                .agrees())
        .isTrue();
  }

  @Test
  void anAnswerOfAnotherFormIsNoAnswer() {
    assertThatThrownBy(() -> Replay.compare(prediction(), List.of(), 1e-5))
        .hasMessageContaining("SLU-9509");
    assertThatThrownBy(() ->
            Replay.compare(
                prediction(), List.of(new Tensor.Floats("forecast", 1, 4, new float[4])), 1e-5))
        .hasMessageContaining("SLU-9509");
  }

  @Test
  void oneRowIsShownAsTheLedgerHasIt() {
    Map<String, String> rows = new TracedPrediction(ALL.prediction().row(2), prediction()).rows();
    assertThat(rows)
        .containsEntry("answer forecast", "300.0, 4.0")
        .containsEntry("caller", "planning")
        .containsEntry("needs review", "no")
        .containsEntry("log entry", "none: a person pinned the version")
        .containsEntry("files are those promoted", "not shown: no log entry names them")
        .doesNotContainKey("rows");
    assertThat(new TracedPrediction(ALL, prediction()).rows())
        .containsEntry("rows", "2: north, south")
        .containsEntry("answer forecast", "1.0, NaN, 300.0, 4.0");
    assertThat(new TracedPrediction(ALL, prediction()).json().toString())
        .contains("\"forecast\":[1.0,null,300.0,4.0]", "\"names\":[\"north\",\"south\"]");
  }

  @Test
  void whatSomebodySetInTheRegistryAfterwardsIsNamed() {
    assertThat(
            new TracedPrediction(ALL, prediction())
                .changed(Map.of("sluice.run", "r-2", "stage", "Production", "sluice.new", "x")))
        .containsExactly(
            "sluice.new was not there and is now `x`", "sluice.run was `r-1` and is now `r-2`");
  }

  @Test
  void whatTheLedgerDoesNotHaveIsSaidSo(@TempDir Path state) throws Exception {
    assertThatThrownBy(() -> KeptPredictions.find("", state, "m", ALL))
        .hasMessageContaining("SLU-9505");
    Path folder = state.resolve("serving").resolve("m");
    try (var ledger =
        Ledgers.open(
            LedgerSettings.of(LedgerPlace.in(folder), folder), Clock.systemUTC(), line -> {})) {
      ledger.append(prediction(), Duration.ofMinutes(5));
    }
    assertThat(KeptPredictions.find("", state, "m", ALL)).isEqualTo(prediction());
    for (RowId unknown :
        List.of(ALL.prediction().row(3), new RowId(PredictionId.of(AT, 99), Optional.empty()))) {
      assertThatThrownBy(() -> KeptPredictions.find("", state, "m", unknown))
          .hasMessageContaining("SLU-9507");
    }
    assertThatThrownBy(
            () -> KeptPredictions.find(folder.resolve("ledger.sqlite").toString(), state, "n", ALL))
        .hasMessageContaining("is one of m, not of n");
  }

  private static List<Tensor> answer(float... values) {
    return List.of(new Tensor.Floats("forecast", 2, 2, values));
  }

  private static Prediction prediction() {
    return answered(answer(1f, Float.NaN, 300f, 4f).getFirst());
  }

  private static Prediction answered(Tensor output) {
    ServedVersion version =
        ServedVersion.of(
            "m",
            3,
            Optional.empty(),
            Digest.of("bundle"),
            false,
            Map.of("sluice.run", "r-1", "stage", "None"),
            Map.of());
    Tensors input = Tensors.of(new Tensor.Floats("window", 2, 1, new float[] {1, 2}));
    return new Prediction(
        PredictionId.of(AT, 7),
        AT,
        version,
        List.of("north", "south"),
        2,
        input.digest(),
        Optional.of(input),
        Tensors.of(output),
        ReviewFlag.of(version, input.digest(), HashShare.NONE),
        Optional.of("planning"),
        Optional.empty(),
        Optional.empty());
  }
}
