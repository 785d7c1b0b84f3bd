package io.sluice.inference;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport.Check;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.table.TableFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Looks for the label among the features: a feature that is the label is refused, and one that
 * alone tells the label without a mistake is named, and holds at the gate unless the spec declares
 * it. Chance does neither in so many rows; a status that is written when the outcome is known does.
 */
final class FeatureAudit {
  /** Rows of a class from which on a perfect rule is hardly an accident. */
  private static final int ENOUGH = 20;

  /** Rows from which on a perfect rule of a number is hardly an accident. */
  private static final int MANY = 50;

  /** A value that only rows of one class have is an accident no more often. */
  private static final double CHANCE = 1e-6;

  /** A feature of more distinct words than one for so many rows names rows, not kinds of rows. */
  private static final int ROWS_A_WORD = 5;

  /** As far from 1 a correlation may be that sums in double precision make. */
  private static final double ROUNDING = 1e-9;

  private final TabularRows rows;
  private final TableFormat format;

  /** Rows of each class; empty of a number. */
  private final int[] count;

  /** Classes of enough rows. */
  private final int audited;

  /** The rows that are looked at: of numbers all, else those of classes of enough rows. */
  private final int[] among;

  private FeatureAudit(TabularRows rows) {
    this.rows = rows;
    this.format = rows.format();
    int[] all = IntStream.range(0, rows.size()).toArray();
    this.count = format.classes().isEmpty() ? new int[0] : count(all);
    this.audited = (int) Arrays.stream(count).filter(c -> c >= ENOUGH).count();
    this.among =
        count.length == 0
            ? all
            : Arrays.stream(all).filter(i -> count[(int) rows.actual()[i]] >= ENOUGH).toArray();
  }

  /**
   * Looks at the rows that models are judged by.
   *
   * @param declared features of which the spec says that they are known before the label
   * @return features that tell the label, and what could not be looked at
   * @throws SluiceException SLU-6057 when a feature is the label
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
    found.addAll(audit.uncovered());
    return List.copyOf(found);
  }

  private SluiceException isTheLabel(String name, int compared) {
    return Refusal.of(
        "SLU-6057",
        "%s/%s: the feature %s is the label %s in other words, in each of %d rows"
            .formatted(
                rows.name(),
                TableFormat.ROWS,
                Refusal.quoted(name),
                Refusal.quoted(format.label()),
                compared),
        "take it out of `features` of table.json: nobody knows it when the model is asked");
  }

  /** How a feature tells a label that is a number. */
  private Optional<String> number(String name, Features.Column column) {
    if (column instanceof Features.Column.Words words) {
      return wordsOfNumbers(words);
    }
    double[] values = numbers(column);
    int[] there = there(column);
    int n = there.length;
    if (n < MANY) {
      return Optional.empty();
    }
    double meanX = Arrays.stream(there).mapToDouble(i -> values[i]).sum() / n;
    double meanY = Arrays.stream(there).mapToDouble(i -> rows.actual()[i]).sum() / n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    boolean same = true;
    for (int i : there) {
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
      throw isTheLabel(name, n);
    }
    return Math.abs(xy) / Math.sqrt(xx * yy) >= 1 - ROUNDING
        ? Optional.of("the label is a straight line of it, in each of %d rows".formatted(n))
        : Optional.empty();
  }

  /** Words each of which has one number alone, although the numbers differ in many rows. */
  private Optional<String> wordsOfNumbers(Features.Column.Words words) {
    Map<Double, Integer> often = new LinkedHashMap<>();
    for (double label : rows.actual()) {
      often.merge(label, 1, Integer::sum);
    }
    int most = often.values().stream().mapToInt(i -> i).max().orElse(0);
    Map<Object, Double> labels = labelOf(words);
    return rows.size() - most >= MANY && !labels.isEmpty()
        ? Optional.of(
            "each of its %d values has rows of one label alone, in %d rows"
                .formatted(labels.size(), rows.size()))
        : Optional.empty();
  }

  /** How a feature tells a label that is a class. */
  private Optional<String> classes(String name, Features.Column column) {
    if (audited < 2) {
      return Optional.empty();
    }
    Map<Object, Double> classOf = labelOf(column);
    if (!classOf.isEmpty()) {
      if (classOf.size() == audited && classOf.values().stream().distinct().count() == audited) {
        throw isTheLabel(name, among.length);
      }
      return Optional.of(
          "each of its %d values has rows of one class alone, in %d rows"
              .formatted(classOf.size(), among.length));
    }
    int[] there = there(column);
    if (apart(column, there)) {
      return Optional.of(
          "the classes lie apart in it, without one mistake in %d rows".formatted(there.length));
    }
    return presence(there);
  }

