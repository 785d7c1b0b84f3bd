package io.sluice.app;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageName;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Remembers how steps ended while events pass through. */
final class ExitCodes implements Consumer<RunEvent> {
  private final Consumer<RunEvent> next;
  private final Map<StageName, Integer> last = new ConcurrentHashMap<>();

  ExitCodes(Consumer<RunEvent> next) {
    this.next = next;
  }

  @Override
  public void accept(RunEvent event) {
    if (event instanceof RunEvent.StepFinished step) {
      step.exitCode().filter(c -> c != 0).ifPresent(c -> last.put(step.stage(), c));
    }
    next.accept(event);
  }

  /** What a stage of our own that failed says about why, by its exit code. */
  ExitCode precise(StageName stage) {
    int code = last.getOrDefault(stage, 0);
    for (ExitCode known :
        List.of(ExitCode.INPUT_WRONG, ExitCode.UNREACHABLE, ExitCode.CHAMPION_MOVED)) {
      if (known.code() == code) {
        return known;
      }
    }
    return ExitCode.RUN_FAILED;
  }
}
