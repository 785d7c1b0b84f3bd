package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.run.RunFailure;
import io.sluice.app.run.RunReport;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left beside a record of runs that fail in several ways. */
class FailureFileTest {
  @TempDir private Path folder;
  private final List<String> console = new ArrayList<>();
  private Path record;
  private Path file;

  @BeforeEach
  void aRecord() {
    record = folder.resolve("run.json");
    file = folder.resolve("run.json.failure");
  }

  private static SluiceException unreachable(String why) {
    return new SluiceException(ExitCode.UNREACHABLE, Diagnostic.of("SLU-5001", why, "wait"));
  }

  private static RunReport report(StageStatus status, String reason) {
    return new RunReport(
        new RunId("r-1"),
        "m",
        status,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        reason,
        ExitCode.RUN_FAILED);
  }

  @Test
  void aRefusalShowsNoSecret() throws IOException {
    FailureFile failure = new FailureFile(record, List.of("t0p-secret"));

    failure.write(unreachable("https://u:t0p-secret@registry does not answer"), console::add);

    assertThat(Files.readString(file)).contains("SLU-5001", "u:****@").doesNotContain("t0p-secret");
  }

  @Test
  void thatOfAnEarlierRunIsGoneOnceTheNextBegins() throws IOException {
    new FailureFile(record, List.of()).write(unreachable("earlier"), console::add);
    assertThat(file).exists();

    new FailureFile(record, List.of()).begin(console::add);

    assertThat(file).doesNotExist();
  }

  @Test
  void whatBreaksAfterwardsIsNotWhyTheRunFailed() throws IOException {
    FailureFile failure = new FailureFile(record, List.of());
    failure.write(report(StageStatus.FAILED, "the data is empty"), console::add);

    failure.write(unreachable("the server is gone"), console::add);

    RunFailure left = RunFailure.parse(Files.readString(file));
    assertThat(left.text()).isEqualTo("the data is empty");
    assertThat(left.code()).isEqualTo(ExitCode.RUN_FAILED);
  }

  @Test
  void aRunThatSucceededButCannotBeReportedSaysSo() throws IOException {
    FailureFile failure = new FailureFile(record, List.of());
    failure.write(report(StageStatus.SUCCEEDED, ""), console::add);
    assertThat(file).doesNotExist();

    failure.write(unreachable("the server is gone"), console::add);

    assertThat(RunFailure.parse(Files.readString(file)).text()).contains("the server is gone");
    assertThat(console).isEmpty();
  }
}
