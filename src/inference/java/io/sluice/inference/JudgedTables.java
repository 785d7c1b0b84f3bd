package io.sluice.inference;

import com.carrotsearch.hppc.LongHashSet;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tables that models learn from and are judged by, after every check that needs no model. The
 * stage that writes them has them checked by the same code as evaluate, before money is spent.
 */
record JudgedTables(
    Units units, TableSet validation, TableSet holdout, Training training, SnapshotAudit audit) {

  /**
   * Reads and checks.
   *
   * @throws SluiceException exit code 2: what was refused
   */
  static JudgedTables read(TableSets sets, EvaluationSettings settings, Instant asOf)
      throws IOException {
    Units units = new Units();
    TableSet validation = set(sets, TableSets.VALIDATION, settings, units, asOf);
    TableSet holdout = set(sets, TableSets.HOLDOUT, settings, units, asOf);
    refuseDifferentForms(validation, holdout);
    refuseSharedLabels(validation, holdout);
    Training training =
        Training.of(sets.learned(), holdout.format(), validation.rows(), holdout.rows(), units);
    SnapshotAudit audit =
        audit(sets.snapshot(), settings, List.of(validation, holdout), units, asOf);
    return new JudgedTables(units, validation, holdout, training, audit);
  }

  private static TableSet set(
      TableSets sets, String name, EvaluationSettings settings, Units units, Instant asOf)
      throws IOException {
    return TableSet.read(sets.folder(name), name, settings, units, asOf);
  }

  /**
   * Refuses what evaluate would refuse, as far as what is there shows it: what needs both sides is
   * looked at where both are there.
   *
   * @param inputs by their names in evaluate: {@code validation}, {@code holdout}, {@code
   *     snapshot}, {@code training/<name>}, {@code refit/<name>}; any may be absent
   * @param settings of the evaluate stage
   * @param asOf the latest instant that these tables may know of
   * @return what was looked at, for people
   * @throws SluiceException exit code 2: what evaluate would refuse
   */
  static List<String> check(Map<String, Path> inputs, EvaluationSettings settings, Instant asOf)
      throws IOException {
    TableSets sets = TableSets.of(inputs);
    Units units = new Units();
    List<TableSet> judged = new ArrayList<>();
    List<String> looked = new ArrayList<>();
    for (String name : List.of(TableSets.VALIDATION, TableSets.HOLDOUT)) { // as evaluate does
      if (sets.judged().containsKey(name)) {
        judged.add(set(sets, name, settings, units, asOf));
        looked.add(name);
      }
    }
    Optional<TableSet> validation = named(judged, TableSets.VALIDATION);
    Optional<TableSet> holdout = named(judged, TableSets.HOLDOUT);
    if (validation.isPresent() && holdout.isPresent()) {
      refuseDifferentForms(validation.get(), holdout.get());
      refuseSharedLabels(validation.get(), holdout.get());
      Training.of(
          sets.learned(),
          holdout.get().format(),
          validation.get().rows(),
          holdout.get().rows(),
          units);
      looked.addAll(sets.learned().keySet());
    }
    if (!judged.isEmpty() && sets.snapshot().isPresent()) {
      SnapshotAudit audit = audit(sets.snapshot(), settings, judged, units, asOf);
      looked.add(
          audit
              .why()
              .map(why -> "not against the snapshot: " + why)
              .orElse("against the snapshot"));
    }
    return List.copyOf(looked);
  }

  private static Optional<TableSet> named(List<TableSet> sets, String name) {
    return sets.stream().filter(s -> s.name().equals(name)).findFirst();
  }

  private static void refuseDifferentForms(TableSet validation, TableSet holdout) {
    if (!validation.format().equals(holdout.format())) {
      throw Refusal.of(
          "SLU-6020",
          "validation/panel.json and holdout/panel.json differ",
          "both are cut from one table");
    }
  }

  /** A label on which families were picked tells nothing when they are compared on it again. */
  private static void refuseSharedLabels(TableSet validation, TableSet holdout) {
    LongHashSet seen = validation.rows().labels();
    Findings findings = new Findings();
    for (int i = 0; i < holdout.rows().size(); i++) {
      if (seen.contains(LabelRows.pair(holdout.rows().unit(i), holdout.rows().targetSlot()[i]))) {
        findings.add(
            "SLU-6038",
            "%s, line %d: the label is also a label of validation"
                .formatted(holdout.rows().name(), holdout.rows().line()[i]),
            "cut validation and holdout so that no target lies in both");
      }
    }
    findings.refuse();
  }

  private static SnapshotAudit audit(
      Optional<Path> snapshot,
      EvaluationSettings settings,
      List<TableSet> sets,
      Units units,
      Instant asOf)
      throws IOException {
    if (snapshot.isEmpty()) {
      return SnapshotAudit.impossible("evaluate has no input `snapshot`");
    }
    if (settings.labels().isEmpty()) {
      return SnapshotAudit.impossible("`with` has no `labels`");
    }
    return SnapshotAudit.of(
        snapshot.get(),
        settings.labels().get(),
        settings.derived(),
        sets.stream()
            .map(t -> new SnapshotAudit.Tables(t.name(), t.format(), t.panel(), t.rows()))
            .toList(),
        units,
        asOf);
  }
}
