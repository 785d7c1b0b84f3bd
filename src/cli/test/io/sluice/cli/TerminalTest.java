package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What others wrote into log and registry, on a terminal. */
class TerminalTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
  private final Terminal terminal = new Terminal(stream, stream, false);

  @Test
  void anEntryOfTheLogIsOneLineWhateverItsAuthorWrote() {
    PromotionLog.Entry entry =
        new PromotionLog.Entry(
            7,
            PromotionLog.Kind.PROMOTE,
            6,
            3,
            "eve\u001b[1A\u001b[2K",
            "fine\n   8  promote   version 9\u202e",
            "r-1",
            Instant.parse("2026-11-30T12:00:00Z"),
            true,
            Digest.of("entry"),
            Optional.empty());
    terminal.print(ReleaseCommand.line(entry, true));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "   7  promote   version 3    2026-11-30T12:00:00Z  eve\ufffd[1A\ufffd[2K: fine\ufffd   8"
                + "  promote   version 9\ufffd  [champion]\n");
  }

  @Test
  void jsonIsTheSameValueAndDrivesNoTerminal() {
    var value = Json.object().put("who", "eve\u001b[1A\u009b2K\u202e");
    terminal.printJson(Json.pretty(value));
    String shown = out.toString(StandardCharsets.UTF_8);
    assertThat(shown).doesNotContain("\u001b", "\u009b", "\u202e");
    assertThat(Json.parse(shown)).isEqualTo(value);
  }
}
