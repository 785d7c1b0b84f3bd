package io.jenkins.plugins.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.run.RunId;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was noted is there after a restart, until it is struck. */
class StartedExecutionsTest {
  @TempDir private Path home;

  private final StartedExecutions.Entry entry =
      new StartedExecutions.Entry(
          new RunId("x-1"), "folder/job#12", "folder/job", "prod", "models");

  @Test
  void anEmptyHomeHasNoNotes() {
    assertThat(new StartedExecutions(home.resolve("going")).entries()).isEmpty();
  }

  @Test
  void aNoteIsReadBackUntilItIsStruck() {
    new StartedExecutions(home.resolve("going")).note(entry);
    StartedExecutions later = new StartedExecutions(home.resolve("going"));
    assertThat(later.entries()).containsExactly(entry);
    later.strike(entry.execution());
    assertThat(later.entries()).isEmpty();
  }

  @Test
  void aFileOfSomebodyElseIsPassedOver() throws Exception {
    StartedExecutions ledger = new StartedExecutions(home.resolve("going"));
    ledger.note(entry);
    Files.writeString(home.resolve("going/NOT A NAME.json"), "{}");
    assertThat(ledger.entries()).containsExactly(entry);
  }
}
