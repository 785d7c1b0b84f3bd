package io.sluice.worker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import io.sluice.inference.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * {@code sluice-worker evaluate}: scores candidates, champion and baselines, and notes in {@code
 * rows/bundles.json} which bundles it scored. By that digest the gate's verdict, the registered
 * version and the promotion are held to be about one model.
 */
final class Evaluate {
  static final String BUNDLES = "bundles.json";

  private Evaluate() {}

  static int run(Worker.Context context, List<String> argv) throws IOException {
    Step step = Step.of(context, argv);
    Evaluation.run(
        step.inputs(), step.outputs(), step.with(), step.asOf(), LostFamilies.byExitCode(step));
    ObjectNode bundles = Json.object();
    for (Map.Entry<String, Path> candidate :
        Register.folders(step.inputs().resolve("candidates")).entrySet()) {
      bundles.put(
          "candidate:" + candidate.getKey(), Bundle.in(candidate.getValue()).digest().toString());
    }
    Files.writeString(step.outputs().resolve("rows").resolve(BUNDLES), Json.pretty(bundles));
    return ExitCode.DONE.code();
  }
}
