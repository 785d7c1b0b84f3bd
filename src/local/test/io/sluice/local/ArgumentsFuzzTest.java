package io.sluice.local;

import static io.sluice.core.run.StageStatus.SUCCEEDED;
import static io.sluice.local.Objects.IMAGE;
import static io.sluice.local.Objects.run;
import static io.sluice.local.Objects.step;
import static io.sluice.local.Objects.task;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.SourceFile;
import io.sluice.local.Objects.TaskOf;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.lower.Escapes;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.yaml.TektonYaml;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A user's arguments reach the process byte for byte, whatever Tekton, Kubernetes and YAML make of
 * them on the way: compiled, written, read back, interpreted, given to a process.
 */
@Timeout(1800)
class ArgumentsFuzzTest {
  private static final int TASKS = 10;
  private static final int ARGUMENTS = 30;
  private static final String[] PIECES = {
    "$",
    "$$",
    "$(",
    ")",
    "(",
    "$(params.x)",
    "$(params.words[*])",
    "$(context.dollar)",
    "$(HOME)",
    "$(tasks.t0.results.r)",
    "$(context.task.retry-count)",
    "${HOME}",
    "`id`",
    "\\",
    "\"",
    "'",
    "\n",
    "\t",
    " ",
    "*",
    "?",
    "~",
    "#",
    "- ",
    ": ",
    "|",
    ">",
    "&",
    "%s",
    "{",
    "}",
    "[",
    "]",
    "é",
    "日本",
    "\uD83D\uDE80",
    "a",
    "params",
    ".",
    "[*]",
    "--command",
    "=",
    "null",
    "true",
    "0x1F",
    "1e3",
    ""
  };

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void argumentsArriveUnchanged(long seed) throws Exception {
    Random random = new Random(seed);
    List<List<String>> wanted = new ArrayList<>();
    TaskOf[] tasks = new TaskOf[TASKS];
    for (int t = 0; t < TASKS; t++) {
      List<String> arguments = new ArrayList<>();
      for (int a = 0; a < ARGUMENTS; a++) {
        StringBuilder text = new StringBuilder();
        for (int p = random.nextInt(8); p > 0; p--) {
          text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        arguments.add(text.toString());
      }
      wanted.add(arguments);
      tasks[t] =
          task("t" + t)
              .templateEnv("context.dollar", "$$")
              .param("words", arguments.stream().map(Escapes::argument).toList())
              .steps(
                  step("s")
                      .command(
                          "/bin/sh",
                          "-c",
                          "for a; do printf '%s\\0' \"$a\"; done >\"$0\"",
                          folder.resolve("got-" + t).toString())
                      .args("$(params.words[*])"));
    }
    Objects.RunOf objects = run(tasks);
    Pipeline pipeline =
        (Pipeline)
            TektonYaml.parse(new SourceFile("p", TektonYaml.write(objects.pipeline()))).getFirst();
    LocalRunner runner =
        new LocalRunner(
            new LocalRunner.Setting(
                Environments.of(Map.of(IMAGE, Environment.machine("tools"))),
                Set.of(),
                (argv, env, directory, out, err) -> 1,
                Map.of(),
                Map.of(),
                folder.resolve("runs"),
                2,
                Duration.ofSeconds(5),
                Clock.systemUTC()));
    RunOutcome outcome = runner.start(objects.run(), pipeline, List.of(), e -> {}).await();
    assertThat(outcome.status()).as(outcome.reason()).isEqualTo(SUCCEEDED);
    for (int t = 0; t < TASKS; t++) {
      String got = Files.readString(folder.resolve("got-" + t), UTF_8);
      assertThat(List.of(got.split("\0", -1)).subList(0, ARGUMENTS)).isEqualTo(wanted.get(t));
    }
  }
}
