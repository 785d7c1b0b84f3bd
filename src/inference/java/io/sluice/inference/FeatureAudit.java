package io.sluice.inference;

import io.sluice.core.evaluation.EvaluationReport.Check;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.table.TableFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks for the label among the features: a feature that is the label is refused, and one that
 * alone tells the label without a mistake is named, and holds at the gate unless the spec declares
 * it. Chance does neither in so many rows; a status that is written when the outcome is known does.
 */
final class FeatureAudit {
  /** Rows of each class, or rows at all, from which on a perfect rule is hardly an accident. */
  private static final int ENOUGH = 50;

  /** A feature of more distinct words than one for so many rows names rows, not kinds of rows. */
  private static final int ROWS_A_WORD = 5;

  /** As far from 1 a correlation may be that sums in double precision make. */
  private static final double ROUNDING = 1e-9;

  private final TabularRows rows;
  private final TableFormat format;

  private FeatureAudit(TabularRows rows) {
    this.rows = rows;
    this.format = rows.format();
  }

  /**
   * Looks at the rows that models are judged by.
   *
   * @param declared features of which the spec says that they are known before the label
   * @return features that tell the label
   * @throws io.sluice.core.diag.SluiceException SLU-6057 when a feature is the label
   */
  static List<Unaudited> of(TabularRows rows, List<String> declared) {
    List<Unaudited> found = new ArrayList<>();
    FeatureAudit audit = new FeatureAudit(rows);
    rows.features()
        .columns()
        .forEach((name, column) -> {
          Optional<String> tells =
              rows.format().classes().isEmpty()
                  ? audit.number(name, column)
                  : audit.classes(name, column);
          tells.ifPresent(how ->
              found.add(
                  new Unaudited(
                      Check.FEATURES,
                      "the feature " + Refusal.quoted(name),
                      how,
                      declared.contains(name))));
        });
    return List.copyOf(found);
  }

  private io.sluice.core.diag.SluiceException isTheLabel(String name) {
    return Refusal.of(
        "SLU-6057",
        "%s/%s: the feature %s is the label %s in other words, in each of %d rows"
            .formatted(
                rows.name(),
                TableFormat.ROWS,
                Refusal.quoted(name),
                Refusal.quoted(format.label()),
                rows.size()),
        "take it out of `features` of table.json: nobody knows it when the model is asked");
  }

  /** How a feature tells a label that is a number. */
  private Optional<String> number(String name, Features.Column column) {
    int n = rows.size();
    double[] values = numbers(column);
    if (values.length == 0 || n < ENOUGH || Arrays.stream(values).anyMatch(Double::isNaN)) {
      return Optional.empty();
    }
    double meanX = Arrays.stream(values).sum() / n;
    double meanY = Arrays.stream(rows.actual()).sum() / n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    boolean same = true;
    for (int i = 0; i < n; i++) {
      double x = values[i] - meanX;
      double y = rows.actual()[i] - meanY;
      xx += x * x;
      yy += y * y;
      xy += x * y;
      same &= values[i] == rows.actual()[i];
    }
    if (!(xx > 0 && yy > 0)) {
      return Optional.empty();
    }
    if (same) {
      throw isTheLabel(name);
    }
    return Math.abs(xy) / Math.sqrt(xx * yy) >= 1 - ROUNDING
        ? Optional.of("the label is a straight line of it, in each of %d rows".formatted(n))
        : Optional.empty();
  }

  /** How a feature tells a label that is a class. */
  private Optional<String> classes(String name, Features.Column column) {
    int classes = format.classes().size();
    int[] count = new int[classes];
    for (double label : rows.actual()) {
      count[(int) label]++;
    }
    if (Arrays.stream(count).min().orElse(0) < ENOUGH) {
      return Optional.empty();
    }
    Map<Object, Integer> classOf = classOf(column);
    if (!classOf.isEmpty()) {
      if (classOf.size() == classes && classOf.values().stream().distinct().count() == classes) {
        throw isTheLabel(name);
      }
      return Optional.of(
          "each of its %d values has rows of one class alone, in %d rows"
              .formatted(classOf.size(), rows.size()));
    }
    return apart(column)
        ? Optional.of(
            "the classes lie apart in it, without one mistake in %d rows".formatted(rows.size()))
        : Optional.empty();
  }

  /** The class of each value; empty where one has several, or values name single rows. */
  private Map<Object, Integer> classOf(Features.Column column) {
    Map<Object, Integer> classOf = new LinkedHashMap<>();
    int most = rows.size() / ROWS_A_WORD;
    for (int i = 0; i < rows.size(); i++) {
      Integer its = (int) rows.actual()[i];
      Integer before = classOf.putIfAbsent(value(column, i), its);
      if ((before != null && !before.equals(its)) || classOf.size() > most) {
        return Map.of();
      }
    }
    return classOf;
  }

  private static Object value(Features.Column column, int row) {
    return switch (column) {
      case Features.Column.Numbers numbers -> numbers.values()[row];
      case Features.Column.Whole whole -> whole.values()[row];
      case Features.Column.Words words -> words.codes()[row];
      case Features.Column.Flags flags -> flags.values()[row];
    };
  }

  /** Whether the ranges of a number do not touch, class by class. */
  private boolean apart(Features.Column column) {
    double[] values = numbers(column);
    if (values.length == 0) {
      return false;
    }
    int classes = format.classes().size();
    double[] least = new double[classes];
    double[] most = new double[classes];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    Arrays.fill(most, Double.NEGATIVE_INFINITY);
    for (int i = 0; i < values.length; i++) {
      if (Double.isNaN(values[i])) {
        return false;
      }
      int its = (int) rows.actual()[i];
      least[its] = Math.min(least[its], values[i]);
      most[its] = Math.max(most[its], values[i]);
    }
    for (int a = 0; a < classes; a++) {
      for (int b = 0; b < a; b++) {
        if (least[a] <= most[b] && least[b] <= most[a]) {
          return false;
        }
      }
    }
    return true;
  }

  /** As numbers; empty of words. */
  private static double[] numbers(Features.Column column) {
    return switch (column) {
      case Features.Column.Numbers numbers -> numbers.values();
      case Features.Column.Whole whole -> Arrays.stream(whole.values()).asDoubleStream().toArray();
      case Features.Column.Words words -> new double[0];
      case Features.Column.Flags flags -> {
        double[] out = new double[flags.values().length];
        for (int i = 0; i < out.length; i++) {
          out[i] = flags.values()[i] ? 1 : 0;
        }
        yield out;
      }
    };
  }
}