  /**
   * How it tells the class that a value is there at all: what is written when the outcome is known
   * is empty before.
   */
  private Optional<String> presence(int[] there) {
    int missing = among.length - there.length;
    if (there.length == 0 || missing == 0) {
      return Optional.empty();
    }
    int[] full = count(there);
    for (int k = 0; k < full.length; k++) {
      if (count[k] < ENOUGH) {
        continue;
      }
      if (full[k] == there.length
          && there.length >= ENOUGH
          && there.length * Math.log(count[k] / (double) among.length) < Math.log(CHANCE)) {
        return Optional.of(
            "it has a value in %d of %d rows, all of the class %s"
                .formatted(there.length, among.length, Refusal.quoted(format.classes().get(k))));
      }
      if (full[k] == 0 && missing == count[k]) {
        return Optional.of(
            "it is empty in the %d rows of the class %s, and in no other of %d"
                .formatted(missing, Refusal.quoted(format.classes().get(k)), among.length));
      }
    }
    return Optional.empty();
  }

  /** Rows of each class among these. */
  private int[] count(int[] which) {
    int[] out = new int[format.classes().size()];
    for (int i : which) {
      out[(int) rows.actual()[i]]++;
    }
    return out;
  }

  /** The rows that were looked at and have a value of the feature. */
  private int[] there(Features.Column column) {
    return switch (column) {
      case Features.Column.Numbers numbers ->
          Arrays.stream(among).filter(i -> !Double.isNaN(numbers.values()[i])).toArray();
      case Features.Column.Words words ->
          Arrays.stream(among)
              .filter(i -> !words.words().get(words.codes()[i]).isEmpty())
              .toArray();
      case Features.Column.Whole whole -> among;
      case Features.Column.Flags flags -> among;
    };
  }

  /** What this audit does not cover, so that nobody takes silence for an answer. */
  private List<Unaudited> uncovered() {
    List<Unaudited> out = new ArrayList<>();
    boolean classes = !format.classes().isEmpty();
    if (classes ? audited < 2 : rows.size() < MANY) {
      out.add(
          uncovered(
              "features that tell the label",
              classes
                  ? "fewer than 2 classes have %d rows of the holdout".formatted(ENOUGH)
                  : "the holdout has %d rows, fewer than %d".formatted(rows.size(), MANY)));
      return out;
    }
    for (int k = 0; k < count.length; k++) {
      if (count[k] < ENOUGH) {
        out.add(
            uncovered(
                "features that tell the class " + Refusal.quoted(format.classes().get(k)),
                "the holdout has %d rows of it, fewer than %d".formatted(count[k], ENOUGH)));
      }
    }
    rows.features()
        .columns()
        .forEach((name, column) -> {
          long words =
              column instanceof Features.Column.Words w
                  ? Arrays.stream(among).map(i -> w.codes()[i]).distinct().count()
                  : 0;
          if (words > among.length / ROWS_A_WORD) {
            out.add(
                uncovered(
                    "whether the words of the feature " + Refusal.quoted(name) + " tell the label",
                    "%d different ones in %d rows".formatted(words, among.length)));
          }
          int there = there(column).length;
          if (!classes && words == 0 && there < MANY) {
            out.add(
                uncovered(
                    "whether the feature " + Refusal.quoted(name) + " tells the label",
                    "%d rows of the holdout have a value, fewer than %d".formatted(there, MANY)));
          }
        });
    return out;
  }

  private static Unaudited uncovered(String what, String why) {
    return new Unaudited(Check.COVERAGE, what, why, false);
  }

  /** The one label of each value; empty where one has several, or values name single rows. */
  private Map<Object, Double> labelOf(Features.Column column) {
    Map<Object, Double> labelOf = new LinkedHashMap<>();
    int most = among.length / ROWS_A_WORD;
    for (int i : among) {
      Double its = rows.actual()[i];
      Double before = labelOf.putIfAbsent(value(column, i), its);
      if ((before != null && !before.equals(its)) || labelOf.size() > most) {
        return Map.of();
      }
    }
    return labelOf;
  }

  private static Object value(Features.Column column, int row) {
    return switch (column) {
      case Features.Column.Numbers numbers -> numbers.values()[row];
      case Features.Column.Whole whole -> whole.values()[row];
      case Features.Column.Words words -> words.codes()[row];
      case Features.Column.Flags flags -> flags.values()[row];
    };
  }

  /** Whether the ranges of a number do not touch, class by class, where it is there at all. */
  private boolean apart(Features.Column column, int[] there) {
    double[] values = numbers(column);
    if (values.length == 0 || Arrays.stream(count(there)).filter(c -> c >= ENOUGH).count() < 2) {
      return false;
    }
    int classes = format.classes().size();
    double[] least = new double[classes];
    double[] most = new double[classes];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    Arrays.fill(most, Double.NEGATIVE_INFINITY);
    for (int i : there) {
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
