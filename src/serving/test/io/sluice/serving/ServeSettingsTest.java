package io.sluice.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import io.sluice.serving.follow.FollowSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServeSettingsTest {
  private static ServeSettings of(Map<Setting, String> values) {
    return ServeSettings.of("m", Path.of("state"), values, 2);
  }

  @Test
  void withoutSettingsItListensOnThisMachineAndKeepsAllInItsOwnFolder() {
    ServeSettings settings = of(Map.of());
    assertThat(settings.host()).isEqualTo("127.0.0.1");
    assertThat(settings.folder().toString()).endsWith("/state/serving/m");
    assertThat(FollowSettings.folder(settings.follow().state(), "m"))
        .as("cache and ledger lie in one folder")
        .isEqualTo(settings.folder());
    assertThat(settings.ledger().place().toString()).startsWith(settings.folder() + "/");
    assertThat(settings.limits().workers()).isEqualTo(8);
    assertThat(settings.tokens()).isEmpty();
    assertThat(settings.follow().interval()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void aWrongValueIsRefusedByTheNameOfItsSetting() {
    for (Map.Entry<Setting, String> wrong :
        Map.of(
                Setting.PORT, "70000",
                Setting.INTERVAL, "10",
                Setting.LEDGER_MODE, "fast",
                Setting.PIN, "0",
                Setting.ACCEPT_UNVERIFIED, "maybe",
                Setting.INPUTS, "some",
                Setting.CONTROL, "101%",
                Setting.ROWS, "x")
            .entrySet()) {
      assertThatThrownBy(() -> of(Map.of(wrong.getKey(), wrong.getValue())))
          .as(wrong.toString())
          .isInstanceOf(SluiceException.class)
          .hasMessageContaining("SLU-9204")
          .hasMessageContaining("--" + wrong.getKey().option());
    }
  }

  @Test
  void optionsGoBeforeVariables() {
    assertThat(
            ServeMain.values(
                new String[] {"--port", "1", "--host=::1"},
                Map.of("SLUICE_SERVE_PORT", "2", "SLUICE_SERVE_ROWS", "3")))
        .isEqualTo(Map.of(Setting.PORT, "1", Setting.HOST, "::1", Setting.ROWS, "3"));
    for (List<String> wrong : List.of(List.of("--prot", "1"), List.of("--port"), List.of("x"))) {
      assertThatThrownBy(() -> ServeMain.values(wrong.toArray(String[]::new), Map.of()))
          .hasMessageContaining("SLU-9204");
    }
  }

  @Test
  void theTableOfSettingsIsComplete() throws IOException {
    List<String> rows =
        Files.readAllLines(Path.of(System.getProperty("sluice.root")).resolve("docs/serving.md"))
            .stream()
            .filter(line -> line.startsWith("| `--"))
            .toList();
    assertThat(rows)
        .containsExactlyElementsOf(
            Arrays.stream(Setting.values())
                .map(s ->
                    "| `--%s %s` | %s | %s |"
                        .formatted(
                            s.option(),
                            s.form().replace("|", "\\|"),
                            s.initial().isEmpty() ? "" : "`" + s.initial() + "`",
                            s.help().replace("|", "\\|")))
                .toList());
  }
}
