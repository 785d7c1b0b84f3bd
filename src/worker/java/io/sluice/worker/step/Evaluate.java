package io.sluice.worker.step;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.inference.Evaluation;
import io.sluice.worker.bundle.ModelFiles;
import io.sluice.worker.command.WorkerContext;
import io.sluice.worker.workspace.FailedFamilies;
import io.sluice.worker.workspace.StepInput;
import io.sluice.worker.workspace.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * {@code sluice-worker evaluate}: scores candidates, champion and baselines, and notes in {@code
 * rows/bundles.json} which bundles it scored. By that digest the gate's verdict, the registered
 * version and the promotion are held to be about one model.
 */
public final class Evaluate {
  static final String BUNDLES = "bundles.json";

  private Evaluate() {}

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    StepInput step = StepInput.of(context, argv);
    EvaluationReport report =
        Evaluation.run(
            step.inputs(),
            step.outputs(),
            step.with(),
            step.asOf(),
            FailedFamilies.byExitCode(step));
    for (EvaluationReport.Unaudited part : report.audit().unaudited()) {
      context.out().println("not audited for leaks: " + part.sentence());
    }
    report
        .audit()
        .training()
        .filter(t -> t.validationLabels() > 0)
        .ifPresent(t ->
            context
                .out()
                .println(
                    "a refit could learn from "
                        + t.validationLabels()
                        + " labels of validation, so losses there are in sample"));
    TreeMap<String, Digest> bundles = new TreeMap<>();
    for (Map.Entry<String, Path> candidate :
        Workspace.folders(step.inputs().resolve("candidates")).entrySet()) {
      bundles.put(
          "candidate:" + candidate.getKey(), ModelFiles.ofFolder(candidate.getValue()).digest());
    }
    Files.writeString(
        step.outputs().resolve("rows").resolve(BUNDLES), Json.pretty(JsonCodec.writeMap(bundles)));
    return ExitCode.DONE.code();
  }

  /** Reads {@link #BUNDLES}: the digest of each candidate's bundle, by column. */
  static SortedMap<String, Digest> bundles(Path file) throws IOException {
    return JsonCodec.readMap(JsonFile.read(file), Digest.class);
  }
}
