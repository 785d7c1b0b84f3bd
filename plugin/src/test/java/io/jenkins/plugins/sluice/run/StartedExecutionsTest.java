package io.jenkins.plugins.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.sluice.agent.ProcessAddress;
import io.sluice.core.run.RunId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was noted is there after a restart, until it is struck. */
class StartedExecutionsTest {
  @TempDir private Path home;

  private final StartedExecutions.Entry entry =
      new StartedExecutions.Entry(
          new RunId("x-1"),
          "folder/job#12",
          "folder/job",
          new StartedExecutions.OnCluster(Optional.of("folder"), "prod", "models"));

  private final StartedExecutions.Entry onAgent =
      new StartedExecutions.Entry(
          new RunId("x-2"),
          "folder/job#12",
          "folder/job",
          new StartedExecutions.OnAgent(new ProcessAddress("a", "/ws", "/ws@tmp/x-2.json")));

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
  void anExecutionOnAnAgentIsReadBackToo() {
    new StartedExecutions(home).note(onAgent);
    assertThat(new StartedExecutions(home).entries()).containsExactly(onAgent);
  }

  @Test
  void notesFollowAJobThatIsMovedWhileItBuilds() {
    StartedExecutions ledger = new StartedExecutions(home);
    ledger.note(entry);
    ledger.note(onAgent);
    ledger.moved("folder/jo", "other");
    ledger.moved("fold", "other");
    assertThat(ledger.entries()).containsExactly(entry, onAgent);

    ledger.moved("folder/job", "elsewhere/renamed");
    assertThat(ledger.entries())
        .containsExactly(
            new StartedExecutions.Entry(
                entry.execution(), "elsewhere/renamed#12", "elsewhere/renamed", entry.place()),
            new StartedExecutions.Entry(
                onAgent.execution(), "elsewhere/renamed#12", "elsewhere/renamed", onAgent.place()));
  }

  @Test
  void theFolderOfAClusterIsFollowedToo() {
    StartedExecutions ledger = new StartedExecutions(home);
    ledger.note(entry);
    ledger.moved("folder", "team");
    assertThat(ledger.entries())
        .containsExactly(
            new StartedExecutions.Entry(
                entry.execution(),
                "team/job#12",
                "team/job",
                new StartedExecutions.OnCluster(Optional.of("team"), "prod", "models")));
  }

  @Test
  void aFileOfSomebodyElseIsPassedOver() throws Exception {
    StartedExecutions ledger = new StartedExecutions(home.resolve("going"));
    ledger.note(entry);
    Files.writeString(home.resolve("going/NOT A NAME.json"), "{}");
    assertThat(ledger.entries()).containsExactly(entry);
  }
}
