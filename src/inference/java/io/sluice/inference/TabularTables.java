package io.sluice.inference;

import com.carrotsearch.hppc.IntHashSet;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport.Check;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.table.SplitBy;
import io.sluice.core.table.TableFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tabular sets that models learn from and are judged by, after every check that needs no model.
 * The stage that writes them has them checked by the same code as evaluate, before money is spent.
 *
 * @param suspects features that alone tell the label
 */
record TabularTables(
    TabularRows validation,
    TabularRows holdout,
    TabularTraining training,
    TabularRows.Names names,
    List<Unaudited> suspects) {

  /**
   * Reads and checks.
   *
   * @throws SluiceException exit code 2: what was refused
   */
  static TabularTables read(TableSets sets, EvaluationSettings settings, Instant asOf)
      throws IOException {
    TabularRows.Names names = TabularRows.Names.none();
    TabularRows validation = set(sets, TableSets.VALIDATION, settings, names, asOf);
    TabularRows holdout = set(sets, TableSets.HOLDOUT, settings, names, asOf);
    refuseShared(validation, holdout, names);
    TabularTraining training = TabularTraining.of(sets.learned(), validation, holdout, names, asOf);
    return new TabularTables(
        validation, holdout, training, names, FeatureAudit.of(holdout, settings.derived()));
  }

  private static TabularRows set(
      TableSets sets,
      String name,
      EvaluationSettings settings,
      TabularRows.Names names,
      Instant asOf)
      throws IOException {
    return TabularRows.read(sets.folder(name), name, settings, names, asOf);
  }

  /**
   * Refuses what evaluate would refuse, as far as what is there shows it: what needs several tables
   * is looked at where all of them are there.
   *
   * @param inputs by their names in evaluate
   * @param settings of the evaluate stage
   * @param asOf the latest instant that these tables may know of
   * @return what was looked at, for people
   * @throws SluiceException exit code 2: what evaluate would refuse
   */
  static List<String> check(Map<String, Path> inputs, EvaluationSettings settings, Instant asOf)
      throws IOException {
    TableSets sets = TableSets.of(inputs);
    TabularRows.Names names = TabularRows.Names.none();
    List<TabularRows> judged = new ArrayList<>();
    List<String> looked = new ArrayList<>();
    for (String name : List.of(TableSets.VALIDATION, TableSets.HOLDOUT)) { // as evaluate does
      if (sets.judged().containsKey(name)) {
        judged.add(set(sets, name, settings, names, asOf));
        looked.add(name);
      }
    }
    if (judged.size() == 2) {
      TabularRows validation = judged.getFirst();
      TabularRows holdout = judged.getLast();
      refuseShared(validation, holdout, names);
      TabularTraining training =
          TabularTraining.of(sets.learned(), validation, holdout, names, asOf);
      looked.addAll(sets.learned().keySet());
      looked.addAll(training.told());
    }
    for (TabularRows set : judged) {
      if (set.name().equals(TableSets.HOLDOUT)) {
        FeatureAudit.of(set, settings.derived()).stream()
            .map(u -> becomes(u) + u.sentence())
            .forEach(looked::add);
      }
    }
    return List.copyOf(looked);
  }

  private static String becomes(Unaudited unaudited) {
    return unaudited.check() == Check.COVERAGE
        ? "not looked at: "
        : unaudited.declared() ? "declared: " : "the gate will hold: ";
  }

  private static void refuseShared(
      TabularRows validation, TabularRows holdout, TabularRows.Names names) {
    TableFormat format = holdout.format();
    if (!validation.format().equals(format)) {
      throw Refusal.of(
          "SLU-6050",
          "validation/%s and holdout/%s differ".formatted(TableFormat.FILE, TableFormat.FILE),
          "all parts are cut from one table, and say the same of it");
    }
    boolean byTime = format.split().filter(s -> s == SplitBy.TIME).isPresent();
    IntHashSet ids = new IntHashSet();
    ids.addAll(validation.id());
    IntHashSet units = new IntHashSet();
    units.addAll(validation.unit());
    Optional<Instant> begins = holdout.firstTime();
    Findings findings = new Findings();
    for (int i = 0; i < holdout.size(); i++) {
      if (ids.contains(holdout.id()[i])) {
        findings.add(
            "SLU-6054",
            "holdout/%s, line %d: the row %s is also a row of validation"
                .formatted(
                    TableFormat.ROWS, holdout.line()[i], names.ids().describe(holdout.id()[i])),
            "cut validation and holdout so that no row lies in both");
      } else if (!byTime && !format.group().isEmpty() && units.contains(holdout.unit()[i])) {
        findings.add(
            "SLU-6055",
            "holdout/%s, line %d: the group %s also has rows in validation"
                .formatted(
                    TableFormat.ROWS,
                    holdout.line()[i],
                    names.groups().describe(holdout.unit()[i])),
            "put all rows of a group into one part, or cut by time and say so in `split`");
      }
    }
    for (int i = 0; byTime && i < validation.size(); i++) {
      if (begins.isEmpty()) {
        break;
      }
      long first = EpochMicros.of(begins.get());
      boolean known = format.knownAt().isPresent() && validation.knownAt()[i] > first;
      if (validation.time()[i] > first || known) {
        boolean late = validation.time()[i] > first;
        findings.add(
            "SLU-6056",
            "validation/%s, line %d: the %s %s, and the holdout begins %s"
                .formatted(
                    TableFormat.ROWS,
                    validation.line()[i],
                    late ? "row is of" : "label became known",
                    EpochMicros.toInstant(late ? validation.time()[i] : validation.knownAt()[i]),
                    begins.get()),
            late
                ? "a split by time learns and picks from what lies before the rows that it is judged"
                    + " by"
                : "leave out rows whose labels nobody knew then, as split@1 does");
      }
    }
    findings.refuse();
  }
}
