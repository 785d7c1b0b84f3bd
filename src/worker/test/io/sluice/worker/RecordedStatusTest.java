package io.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import io.sluice.store.Area;
import io.sluice.store.FolderStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a run ended, out of what Tekton says of its tasks: an untrusted run on a real store. */
class RecordedStatusTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          succeeded | Completed | resolve=Succeeded:Succeeded gate=Succeeded:Succeeded register=None: promote=None:
          succeeded | Failed    | resolve=Succeeded:Succeeded ?train-a=Failed:Failed gate=Succeeded:Succeeded
          succeeded | Completed | resolve=Succeeded:Succeeded ?train-a=None: gate=Succeeded:Succeeded
          succeeded | Succeeded | resolve=Succeeded:Succeeded gate=None:NotAskedFor
          cancelled | Failed    | resolve=Succeeded:Succeeded split=Failed:TaskRunCancelled gate=None:
          cancelled | Completed | resolve=Succeeded:Succeeded split=None: gate=None:
          failed    | Failed    | resolve=Succeeded:Succeeded ?train-a=Failed:Failed evaluate=None: gate=None:
          failed    | Failed    | resolve=Succeeded:Succeeded split=Failed:Failed gate=None:
          """)
  void itIsSaid(String expected, String status, String tasks) throws Exception {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    FolderStore store = new FolderStore(folder, Area.UNTRUSTED);
    Worker worker =
        new Worker(
            Clock.fixed(Instant.parse("2026-03-02T00:00:00Z"), ZoneOffset.UTC),
            (path, untrusted) -> store,
            (env, says) -> {
              throw new AssertionError("an untrusted run does not write to the registry");
            });
    List<String> argv = new ArrayList<>(List.of("record", "--run", "r", "--model", "m"));
    argv.addAll(List.of("--store", folder.toString(), "--untrusted", "yes", "--status", status));
    argv.add("--tasks");
    argv.addAll(List.of(tasks.strip().split(" ")));
    int code =
        worker.run(
            argv,
            Map.of(),
            folder,
            new PrintStream(err, true, UTF_8),
            new PrintStream(err, true, UTF_8));
    assertThat(code).as(err.toString(UTF_8)).isZero();
    assertThat(Json.parse(store.records(new RunId("r")).getLast()).path("status").asText())
        .isEqualTo(expected);
  }
}
