package io.sluice.local.interpret;

import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageName;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Says once a run that a limit of memory does not hold on this machine. */
final class UnlimitedMemory {
  private final Consumer<RunEvent> events;
  private final Clock clock;
  private final AtomicBoolean told = new AtomicBoolean();

  UnlimitedMemory(Consumer<RunEvent> events, Clock clock) {
    this.events = events;
    this.clock = clock;
  }

  void tell(StageName stage, String why) {
    if (told.compareAndSet(false, true)) {
      events.accept(
          new RunEvent.SetUp(
              clock.instant(),
              "resources.memory",
              RunEvent.SetUp.Phase.DONE,
              "does not limit " + stage + " on this machine: " + why));
    }
  }
}
