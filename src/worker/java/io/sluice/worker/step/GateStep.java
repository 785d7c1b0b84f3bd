package io.sluice.worker.step;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.drift.DriftResult;
import io.sluice.core.gate.Gate;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.record.Resolved;
import io.sluice.worker.command.WorkerContext;
import io.sluice.worker.workspace.DriftInput;
import io.sluice.worker.workspace.ReportedInput;
import io.sluice.worker.workspace.StepInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * {@code sluice-worker gate}: reads the holdout, lets {@link Gate} decide and writes the verdict.
 * The results {@code verdict} and {@code bundle} say what was decided, and about which bundle.
 */
public final class GateStep {
  private GateStep() {}

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    StepInput step = StepInput.of(context, argv);
    Path folder = step.inputs().resolve("rows");
    Optional<DriftResult> drift = DriftInput.in(step);
    HoldoutRows rows =
        HoldoutTable.read(
            folder,
            new GateContext(
                step.asOf(),
                step.resolved().champion().map(Resolved.Champion::run).filter(r -> !r.isEmpty()),
                drift.map(d -> new GateContext.Drift(d.status(), d.reason())),
                step.resolved().hold(),
                ReportedInput.in(step)));
    Verdict verdict = Gate.decide(rows, GatePolicy.parse(step.with()), history(step), step.seed());
    Files.writeString(step.outputs().resolve("verdict"), Json.pretty(verdict.toJson()));
    Path bundles = folder.resolve(Evaluate.BUNDLES);
    if (Files.isRegularFile(bundles)) {
      Digest judged = Evaluate.bundles(bundles).get(verdict.candidate());
      step.result("bundle", judged == null ? "" : judged.toString());
    }
    step.result("verdict", verdict.decision().name());
    verdict.sentences().forEach(context.out()::println);
    drift.map(DriftResult::sentence).ifPresent(context.out()::println);
    return ExitCode.DONE.code();
  }

  private static History history(StepInput step) throws IOException {
    Path gates = step.inputs().resolve("gates");
    return Files.isRegularFile(gates) ? History.parse(JsonFile.read(gates)) : History.NONE;
  }
}
