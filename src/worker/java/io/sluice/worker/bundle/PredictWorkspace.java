package io.sluice.worker.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.json.Json;
import io.sluice.core.record.PredictCommand;
import io.sluice.inference.BundleSignature;
import io.sluice.inference.ForecastSignature;
import io.sluice.inference.RowPredictions;
import io.sluice.inference.TabularSignature;
import io.sluice.inference.Windows;
import io.sluice.store.Trees;
import io.sluice.worker.cache.KeyedStage;
import io.sluice.worker.workspace.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Lays out what a bundle's predict command finds: the bundle, its own code, and for every origin
 * the windows as they were known then, or of a set of rows their ids and features. The tables that
 * these are cut from do not stay: they hold the actuals.
 */
public final class PredictWorkspace {
  private static final List<String> SETS = List.of("validation", "holdout");
  private static final Set<String> TABLES =
      Set.of("panel.csv", "panel.json", "rows.csv", "table.json");
  private static final String MODEL = "model";

  private final ArtifactStore store;
  private final KeyedStage stage;
  private final Workspace workspace;

  public PredictWorkspace(ArtifactStore store, KeyedStage stage, Workspace workspace) {
    this.store = store;
    this.stage = stage;
    this.workspace = workspace;
  }

  /** The command of the stage's bundle; empty without a bundle, and when that is a graph. */
  public static Optional<PredictCommand> command(ArtifactStore store, KeyedStage stage)
      throws IOException {
    for (KeyedStage.Present p : stage.inputs()) {
      if (p.input().name().equals(MODEL)
          && p.content().entries().stream().anyMatch(e -> e.path().equals(PredictCommand.FILE))) {
        return Optional.of(PredictCommand.parse(store.read(p.content(), PredictCommand.FILE)));
      }
    }
    return Optional.empty();
  }

  /** Lays out; returns the variables that are not those of other stages. */
  public Map<String, String> layOut(PredictCommand command) throws IOException {
    Path model = workspace.inputs().resolve(MODEL);
    for (KeyedStage.Present p : stage.inputs()) {
      if (p.input().name().equals(MODEL)) {
        Trees.lay(store, p.content(), model);
        code(p.content(), command);
      }
    }
    BundleSignature signature = BundleSignature.read(model, stage.arguments().stage().value());
    JsonNode params = Json.parse(Files.readAllBytes(model.resolve("params.json")));
    Files.writeString(workspace.params(), Json.pretty(params));
    for (KeyedStage.Present p : stage.inputs()) {
      if (SETS.contains(p.input().name())) {
        show(p, signature);
      }
    }
    Workspace.writeCommand(workspace.predict().resolve("command"), command.command());
    return Map.of("SLUICE_FAMILY", signature.family());
  }

  private void code(Manifest bundle, PredictCommand command) throws IOException {
    Optional<Manifest> code = bundle.artifact(PredictCommand.CODE);
    if (code.isEmpty()) {
      return;
    }
    List<Manifest.Entry> entries = new ArrayList<>();
    for (Manifest.Entry e : code.get().entries()) {
      boolean executable = command.executable().contains(e.path());
      entries.add(new Manifest.Entry(e.path(), executable, e.size(), e.digest()));
    }
    Trees.lay(store, new Manifest(Optional.empty(), Map.of(), entries), workspace.code());
  }

  private void show(KeyedStage.Present set, BundleSignature signature) throws IOException {
    String name = set.input().name();
    Path tables = workspace.tmp().resolve(name);
    List<Manifest.Entry> needed =
        set.content().entries().stream().filter(e -> TABLES.contains(e.path())).toList();
    Trees.lay(store, new Manifest(Optional.empty(), Map.of(), needed), tables);
    Path shown = workspace.predict().resolve("windows").resolve(name);
    switch (signature) {
      case ForecastSignature forecast -> Windows.cut(tables, name, forecast, shown);
      case TabularSignature tabular ->
          RowPredictions.show(tables, name, stage.resolved().asOf(), shown);
    }
    Workspace.delete(tables);
  }
}
