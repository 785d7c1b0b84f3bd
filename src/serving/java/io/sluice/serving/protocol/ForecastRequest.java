package io.sluice.serving.protocol;

import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.inference.ForecastSignature;
import io.sluice.inference.Predictor;
import io.sluice.serving.predict.Asked;
import io.sluice.serving.predict.Problem;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Series by name with their history, in plain JSON, as the windows that the model takes: the {@code
 * lookback} periods that end at or before the origin, a missing period or value as NaN.
 *
 * @param origins of the series, in their order
 */
record ForecastRequest(Asked asked, List<Instant> origins) {
  private static final String TIME = "SLU-9223";
  private static final List<String> SERIES = List.of("id", "origin", "history");
  private static final String PERIOD = "period";

  ForecastRequest {
    origins = List.copyOf(origins);
  }

  /**
   * Reads a request for this model.
   *
   * @throws io.sluice.serving.predict.ProblemException 400: what is wrong, and where
   */
  static ForecastRequest read(byte[] body, ForecastSignature signature, int maxRows) {
    Parts parts = new Parts(signature, maxRows);
    Body.read(body, 0, body.length, parts::read);
    return parts.request();
  }

  /** One series under construction. */
  private static final class Series {
    String name = "";
    boolean named;
    @Nullable Instant origin;
    boolean hasHistory;
    final List<Instant> periods = new ArrayList<>();
    final List<float[]> values = new ArrayList<>();
  }

  /** A request under construction. */
  private static final class Parts {
    private final ForecastSignature signature;
    private final int maxRows;
    private final List<Series> all = new ArrayList<>();
    private boolean there;

    Parts(ForecastSignature signature, int maxRows) {
      this.signature = signature;
      this.maxRows = maxRows;
    }

    Parts read(Body body) throws IOException {
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        if (!member.equals("series")) {
          throw body.unknown(member, List.of("series"));
        }
        there = true;
        body.list();
        while (body.element()) {
          if (all.size() == maxRows) {
            throw body.wrong(
                "SLU-9212",
                "there are more than %d series".formatted(maxRows),
                "send fewer at once");
          }
          all.add(series(body));
        }
      }
      return this;
    }

    private Series series(Body body) throws IOException {
      Series series = new Series();
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        switch (member) {
          case "id" -> {
            series.name = body.name();
            series.named = true;
          }
          case "origin" -> series.origin = body.instant();
          case "history" -> {
            series.hasHistory = true;
            body.list();
            while (body.element()) {
              period(body, series);
            }
          }
          default -> throw body.unknown(member, SERIES);
        }
      }
      return series;
    }

    private void period(Body body, Series series) throws IOException {
      float[] values = new float[signature.channels().size()];
      Arrays.fill(values, Float.NaN);
      Instant start = null;
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        if (member.equals(PERIOD)) {
          start = body.instant();
          continue;
        }
        int channel = signature.channels().indexOf(member);
        if (channel < 0) {
          List<String> known = new ArrayList<>(signature.channels());
          known.add(PERIOD);
          throw body.unknown(member, known);
        }
        values[channel] = body.floatOrMissing();
      }
      if (start == null) {
        throw body.wrong("`period` is missing", "say when the period begins: 2026-01-05");
      }
      series.periods.add(start);
      series.values.add(values);
    }

    ForecastRequest request() {
      if (all.isEmpty()) {
        throw Problem.at(
            "/series",
            400,
            "SLU-9211",
            there ? "the list is empty" : "`series` is missing",
            "send at least one series: {\"series\":[{\"id\":..,\"history\":[..]}]}");
      }
      int rows = all.size();
      int size = signature.windowSize();
      float[] windows = new float[Math.multiplyExact(rows, size)];
      Arrays.fill(windows, Float.NaN);
      long[] days = new long[rows];
      List<Instant> origins = new ArrayList<>(rows);
      boolean named = all.stream().anyMatch(s -> s.named);
      List<String> names = new ArrayList<>(rows);
      for (int r = 0; r < rows; r++) {
        String at = "/series/" + r;
        Instant origin = window(all.get(r), at, windows, r * size);
        origins.add(origin);
        days[r] = Math.floorDiv(origin.getEpochSecond(), 86_400L);
        if (named) {
          if (!all.get(r).named) {
            throw Problem.at(at, 400, "SLU-9211", "`id` is missing", "name all series, or none");
          }
          names.add(all.get(r).name);
        }
      }
      List<Tensor> input = new ArrayList<>();
      input.add(new Tensor.Floats(signature.window(), rows, size, windows));
      input.add(
          new Tensor.Longs(signature.originDay().orElse(Predictor.ORIGIN_DAY), rows, 1, days));
      if (!origins.stream().allMatch(Dates::isMidnight)) {
        long[] micros =
            origins.stream().mapToLong(o -> ChronoUnit.MICROS.between(Instant.EPOCH, o)).toArray();
        input.add(new Tensor.Longs(Predictor.ORIGIN_MICROS, rows, 1, micros));
      }
      return new ForecastRequest(new Asked(rows, names, input), origins);
    }

    /** Fills the window of a series; its origin. */
    private Instant window(Series series, String at, float[] windows, int offset) {
      if (!series.hasHistory) {
        throw Problem.at(
            at,
            400,
            "SLU-9211",
            "`history` is missing",
            "send the periods before the origin; an empty list says that there are none");
      }
      Duration period = signature.period();
      Instant origin = series.origin;
      if (origin == null) {
        origin =
            series.periods.stream()
                .max(Instant::compareTo)
                .orElseThrow(() ->
                    Problem.at(
                        at,
                        400,
                        TIME,
                        "without a history, `origin` is needed",
                        "say when the forecast is made: 2026-01-05"))
                .plus(period);
      }
      int channels = signature.channels().size();
      boolean[] seen = new boolean[signature.lookback()];
      boolean any = series.periods.isEmpty();
      for (int i = 0; i < series.periods.size(); i++) {
        String where = at + "/history/" + i + "/" + PERIOD;
        long back = back(series.periods.get(i), origin, period, where);
        if (back > signature.lookback()) {
          continue; // the model looks no further back
        }
        int slot = signature.lookback() - (int) back;
        if (seen[slot]) {
          throw Problem.at(where, 400, TIME, "the period is there twice", "send each period once");
        }
        seen[slot] = true;
        any = true;
        System.arraycopy(series.values.get(i), 0, windows, offset + slot * channels, channels);
      }
      if (!any) {
        throw Problem.at(
            at + "/history",
            400,
            TIME,
            "none of the periods is among the %d before the origin %s"
                .formatted(signature.lookback(), Dates.write(origin)),
            "send the newest periods; an empty list says that there are none");
      }
      return origin;
    }

    /** How many periods before the origin a period begins. */
    private static long back(Instant start, Instant origin, Duration period, String where) {
      Duration distance = Duration.between(start, origin);
      if (distance.compareTo(period) < 0) {
        throw Problem.at(
            where,
            400,
            TIME,
            "the period ends after the origin %s, when it was not known yet"
                .formatted(Dates.write(origin)),
            "send periods that ended by then, or a later origin");
      }
      long back = distance.dividedBy(period);
      if (!period.multipliedBy(back).equals(distance)) {
        throw Problem.at(
            where,
            400,
            TIME,
            "it is not a whole number of periods of %s before the origin %s"
                .formatted(Dates.write(period), Dates.write(origin)),
            "`period` is when a period begins, and `origin` is where one begins too");
      }
      return back;
    }
  }
}
