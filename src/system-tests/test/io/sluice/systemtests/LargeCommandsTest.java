package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.app.Compilation;
import io.sluice.app.Pipelines;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.SluiceException;
import io.sluice.ml.Wheel;
import io.sluice.platform.LocalSourceTree;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Commands that no cluster could run: refused where they stand, by check and before any run. */
class LargeCommandsTest {
  private static final Path EXAMPLE =
      Path.of(System.getProperty("sluice.root"), "pipelines/rma-forecast");

  private static Pipelines.Opened open(String command) throws Exception {
    String spec = java.nio.file.Files.readString(EXAMPLE.resolve("sluice.yaml"));
    int at = spec.indexOf("    run: ");
    String changed =
        spec.substring(0, at) + "    run: " + command + spec.substring(spec.indexOf('\n', at));
    return Pipelines.open(new WithSpec(new LocalSourceTree(EXAMPLE), changed), "sluice.yaml");
  }

  @Test
  void aCommandOfAHundredThousandBytesFullOfDollarsIsRefusedWithItsPlace() throws Exception {
    String command = "'" + "echo $(true); ".repeat(12_000) + "'";
    assertThatThrownBy(() -> open(command))
        .isInstanceOfSatisfying(
            SluiceException.class,
            e -> {
              assertThat(e.diagnostics()).hasSize(1);
              Diagnostic d = e.diagnostics().getFirst();
              assertThat(d.id()).isEqualTo("SLU-2031");
              assertThat(d.location()).isPresent();
              assertThat(d.location().get().column()).isGreaterThan(1);
              assertThat(d.hint().orElse("")).contains("file of the code");
            });
  }

  @Test
  void aLongCommandThatFitsStandsOnceInEachTaskRun() throws Exception {
    String mark = "marked-by-this-test";
    String pipeline =
        Compilation.of(open("[sh, -c, 'echo $(" + mark + ")']"), Wheel.digest())
            .files()
            .get("pipeline.yaml");
    assertThat(pipeline.split(mark, -1)).hasSize(2);
    for (String task : List.of("sluice-stage", "sluice-tune")) {
      String text = io.sluice.tekton.lower.Catalog.text(task);
      assertThat(text.split("params\\.command", -1)).as(task).hasSize(2);
    }
  }
}
