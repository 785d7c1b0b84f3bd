package io.sluice.inference;

import com.carrotsearch.hppc.DoubleArrayList;
import com.carrotsearch.hppc.LongHashSet;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What the models learned from, held against what they are judged by. A trial must know no label of
 * validation and of the holdout, and nothing that became known after the first validation origin; a
 * refit, whose hyperparameters are chosen, none of the holdout, and nothing from after its first
 * origin.
 *
 * @param tables that were looked at
 * @param rows of them that have a label
 * @param newestOfTrials when the newest label that trials and refits alike learn from became known
 * @param newest when the newest label of all of them became known
 * @param validationLabels labels of validation that a refit could learn from
 * @param labels the distinct labels: one for each unit and target period
 * @param unaudited inputs that could not be looked at
 */
@SuppressWarnings("ArrayRecordComponent") // a column; nobody compares two
record Training(
    int tables,
    long rows,
    Optional<Instant> newestOfTrials,
    Optional<Instant> newest,
    long validationLabels,
    double[] labels,
    List<Unaudited> unaudited) {
  /**
   * Looks at what models learn from.
   *
   * @param inputs by their names in evaluate, {@code training/<name>} and {@code refit/<name>}
   * @param units numbers the units of validation and holdout; gets those of the training tables too
   * @throws SluiceException SLU-6045 (a label that the model is judged by), SLU-6046 (from the
   *     future of what it is judged by)
   */
  static Training of(
      SortedMap<String, Path> inputs,
      PanelFormat format,
      LabelRows validation,
      LabelRows holdout,
      Units units)
      throws IOException {
    Reader reader = new Reader(format, validation, holdout, units);
    for (LearnedInput input : LearnedInput.of(inputs)) {
      reader.input(input);
    }
    reader.findings.refuse();
    return reader.training();
  }

  /** For the report; absent when nothing was looked at. */
  Optional<EvaluationReport.Training> report() {
    return newest
        .filter(n -> tables > 0)
        .map(n -> new EvaluationReport.Training(tables, rows, Optional.of(n), validationLabels));
  }

  /** Reads one table set after the other; keeps what all of them have in common. */
  private static final class Reader {
    private static final String PANEL = "panel.json";
    private static final String SIGNATURE = "signature.json";

    private final PanelFormat format;
    private final LongHashSet validationLabels;
    private final LongHashSet holdoutLabels;
    private final Instant firstValidation;
    private final Instant firstHoldout;
    private final Units units;
    private final Findings findings = new Findings();
    private final List<Unaudited> unaudited = new ArrayList<>();
    private final LongHashSet seen = new LongHashSet();
    private final LongHashSet ofValidation = new LongHashSet();
    private final DoubleArrayList labels = new DoubleArrayList();
    private int tables;
    private long rows;
    private long newestOfTrials = Long.MIN_VALUE;
    private long newest = Long.MIN_VALUE;

    Reader(PanelFormat format, LabelRows validation, LabelRows holdout, Units units) {
      this.format = format;
      this.validationLabels = validation.labels();
      this.holdoutLabels = holdout.labels();
      this.firstValidation = validation.firstOrigin();
      this.firstHoldout = holdout.firstOrigin();
      this.units = units;
    }

    Training training() {
      return new Training(
          tables,
          rows,
          EpochMicros.latest(newestOfTrials),
          EpochMicros.latest(newest),
          ofValidation.size(),
          labels.toArray(),
          List.copyOf(unaudited));
    }

    /** An input is a panel table set, or a folder of one for each family. */
    void input(LearnedInput input) throws IOException {
      if (isPanel(input.path())) {
        table(input);
        return;
      }
      if (Files.isRegularFile(input.path().resolve(SIGNATURE), LinkOption.NOFOLLOW_LINKS)) {
        bundle(input);
        return;
      }
      List<Path> families = TableSets.entries(input.path());
      if (families.isEmpty() || !families.stream().allMatch(Reader::isPanel)) {
        unaudited.add(input.unaudited("it is not a panel table set: it has no " + PANEL));
        return;
      }
      for (Path family : families) {
        table(input.part(family));
      }
    }

    private Instant bound(boolean trials) {
      return trials ? firstValidation : firstHoldout;
    }

    /** A model to start from: it knows what it was trained on, as far as its signature says. */
    private void bundle(LearnedInput input) {
      Instant bound = bound(input.trials());
      try {
        Optional<Instant> label = BundleSignature.read(input.path(), input.name()).newestLabel();
        if (label.isEmpty() || label.get().isAfter(bound)) {
          unaudited.add(
              input.unaudited(
                  label
                      .map(l ->
                          "it is a model trained on labels known as late as %s, after %s"
                              .formatted(l, bound))
                      .orElse("it is a model whose signature names no newest label")));
        }
      } catch (SluiceException e) {
        unaudited.add(input.unaudited(e.diagnostics().getFirst().message()));
      }
    }

    private static boolean isPanel(Path folder) {
      return Files.isRegularFile(folder.resolve(PANEL), LinkOption.NOFOLLOW_LINKS);
    }

    private void table(LearnedInput input) throws IOException {
      String called = input.called();
      try {
        PanelFormat its = PanelFormat.read(input.path(), called);
        if (!its.unit().equals(format.unit())
            || !its.period().equals(format.period())
            || !its.label().equals(format.label())) {
          unaudited.add(
              input.unaudited(
                  "its %s names another unit, period or label than the holdout's"
                      .formatted(PANEL)));
          return;
        }
        rows(called, input.path().resolve("rows.csv"), input.trials());
        vintages(called, input.path().resolve("panel.csv"), input.trials());
        tables++;
      } catch (SluiceException e) {
        unaudited.add(input.unaudited(e.diagnostics().getFirst().message()));
      }
    }

    private void rows(String called, Path file, boolean trials) throws IOException {
      String name = called + "/rows.csv";
      long bound = EpochMicros.of(bound(trials));
      long period = format.periodMicros();
      try (CsvTable table = CsvTable.open(file, name)) {
        expect(table, name, List.of("targetEnd", "knownAt", "actual"));
        int[] unitColumns = table.columns(format.unit());
        int endColumn = table.column("targetEnd");
        int knownColumn = table.column("knownAt");
        int actualColumn = table.column("actual");
        while (table.next()) {
          double actual = table.numberOrMissing(actualColumn);
          if (Double.isNaN(actual)) {
            continue; // nothing to learn from
          }
          long known = table.instant(knownColumn);
          int slot = Math.toIntExact(Math.floorDiv(table.instant(endColumn) - period, period));
          long label = LabelRows.pair(units.number(table.key(unitColumns)), slot);
          rows++;
          newest = Math.max(newest, known);
          if (trials) {
            newestOfTrials = Math.max(newestOfTrials, known);
          }
          if (seen.add(label)) {
            labels.add(actual);
          }
          boolean validates = validationLabels.contains(label);
          if (holdoutLabels.contains(label) || (validates && trials)) {
            findings.add(
                "SLU-6045",
                "%s, line %d: the label is also a label of %s"
                    .formatted(name, table.line(), validates ? "validation" : "the holdout"),
                "cut the tables so that no target that a model is judged by lies in what it learns"
                    + " from");
          } else if (validates) {
            ofValidation.add(label);
          }
          if (known > bound) {
            future(table.at(knownColumn), "a label", known, trials);
          }
        }
      }
    }

    private void vintages(String called, Path file, boolean trials) throws IOException {
      String name = called + "/panel.csv";
      long bound = EpochMicros.of(bound(trials));
      try (CsvTable table = CsvTable.open(file, name)) {
        expect(table, name, List.of("knownAt"));
        int knownColumn = table.column("knownAt");
        while (table.next()) {
          long known = table.instant(knownColumn);
          if (known > bound) {
            future(table.at(knownColumn), "a vintage", known, trials);
          }
        }
      }
    }

    private void future(String where, String what, long known, boolean trials) {
      findings.add(
          "SLU-6046",
          "%s: %s that became known %s, after the first origin of %s, %s"
              .formatted(
                  where,
                  what,
                  EpochMicros.toInstant(known),
                  trials ? "validation" : "the holdout",
                  bound(trials)),
          "a model that is judged at an origin learns from what was known by then: leave out labels"
              + " and vintages that became known later");
    }

    private void expect(CsvTable table, String name, List<String> fields) {
      List<String> wanted = new ArrayList<>(format.unit());
      wanted.addAll(fields);
      List<String> lacks = wanted.stream().filter(c -> !table.header().contains(c)).toList();
      if (!lacks.isEmpty()) {
        throw Refusal.of(
            "SLU-6021",
            "%s has no column %s"
                .formatted(name, String.join(", ", lacks.stream().map(Refusal::quoted).toList())),
            "see \"Tables\" in docs/architecture.md for the columns of each table");
      }
    }
  }
}
