package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What a command says that a signal came into. */
class LocalShutdownTest {
  private static SluiceException of(ExitCode code, @Nullable Throwable cause) {
    return new SluiceException(
        code, List.of(Diagnostic.of("SLU-5001", "the registry does not answer", "wait")), cause);
  }

  @Test
  void whatBrokeByItselfIsNotTakenForTheSignal() {
    assertThat(LocalShutdown.isInterruption(of(ExitCode.UNREACHABLE, null))).isFalse();
    assertThat(LocalShutdown.isInterruption(of(ExitCode.RUN_FAILED, new IOException("disk"))))
        .isFalse();
  }

  @Test
  void workThatTheSignalCutOffIs() {
    assertThat(LocalShutdown.isInterruption(new InterruptedException())).isTrue();
    assertThat(LocalShutdown.isInterruption(of(ExitCode.INTERRUPTED, null))).isTrue();
    assertThat(
            LocalShutdown.isInterruption(
                of(ExitCode.RUN_FAILED, new IOException(new ClosedByInterruptException()))))
        .isTrue();
  }

  @Test
  void aDoctorThatChangesSomethingSaysWhatMayHaveHappened() {
    assertThat(interrupted("--accept-damage", "sha256:ab", "--reason", "seen").hint().orElseThrow())
        .contains("sluice history");
    assertThat(interrupted("--fix").message()).contains("alias and tag");
    assertThat(interrupted()).isEqualTo(LocalShutdown.beforeItsEnd());
  }

  private static Diagnostic interrupted(String... args) {
    DoctorCommand doctor =
        new DoctorCommand(
            new Terminal(
                new PrintStream(PrintStream.nullOutputStream()),
                new PrintStream(PrintStream.nullOutputStream()),
                false));
    new CommandLine(doctor).parseArgs(args);
    return doctor.interrupted();
  }
}
