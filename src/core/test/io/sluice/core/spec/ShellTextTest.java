package io.sluice.core.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs texts of commands by the shells of this machine. */
class ShellTextTest {
  private record Ended(int code, String output) {}

  private static Ended run(String text, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(new Spec.Command.Script(text).argv());
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectInput(new File("/dev/null"));
    Process process = builder.start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return new Ended(process.waitFor(), output);
  }

  private static Ended run(String text) throws IOException, InterruptedException {
    return run(text, Map.of("PATH", "/usr/bin:/bin"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "false | cat",
        "(echo 110; exit 3) | cat | cat",
        "x=$(false | cat); echo $x",
        "cat <<E | false | cat\nit's\nE\n",
        "{ echo half; kill -9 $$; } | cat",
        "false |\ncat",
        "echo $unset | cat"
      })
  void theFailureOfAnyPartOfAPipeFails(String text) throws Exception {
    assertThat(run(text).code()).isNotZero();
  }

  @Test
  void theFailureKeepsItsCode() throws Exception {
    assertThat(run("(exit 7) | cat").code()).isEqualTo(7);
  }

  @Test
  void whatSucceedsSucceedsAndSeesNoArguments() throws Exception {
    assertThat(run("printf 'b\\na\\n' | sort | tr '\\n' ' '; echo $#"))
        .isEqualTo(new Ended(0, "a b 0"));
    assertThat(run("false || echo 'a|b'")).isEqualTo(new Ended(0, "a|b"));
    assertThat(run("case x in a|x) echo yes;; esac")).isEqualTo(new Ended(0, "yes"));
    assertThat(run("(false | cat) || echo caught")).isEqualTo(new Ended(0, "caught"));
  }

  @Test
  void aTextWithoutAPipeIsGivenToTheShellAsItIs() {
    assertThat(new Spec.Command.Script("a || b; c").argv())
        .containsExactly("/bin/sh", "-eu", "-c", "a || b; c");
  }

  @Test
  void whereNoShellTellsOfAFailureNothingRuns() throws Exception {
    List<String> plain = new ArrayList<>(List.of("/bin/sh", "-o", "pipefail", "-c", ":"));
    Process probe = new ProcessBuilder(plain).redirectErrorStream(true).start();
    probe.getInputStream().readAllBytes();
    boolean shellHasIt = probe.waitFor() == 0;

    Ended ended = run("echo ran | while read -r x; do echo $x; done", Map.of("PATH", "/nowhere"));

    if (shellHasIt) {
      assertThat(ended).isEqualTo(new Ended(0, "ran"));
    } else {
      assertThat(ended.code()).isEqualTo(2);
      assertThat(ended.output()).startsWith("SLU-3041").doesNotContain("ran");
    }
  }
}
