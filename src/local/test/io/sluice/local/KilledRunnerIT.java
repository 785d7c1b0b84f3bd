package io.sluice.local;

import static io.sluice.local.Objects.IMAGE;
import static io.sluice.local.Objects.run;
import static io.sluice.local.Objects.step;
import static io.sluice.local.Objects.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.core.run.StageStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(1800)
class KilledRunnerIT {
  @TempDir private Path folder;

  /** What the JVM that is killed runs: a step that does not listen, with a daemon of its own. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] args) throws InterruptedException {
      Path folder = Path.of(args[0]);
      var objects =
          run(
              task("t")
                  .steps(
                      step("s")
                          .script(
                              "trap '' TERM; (setsid sh -c 'echo $$ > "
                                  + folder
                                  + "/daemon; while :; do sleep 1; done' &); echo $$ > "
                                  + folder
                                  + "/step; while :; do sleep 1; done")));
      runner(folder).start(objects.run(), objects.pipeline(), List.of(), e -> {}).await();
    }
  }

  @Test
  void stepsOfAKilledRunnerEndByThemselvesAndTheNextRunRepairs() throws Exception {
    Process victim =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName(),
                folder.toString())
            .inheritIO()
            .start();
    await().atMost(Duration.ofMinutes(5)).until(() -> pid("step") > 0 && pid("daemon") > 0);
    assertThat(folder.resolve("runs/r1").resolve("work/t-0")).exists();
    victim.destroyForcibly().waitFor();
    await()
        .atMost(Duration.ofMinutes(5))
        .until(() ->
            ProcessHandle.of(pid("step")).isEmpty() && ProcessHandle.of(pid("daemon")).isEmpty());
    var next = run(task("n").steps(step("s").command("true")));
    next.name = "r2";
    var outcome = runner(folder).start(next.run(), next.pipeline(), List.of(), e -> {}).await();
    assertThat(outcome.status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(folder.resolve("runs/r1/work")).doesNotExist();
  }

  private long pid(String file) throws java.io.IOException {
    Path path = folder.resolve(file);
    String text = Files.exists(path) ? Files.readString(path).strip() : "";
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private static LocalRunner runner(Path folder) {
    return new LocalRunner(
        new LocalRunner.Setting(
            Environments.of(Map.of(IMAGE, Environment.machine("tools"))),
            Set.of(),
            (argv, env, directory, out, err) -> 0,
            Map.of(),
            Map.of(),
            folder.resolve("runs"),
            2,
            Duration.ofSeconds(1),
            Clock.systemUTC()));
  }
}
