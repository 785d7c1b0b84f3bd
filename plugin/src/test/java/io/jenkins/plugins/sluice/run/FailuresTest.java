package io.jenkins.plugins.sluice.run;

import static io.jenkins.plugins.sluice.SavedObjects.back;
import static org.assertj.core.api.Assertions.assertThat;

import hudson.AbortException;
import io.jenkins.plugins.sluice.failure.ChampionMovedException;
import io.jenkins.plugins.sluice.failure.HeldException;
import io.jenkins.plugins.sluice.failure.RunFailedException;
import io.sluice.app.run.RunFailure;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Optional;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;
import org.junit.jupiter.api.Test;

/** A Jenkinsfile tells a lost race, a hold and a crash apart by the type of the error. */
class FailuresTest {
  private static final RunId RUN = new RunId("j-1");

  @Test
  void aLostRaceHasATypeOfItsOwn() {
    RunFailure lost =
        new RunFailure(
            ExitCode.CHAMPION_MOVED, Optional.of(new StageName("promote")), "the champion moved");
    assertThat(Failures.of(RUN, lost, lost.text()))
        .isInstanceOfSatisfying(
            ChampionMovedException.class,
            e -> {
              assertThat(e).hasMessage("the champion moved");
              assertThat(e.getRun()).isEqualTo("j-1");
              assertThat(e.getStage()).isEqualTo("promote");
              assertThat(e.getExitCode()).isEqualTo(4);
            });
    assertThat(Failures.of(refused(ExitCode.CHAMPION_MOVED)))
        .as("of a rollback")
        .isInstanceOf(ChampionMovedException.class);
  }

  @Test
  void everyOtherFailureIsAFailedRun() {
    RunFailure crash =
        new RunFailure(ExitCode.RUN_FAILED, Optional.of(new StageName("train")), "exit code 1");
    assertThat(Failures.of(RUN, crash, crash.text()))
        .isExactlyInstanceOf(RunFailedException.class)
        .isInstanceOf(AbortException.class);
    assertThat(Failures.of(refused(ExitCode.INPUT_WRONG)))
        .isInstanceOfSatisfying(
            RunFailedException.class,
            e -> {
              assertThat(e.getExitCode()).isEqualTo(2);
              assertThat(e.getStage()).isEmpty();
            });
  }

  private static SluiceException refused(ExitCode code) {
    return new SluiceException(code, Diagnostic.of("SLU-9614", "what", "hint"));
  }

  @Test
  void theyAreKeptWithTheBuild() throws Exception {
    for (AbortException e :
        List.of(
            new ChampionMovedException("m", "j-1", "promote", 4),
            new RunFailedException("m", "j-1", "train", 1),
            new HeldException("j-1", "worse", 7))) {
      assertThat(back(e)).isInstanceOf(e.getClass()).hasMessage(e.getMessage());
    }
    HeldException held = back(new HeldException("j-1", "worse", 7));
    assertThat(held).hasMessage("HOLD: worse");
    assertThat(held.getReason()).isEqualTo("worse");
    assertThat(held.getVersion()).isEqualTo(7);
  }

  /** The sandbox refuses a method of a plugin that is not marked. */
  @Test
  void aSandboxedJenkinsfileMayReadThem() {
    for (Class<?> type :
        List.of(ChampionMovedException.class, RunFailedException.class, HeldException.class)) {
      for (Method method : type.getDeclaredMethods()) {
        if (Modifier.isPublic(method.getModifiers())) {
          assertThat(method.isAnnotationPresent(Whitelisted.class)).as("%s", method).isTrue();
        }
      }
    }
  }
}
