package io.sluice.app.picture;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A metric over builds, oldest first: that of each run's candidate, and that of the champion that
 * it met on the same holdout. For a page of Jenkins, whose colors it takes by their names.
 *
 * @param metric what is measured
 */
public record Trend(String metric, List<Point> points) {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 240;
  private static final int LEFT = 64;
  private static final int RIGHT = 16;
  private static final int TOP = 16;
  private static final int BOTTOM = 40;
  private static final int TICKS = 5;
  private static final int MOST_LABELS = 12;

  /**
   * A run.
   *
   * @param build what the axis says
   * @param promoted whether its candidate became champion
   */
  public record Point(
      String build, Optional<Double> candidate, Optional<Double> champion, boolean promoted) {}

  public Trend {
    points = List.copyOf(points);
  }

  /** The picture; empty with less than two figures, which are no trend. */
  public Optional<String> svg() {
    List<Double> values =
        points.stream()
            .flatMap(p -> Stream.concat(p.candidate().stream(), p.champion().stream()))
            .filter(Double::isFinite)
            .toList();
    if (points.size() < 2 || values.size() < 2) {
      return Optional.empty();
    }
    Scale scale = Scale.over(values);
    StringBuilder out = new StringBuilder();
    out.append(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="100%%" role="img" aria-labelledby="sluice-trend-title sluice-trend-desc" font-size="11" fill="var(--text-color, currentColor)">
        <title id="sluice-trend-title">%s</title>
        <desc id="sluice-trend-desc">%s</desc>
        """
            .formatted(WIDTH, HEIGHT, Xml.escaped(title()), Xml.escaped(description())));
    for (double tick : scale.ticks()) {
      String y = number(y(tick, scale));
      out.append(
          """
          <path d="M%d %sH%d" stroke="var(--text-color-secondary, currentColor)" stroke-opacity="0.3" fill="none"/>
          <text x="%d" y="%s" text-anchor="end" dominant-baseline="middle">%s</text>
          """
              .formatted(LEFT, y, WIDTH - RIGHT, LEFT - 6, y, scale.label(tick)));
    }
    int step = (points.size() + MOST_LABELS - 1) / MOST_LABELS;
    for (int i = points.size() - 1; i >= 0; i -= step) {
      out.append(
          """
          <text x="%s" y="%d" text-anchor="middle">%s</text>
          """
              .formatted(number(x(i)), HEIGHT - BOTTOM + 16, Xml.escaped(points.get(i).build())));
    }
    line(out, scale, Point::champion, "var(--text-color-secondary, currentColor)", "6 4");
    line(out, scale, Point::candidate, "var(--accent-color, currentColor)", "");
    for (int i = 0; i < points.size(); i++) {
      Point p = points.get(i);
      if (p.candidate().filter(Double::isFinite).isPresent()) {
        out.append(
            """
            <circle cx="%s" cy="%s" r="4.5" stroke="var(--accent-color, currentColor)" stroke-width="1.5" fill="%s"><title>%s</title></circle>
            """
                .formatted(
                    number(x(i)),
                    number(y(p.candidate().get(), scale)),
                    p.promoted()
                        ? "var(--accent-color, currentColor)"
                        : "var(--background, Canvas)",
                    Xml.escaped(words(p))));
      }
    }
    out.append(
        """
        <text x="%d" y="%d">%s</text>
        </svg>
        """
            .formatted(
                LEFT,
                HEIGHT - 6,
                "line with dots: candidate (filled: promoted); dashed: the champion that it met"));
    return Optional.of(out.toString());
  }

  private String title() {
    return (metric.isEmpty() ? "Metric" : metric) + " over builds";
  }

  /** What the picture says, in one sentence; the table beside it has every figure. */
  private String description() {
    long promoted = points.stream().filter(Point::promoted).count();
    Optional<Double> last = points.getLast().candidate();
    return points.size()
        + " runs from "
        + points.getFirst().build()
        + " to "
        + points.getLast().build()
        + ", "
        + promoted
        + " promoted"
        + last.map(v -> "; the last candidate has " + figure(v)).orElse("")
        + points.getLast().champion().map(v -> ", the champion that it met " + figure(v)).orElse("")
        + ".";
  }

  private static String words(Point p) {
    return p.build()
        + ": candidate "
        + p.candidate().map(Trend::figure).orElse("none")
        + p.champion().map(v -> ", champion " + figure(v)).orElse("")
        + (p.promoted() ? ", promoted" : "");
  }

  private void line(
      StringBuilder out,
      Scale scale,
      Function<Point, Optional<Double>> of,
      String color,
      String dashes) {
    StringBuilder path = new StringBuilder();
    boolean down = false;
    for (int i = 0; i < points.size(); i++) {
      Optional<Double> value = of.apply(points.get(i)).filter(Double::isFinite);
      if (value.isPresent()) {
        path.append(down ? 'L' : 'M')
            .append(number(x(i)))
            .append(' ')
            .append(number(y(value.get(), scale)));
      }
      down = value.isPresent(); // a run without a figure leaves a gap
    }
    if (!path.isEmpty()) {
      out.append(
          """
          <path d="%s" stroke="%s" stroke-width="1.5"%s fill="none"/>
          """
              .formatted(
                  path, color, dashes.isEmpty() ? "" : " stroke-dasharray=\"" + dashes + "\""));
    }
  }

  private double x(int i) {
    return LEFT + 8 + (WIDTH - RIGHT - LEFT - 16) * (double) i / (points.size() - 1);
  }

  private static double y(double value, Scale scale) {
    double share = (value - scale.from()) / (scale.to() - scale.from());
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
  }

  private static String number(double value) {
    return new BigDecimal(value)
        .setScale(1, RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }

  /** An axis: round numbers around the values. */
  private record Scale(double from, double to, double step) {
    static Scale over(List<Double> values) {
      DoubleSummaryStatistics all =
          values.stream().mapToDouble(Double::doubleValue).summaryStatistics();
      double min = all.getMin();
      double max = all.getMax();
      if (max - min < 1e-12 * Math.max(1, Math.abs(max))) {
        double around = min == 0 ? 1 : Math.abs(min) * 0.1;
        min -= around;
        max += around;
      }
      double rough = (max - min) / (TICKS - 1);
      double power = Math.pow(10, Math.floor(Math.log10(rough)));
      double times = rough / power;
      double step = power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
      return new Scale(Math.floor(min / step) * step, Math.ceil(max / step) * step, step);
    }

    List<Double> ticks() {
      List<Double> out = new ArrayList<>();
      long count = Math.round((to - from) / step);
      for (long i = 0; i <= count; i++) {
        out.add(from + i * step);
      }
      return out;
    }

    String label(double tick) {
      int digits = Math.max(0, (int) -Math.floor(Math.log10(step)));
      return new BigDecimal(tick).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
    }
  }
}
