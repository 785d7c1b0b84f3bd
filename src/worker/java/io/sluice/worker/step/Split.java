package io.sluice.worker.step;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.table.SplitSettings;
import io.sluice.worker.command.WorkerContext;
import io.sluice.worker.split.TableSplit;
import io.sluice.worker.workspace.StepInput;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** {@code sluice-worker split}: makes table sets for training, validation and holdout. */
public final class Split {
  private Split() {}

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    StepInput step = StepInput.of(context, argv);
    TableSplit split =
        new TableSplit(
            JsonCodec.read(step.with(), SplitSettings.class),
            // not the stage's own seed: a stage of another name must not move the rows
            step.resolved().seed(),
            step.asOf());
    TableSplit.Made made = split.make(step.inputs().resolve(SplitSettings.TABLE), step.outputs());
    made.told().forEach(context.out()::println);
    for (Map.Entry<String, Long> count : made.counts().entrySet()) {
      step.result(count.getKey(), count.getValue().toString());
    }
    return ExitCode.DONE.code();
  }
}
