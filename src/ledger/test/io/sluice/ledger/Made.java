package io.sluice.ledger;

import io.sluice.core.artifact.Digest;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.serving.HashShare;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import io.sluice.core.serving.ReviewFlag;
import io.sluice.core.serving.ServedVersion;
import io.sluice.core.serving.Tensors;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** Predictions as a service makes them of the example's forecast, each of its own number. */
final class Made {
  static final Instant AT = Instant.parse("2026-11-30T12:00:00.123456Z");

  private Made() {}

  static ServedVersion version(int number) {
    return ServedVersion.of(
        "rma-forecast",
        number,
        Optional.of(
            new PromotionLog.Entry(
                7,
                PromotionLog.Kind.PROMOTE,
                6,
                number,
                "ci",
                "it is better",
                "r-20261130-120000-abcd",
                AT,
                true,
                Digest.of("entry"),
                Optional.of(Digest.of("bundle " + number)))),
        Digest.of("bundle " + number),
        true,
        Map.of("sluice.run", "r-20261130-120000-abcd", "sluice.family", "xgboost"),
        Map.of("depth", "4"));
  }

  static Prediction prediction(long number) {
    return prediction(number, Optional.empty());
  }

  static Prediction prediction(long number, Optional<String> key) {
    return prediction(version(3), AT, 1, number, key);
  }

  static Prediction prediction(
      ServedVersion version, Instant at, int rows, long number, Optional<String> key) {
    SplittableRandom random = new SplittableRandom(number);
    float[] window = new float[rows * 52];
    float[] forecast = new float[rows * 4];
    long[] days = new long[rows];
    for (int i = 0; i < window.length; i++) {
      window[i] = i % 2 == 0 ? random.nextInt(5) : (float) random.nextDouble() * 400;
    }
    for (int i = 0; i < forecast.length; i++) {
      forecast[i] = (float) random.nextDouble();
    }
    java.util.Arrays.fill(days, 20_787);
    Tensors input =
        Tensors.of(
            new Tensors.Tensor.Floats("window", rows, 52, window),
            new Tensors.Tensor.Longs("origin_day", rows, 1, days));
    Digest digest = input.digest();
    return new Prediction(
        PredictionId.of(at, random.nextLong()),
        at,
        version,
        List.of(),
        rows,
        digest,
        Optional.of(input),
        Tensors.of(new Tensors.Tensor.Floats("forecast", rows, 4, forecast)),
        ReviewFlag.of(version, digest, HashShare.parse("2%")),
        Optional.of("planning"),
        Optional.of("0af7651916cd43dd8448eb211c80319c"),
        key);
  }
}
