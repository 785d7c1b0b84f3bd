package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a bundle that forecasts panels says it eats and gives. A claim until {@link
 * ModelBundle#load} has held it against the graph. Names of the graph's inputs and output may be
 * left out; they are then {@code window}, {@code origin_day} and {@code forecast}.
 *
 * @param window name of the graph input, float32 {@code [batch, lookback, channels]}, or the same
 *     flattened, {@code [batch, lookback * channels]}; NaN = missing
 * @param channels of the window, in its order
 * @param lookback periods in the window
 * @param originDay name of the graph input, int64 {@code [batch, 1]}, days since 1970-01-01
 * @param output name of the graph output, float32 {@code [batch, horizons]}
 * @param horizons in the output's order, whole periods after the origin, from 1
 * @param period length of one period
 * @param newestLabel when the newest label that the model was fitted on became known
 * @param family that made it
 */
public record ForecastSignature(
    String window,
    List<String> channels,
    int lookback,
    Optional<String> originDay,
    String output,
    List<Integer> horizons,
    Duration period,
    Optional<Instant> newestLabel,
    String family)
    implements BundleSignature {
  static final String KIND = "forecast";

  /** More periods or channels than these are no panel but an attempt on our memory. */
  static final int MAX_LOOKBACK = 10_000;

  static final int MAX_CHANNELS = 256;
  static final int MAX_HORIZONS = 1_000;

  /**
   * Reads {@code signature.json} of a bundle that forecasts panels.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6001 when it is not there, SLU-6002 when it is
   *     no signature, SLU-6009 when it is one of another kind
   */
  public static ForecastSignature read(Path folder, String name) {
    return switch (BundleSignature.read(folder, name)) {
      case ForecastSignature forecast -> forecast;
      case TabularSignature tabular ->
          throw Refusal.unfit(name, "it predicts single rows, and these tables are panels");
    };
  }

  /**
   * The window's channels by their number in a table set.
   *
   * @param name of the bundle, for the message
   * @throws io.sluice.core.diag.SluiceException SLU-6009 when there is no such channel
   */
  int[] pick(PanelFormat format, String name) {
    int[] picked = new int[channels.size()];
    for (int k = 0; k < picked.length; k++) {
      picked[k] = format.channels().indexOf(channels.get(k));
      if (picked[k] < 0) {
        throw Refusal.unfit(
            name, "it needs a channel `%s` that the tables lack".formatted(channels.get(k)));
      }
    }
    return picked;
  }

  /**
   * Reads the content of {@code signature.json}.
   *
   * @throws IllegalArgumentException when it is not such a signature; the message says where
   */
  static ForecastSignature parse(JsonNode json) {
    Fields top = new Fields("the signature", json);
    top.constant("apiVersion", BundleSignature.API_VERSION);
    top.constant("kind", KIND);
    Optional<String> window = Optional.empty();
    Optional<String> originDay = Optional.empty();
    List<String> channels = new ArrayList<>();
    int lookback = 0;
    for (JsonNode node : top.array("inputs", 1, 2)) {
      Fields input = new Fields("an input of the signature", node);
      Optional<String> name = input.optionalText("name");
      switch (input.text("kind")) {
        case "window" -> {
          if (window.isPresent()) {
            throw new IllegalArgumentException("the signature has two windows");
          }
          window = Optional.of(name.orElse("window"));
          channels.addAll(input.texts("channels", 1, MAX_CHANNELS));
          lookback = input.integer("lookback", 1, MAX_LOOKBACK);
        }
        case "originDay" -> {
          if (originDay.isPresent()) {
            throw new IllegalArgumentException("the signature has two origin days");
          }
          originDay = Optional.of(name.orElse("origin_day"));
        }
        default ->
            throw new IllegalArgumentException(
                "input "
                    + Refusal.quoted(name.orElse("(no name)"))
                    + " is neither a `window` nor an `originDay`");
      }
      input.end();
    }
    ForecastSignature signature =
        new ForecastSignature(
            window.orElseThrow(
                () -> new IllegalArgumentException("the signature has no input of kind `window`")),
            List.copyOf(channels),
            lookback,
            originDay,
            top.optionalText("output").orElse("forecast"),
            top.integers("horizons", 1, MAX_HORIZONS, 1, 100_000),
            top.duration("period"),
            top.optionalInstant("newestLabel"),
            top.text("family"));
    top.end();
    if (signature.period.isZero() || signature.period.isNegative()) {
      throw new IllegalArgumentException("`period` of the signature is not positive");
    }
    return signature;
  }

  /** Column of this horizon in the output, or -1 when the model does not predict it. */
  public int columnOf(int horizon) {
    return horizons.indexOf(horizon);
  }

  /** Numbers in one window: lookback times channels. */
  public int windowSize() {
    return lookback * channels.size();
  }
}
