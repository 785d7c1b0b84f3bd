package io.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.core.diag.DiagnosticRenderer;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.SpecParser;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is wrong with a {@code --set} is shown in the argument, as it was typed. */
class SettingTest {
  private static Spec spec;

  @BeforeAll
  static void theExample() throws Exception {
    Path file =
        Path.of(System.getProperty("sluice.root")).resolve("pipelines/rma-forecast/sluice.yaml");
    spec = SpecParser.parse(new SourceFile("sluice.yaml", Files.readString(file))).orThrow();
  }

  @Test
  void aRightOneIsAnOverlayOfOneValue() {
    var change = Setting.overlay("stages.tune.with.trials=3", spec).stages().get("tune");
    assertThat(change.with().path("trials").asInt()).isEqualTo(3);
  }

  @Test
  void anUnknownStageIsMarkedInThePathAndTheNearestIsOffered() {
    assertThat(refused("stages.tnue.with.trials=3"))
        .startsWith(
            """
            error[SLU-1021]: no stage "tnue" to change
             --> --set:1:8
              |
            1 | stages.tnue.with.trials=3
              |        ^^^^
            hint: did you mean "tune"?\
            """);
  }

  @Test
  void anUnknownDataSourceToo() {
    assertThat(refused("data.retruns.timeout=5m"))
        .contains("SLU-1021", "--set:1:6", "     ^^^^^^^\n", "did you mean \"returns\"?");
  }

  @Test
  void anUnknownKeyAndAWrongValueAreMarkedWhereTheyStand() {
    assertThat(refused("stages.tune.with.trails=3"))
        .contains("SLU-1004", "--set:1:18", "1 | stages.tune.with.trails=3\n")
        .contains("                 ^^^^^^\n", "did you mean \"trials\"?");
    assertThat(refused("stages.tune.with.trials=many"))
        .contains("--set:1:25", "                        ^^^^\n");
    assertThat(refused("stagse.tune.with.trials=3")).contains("--set:1:1", "| ^^^^^^\n");
  }

  @Test
  void whatIsNoPathAndValueIsSaidSo() {
    assertThat(refused("trials")).contains("SLU-9023");
    assertThat(refused("=3")).contains("SLU-9023");
    assertThat(refused("stages..with=3")).contains("error[SLU-1");
    assertThat(refused("stages.tune.with.trials=")).contains("error[SLU-1");
    assertThat(refused("stages.tune.with.trials=[1")).contains("SLU-1001", "--set:1:");
  }

  @Test
  void oneRunMayAcceptLessOfADeliveryWithAReason() {
    String source = spec.data().firstKey();
    assertThat(
            Setting.overlay("data." + source + ".acceptLess=\"the US market closed\"", spec)
                .data()
                .get(source)
                .acceptLess())
        .contains("the US market closed");
    assertThat(refused("data." + source + ".acceptLess=\"\"")).contains("error[SLU-1");
    assertThat(refused("stages.tune.acceptLess=why")).contains("error[SLU-1");
  }

  private static String refused(String argument) {
    SluiceException e =
        catchThrowableOfType(SluiceException.class, () -> Setting.overlay(argument, spec));
    assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_WRONG);
    return DiagnosticRenderer.plain().render(e.diagnostics());
  }
}
