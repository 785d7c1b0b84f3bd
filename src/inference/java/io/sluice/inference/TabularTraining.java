package io.sluice.inference;

import com.carrotsearch.hppc.DoubleArrayList;
import com.carrotsearch.hppc.IntArrayList;
import com.carrotsearch.hppc.IntHashSet;
import com.carrotsearch.hppc.LongArrayList;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.table.ColumnType;
import io.sluice.core.table.SplitBy;
import io.sluice.core.table.TableFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the models of a tabular evaluation learned from, held against the rows that they are judged
 * by: no row of validation or holdout, no group of them unless the table was cut by time, and
 * nothing later than what it is judged by where it was. A refit may learn from validation.
 *
 * @param tables that were looked at
 * @param rows of them
 * @param newestOfTrials when the newest label that trials learn from became known
 * @param newest when the newest label of all of them became known
 * @param validationRows rows of validation that a refit could learn from
 * @param labels of what the trials learn from; baselines are made of them
 * @param unaudited inputs that could not be looked at
 * @param told what is allowed, and better known: categories that only the judged rows have
 */
record TabularTraining(
    int tables,
    long rows,
    Optional<Instant> newestOfTrials,
    Optional<Instant> newest,
    long validationRows,
    Labels labels,
    List<Unaudited> unaudited,
    List<String> told) {

  /**
   * The labels of the trials' tables, a row each.
   *
   * @param actual the number, or the class by its place
   * @param weight of each
   * @param unit a number of the judged groups, -1 of others
   * @param time of each row, microseconds
   */
  @SuppressWarnings("ArrayRecordComponent") // columns; nobody compares two
  record Labels(double[] actual, double[] weight, int[] unit, long[] time) {}

  /**
   * Looks at what models learn from.
   *
   * @param inputs by their names in evaluate, {@code training/<name>} and {@code refit/<name>}
   * @param names of the ids and groups of validation and holdout
   * @throws SluiceException SLU-6054 (a row that the model is judged by), SLU-6055 (a group),
   *     SLU-6056 (a row or a label from the future of what it is judged by), and what is wrong in a
   *     table itself
   */
  static TabularTraining of(
      SortedMap<String, Path> inputs,
      TabularRows validation,
      TabularRows holdout,
      TabularRows.Names names,
      Instant asOf)
      throws IOException {
    Reader reader = new Reader(validation, holdout, names, asOf);
    for (LearnedInput input : LearnedInput.of(inputs)) {
      reader.input(input);
    }
    reader.findings.refuse();
    return reader.training();
  }

  /** For the report; absent when nothing was looked at. */
  Optional<EvaluationReport.Training> report() {
    return tables == 0
        ? Optional.empty()
        : Optional.of(new EvaluationReport.Training(tables, rows, newest, validationRows));
  }

  /** Reads one table after the other; keeps what all of them have in common. */
  private static final class Reader {
    private final TableFormat format;
    private final TabularRows.Names names;
    private final IntHashSet validationIds = new IntHashSet();
    private final IntHashSet holdoutIds = new IntHashSet();
    private final IntHashSet validationUnits = new IntHashSet();
    private final IntHashSet holdoutUnits = new IntHashSet();
    private final boolean byTime;
    private final Optional<Instant> firstValidation;
    private final Optional<Instant> firstHoldout;
    private final long now;
    private final Instant asOf;
    private final TabularRows validation;
    private final TabularRows holdout;
    private final Findings findings = new Findings();
    private final List<Unaudited> unaudited = new ArrayList<>();
    private final IntHashSet ofValidation = new IntHashSet();
    private final SortedMap<String, Set<String>> words = new TreeMap<>();
    private final DoubleArrayList actual = new DoubleArrayList();
    private final DoubleArrayList weight = new DoubleArrayList();
    private final IntArrayList unit = new IntArrayList();
    private final LongArrayList time = new LongArrayList();
    private int tables;
    private long rows;
    private long newestOfTrials = Long.MIN_VALUE;
    private long newest = Long.MIN_VALUE;

    Reader(TabularRows validation, TabularRows holdout, TabularRows.Names names, Instant asOf) {
      this.format = holdout.format();
      this.names = names;
      this.validation = validation;
      this.holdout = holdout;
      validationIds.addAll(validation.id());
      holdoutIds.addAll(holdout.id());
      validationUnits.addAll(validation.unit());
      holdoutUnits.addAll(holdout.unit());
      this.byTime = format.split().filter(s -> s == SplitBy.TIME).isPresent();
      this.firstValidation = validation.firstTime();
      this.firstHoldout = holdout.firstTime();
      this.now = EpochMicros.of(asOf);
      this.asOf = asOf;
    }

    TabularTraining training() {
      return new TabularTraining(
          tables,
          rows,
          EpochMicros.latest(newestOfTrials),
          EpochMicros.latest(newest),
          ofValidation.size(),
          new Labels(actual.toArray(), weight.toArray(), unit.toArray(), time.toArray()),
          List.copyOf(unaudited),
          tables == 0 ? List.of() : unseen());
    }

    private void input(LearnedInput input) throws IOException {
      if (!Files.isDirectory(input.path(), LinkOption.NOFOLLOW_LINKS)
          || !Files.exists(input.path().resolve(TableFormat.FILE), LinkOption.NOFOLLOW_LINKS)) {
        unaudited.add(input.unaudited("it is not a folder with table.json and rows.csv"));
        return;
      }
      String called = input.called();
      TableFormat its = RowReader.format(input.path(), called);
      if (!its.equals(format)) {
        throw Refusal.of(
            "SLU-6050",
            "%s/%s and holdout/%s differ".formatted(called, TableFormat.FILE, TableFormat.FILE),
            "all parts are cut from one table, and say the same of it");
      }
      try (RowReader reader = RowReader.open(input.path(), called, its)) {
        while (reader.next()) {
          row(reader, input.trials());
        }
      }
      tables++;
    }

    private void row(RowReader reader, boolean trials) {
      features(reader);
      rows++;
      String key = reader.id();
      int id = names.ids().find(key);
      if (id >= 0) {
        boolean validates = validationIds.contains(id);
        if (holdoutIds.contains(id) || (validates && trials)) {
          findings.add(
              "SLU-6054",
              "%s: the row %s is also a row of %s"
                  .formatted(
                      reader.atId(),
                      Units.described(key),
                      holdoutIds.contains(id) ? "the holdout" : "validation"),
              "cut the tables so that no row that a model is judged by lies in what it learns from");
        } else if (validates) {
          ofValidation.add(id);
        }
      }
      int its = format.group().isEmpty() ? id : names.groups().find(reader.unit());
      if (!byTime && !format.group().isEmpty() && its >= 0) {
        boolean judged = holdoutUnits.contains(its) || (trials && validationUnits.contains(its));
        if (judged) {
          findings.add(
              "SLU-6055",
              "%s: the group %s also has rows in %s"
                  .formatted(
                      reader.atId(),
                      Units.described(reader.unit()),
                      holdoutUnits.contains(its) ? "the holdout" : "validation"),
              "put all rows of a group into one part, or cut by time and say so in `split`");
        }
      }
      long at = reader.time();
      Optional<Instant> bound = trials ? firstValidation : firstHoldout;
      if (byTime && bound.filter(b -> at > EpochMicros.of(b)).isPresent()) {
        findings.add(
            "SLU-6056",
            "%s: the row is of %s, and %s begins %s"
                .formatted(
                    reader.atId(),
                    EpochMicros.toInstant(at),
                    trials ? "validation" : "the holdout",
                    bound.orElseThrow()),
            "a split by time learns from what lies before the rows that it is judged by");
      }
      long known = reader.knownAt();
      if (known > now) {
        findings.add(
            "SLU-6034",
            "%s: the label became known %s, after the as-of %s"
                .formatted(reader.atKnownAt(), EpochMicros.toInstant(known), asOf),
            "leave out what was not known at the as-of");
      }
      if (byTime
          && format.knownAt().isPresent()
          && bound.filter(b -> known > EpochMicros.of(b)).isPresent()) {
        findings.add(
            "SLU-6056",
            "%s: the label became known %s, and %s begins %s"
                .formatted(
                    reader.atKnownAt(),
                    EpochMicros.toInstant(known),
                    trials ? "validation" : "the holdout",
                    bound.orElseThrow()),
            "leave out rows whose labels nobody knew then, as split@1 does");
      }
      if (format.knownAt().isPresent()) {
        newest = Math.max(newest, known);
        newestOfTrials = trials ? Math.max(newestOfTrials, known) : newestOfTrials;
      }
      double value = TabularRows.label(reader, format, findings);
      double counts = reader.weight();
      if (trials) {
        actual.add(value);
        weight.add(counts);
        unit.add(its);
        time.add(at);
      }
    }

    /** Reads every feature, so that a value of another type is found before a model meets it. */
    private void features(RowReader reader) {
      for (int f = 0; f < reader.features(); f++) {
        switch (reader.type(f)) {
          case FLOAT -> reader.number(f);
          case INT -> reader.whole(f);
          case BOOL -> reader.flag(f);
          case STRING ->
              words.computeIfAbsent(reader.feature(f), w -> new TreeSet<>()).add(reader.text(f));
        }
      }
    }

    private List<String> unseen() {
      List<String> out = new ArrayList<>();
      format
          .features()
          .forEach((feature, type) -> {
            if (type == ColumnType.STRING) {
              for (TabularRows set : List.of(validation, holdout)) {
                unseen(set, feature, words.getOrDefault(feature, Set.of())).ifPresent(out::add);
              }
            }
          });
      return List.copyOf(out);
    }

    private static Optional<String> unseen(TabularRows set, String feature, Set<String> known) {
      if (!(set.features().columns().get(feature) instanceof Features.Column.Words column)) {
        return Optional.empty();
      }
      boolean[] strange = new boolean[column.words().size()];
      List<String> which = new ArrayList<>();
      for (int w = 0; w < strange.length; w++) {
        strange[w] = !known.contains(column.words().get(w));
        if (strange[w]) {
          which.add(column.words().get(w));
        }
      }
      if (which.isEmpty()) {
        return Optional.empty();
      }
      long count = 0;
      for (int code : column.codes()) {
        count += strange[code] ? 1 : 0;
      }
      return Optional.of(
          "%d row%s of %s ha%s a %s that no model learned from: %s"
              .formatted(
                  count,
                  count == 1 ? "" : "s",
                  set.name(),
                  count == 1 ? "s" : "ve",
                  Refusal.quoted(feature),
                  CsvTable.columnsInWords(which)));
    }
  }
}
