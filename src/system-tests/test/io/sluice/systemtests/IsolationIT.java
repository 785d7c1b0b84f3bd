package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.local.environment.EnvironmentBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two environments of one pipeline pin versions of a library that cannot be installed together.
 * Each stage sees its own, independent of the environment of the shell that starts the run.
 */
@Timeout(1800)
class IsolationIT {
  /** What a stage sees, on one line; the names of variables that can change it as well. */
  private static final String LOOK =
      """
      python -c '
      import os, site, sys, six
      strange = sorted(k for k in os.environ if k.startswith(("CONDA", "PIP_", "UV_", "PYTHONPATH",
          "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE")))
      print("sees six", six.__version__, "from its own folder:", six.__file__.startswith(sys.prefix),
          "user site:", site.ENABLE_USER_SITE, "strange:", strange,
          "active:", os.environ["VIRTUAL_ENV"] == sys.prefix,
          "config:", os.path.exists(os.path.expanduser("~/.config")))
      '
      """;

  @TempDir Path folder;

  @Test
  void everyStageSeesTheVersionThatItsOwnLockPins() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("pipeline"));
    Files.writeString(pipeline.file("old.lock"), OwnPredictIT.OLD);
    Files.writeString(pipeline.file("new.lock"), OwnPredictIT.NEW);
    pipeline.data(LOOK + "cp src/weeks \"$SLUICE_OUTPUTS/weeks\"");
    pipeline.split(LOOK + "cp -r src/validation src/holdout \"$SLUICE_OUTPUTS\"", "");
    Path spec = pipeline.file("sluice.yaml");
    Files.writeString(
        spec,
        Files.readString(spec)
            .replace(
                "environments:\n",
                """
                environments:
                  old: { python: "3.11", lock: old.lock }
                  new: { python: "3.11", lock: new.lock }
                """)
            .replaceFirst("weeks:\n    environment: shell", "weeks:\n    environment: old")
            .replaceFirst("split:\n    environment: shell", "split:\n    environment: new"));

    ForkedSluice.Ended run =
        hostile(new ForkedSluice(folder.resolve("state")))
            .run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "apart");

    assertThat(run.code()).as(run.shown()).isZero();
    String rest =
        " from its own folder: True user site: False strange: [] active: True config: False";
    assertThat(seen("data-weeks")).containsExactly("sees six 1.16.0" + rest);
    assertThat(seen("split")).containsExactly("sees six 1.17.0" + rest);
  }

  @Test
  void anEnvironmentThatCannotBeInstalledNamesThePackageAndTheReason() throws Exception {
    TinyPipeline pipeline =
        new TinyPipeline(folder.resolve("damaged"))
            .locked("six==1.16.0 --hash=sha256:" + "0".repeat(64));
    ForkedSluice sluice = new ForkedSluice(folder.resolve("state"));
    ForkedSluice.Ended run = sluice.run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF);
    assertThat(run.code()).as(run.shown()).isEqualTo(2);
    assertThat(run.err())
        .contains("SLU-3011", "shell", "six==1.16.0", "another hash", "shell.lock");
    assertThat(run.shown()).doesNotContain("\tat ");
  }

  /** Everything that is known to lead Python, pip or uv astray, and a cache that is still empty. */
  private ForkedSluice hostile(ForkedSluice sluice) throws IOException {
    Path home = Files.createDirectories(folder.resolve("home"));
    Path user = Files.createDirectories(home.resolve(".local/lib/python3.11/site-packages"));
    Path path = Files.createDirectories(folder.resolve("path"));
    for (Path place : List.of(user, path)) {
      Files.writeString(place.resolve("six.py"), "__version__ = 'leaked'\n");
      Files.writeString(place.resolve("sitecustomize.py"), "raise SystemExit('leaked')\n");
    }
    Path startup = Files.writeString(path.resolve("startup.py"), "raise SystemExit('leaked')\n");
    Path pip = Files.createDirectories(home.resolve(".config/pip"));
    Files.writeString(pip.resolve("pip.conf"), "[install]\nuser = true\ntarget = /nowhere\n");
    Path cache = Files.createDirectories(folder.resolve("cache/sluice"));
    try (Stream<Path> here = Files.list(EnvironmentBuilder.cacheFolder(System.getenv()))) {
      for (Path shared : here.toList()) {
        // MLflow's environment and uv are not what is tried here, and take long to fetch
        String name = shared.getFileName().toString();
        if (name.matches("uv-[0-9.]+|environments")) {
          lend(shared, cache.resolve(name));
        }
      }
    }
    return sluice
        .with("HOME", home.toString())
        .with("XDG_CACHE_HOME", cache.getParent().toString())
        .with("PYTHONPATH", path.toString())
        .with("PYTHONSTARTUP", startup.toString())
        .with("PYTHONUSERBASE", home.resolve(".local").toString())
        .with("VIRTUAL_ENV", path.toString())
        .with("CONDA_PREFIX", path.toString())
        .with("CONDA_DEFAULT_ENV", "base")
        .with("PIP_TARGET", path.toString())
        .with("PIP_USER", "1")
        .with("PIP_CONSTRAINT", startup.toString())
        .with("UV_SYSTEM_PYTHON", "1")
        .with("UV_CONSTRAINT", startup.toString())
        .with("UV_PYTHON", "/usr/bin/python3");
  }

  /** uv as a whole; of the environments all that are there, but none of the two of this test. */
  private static void lend(Path shared, Path own) throws IOException {
    if (!shared.getFileName().toString().equals("environments")) {
      Files.createSymbolicLink(own, shared);
      return;
    }
    Files.createDirectories(own);
    try (Stream<Path> built = Files.list(shared)) {
      for (Path environment : built.filter(Files::isDirectory).toList()) {
        Path marker = environment.resolve("complete.json");
        if (Files.isRegularFile(marker) && Files.readString(marker).contains("\"mlflow\"")) {
          Files.createSymbolicLink(own.resolve(environment.getFileName()), environment);
        }
      }
    }
  }

  private List<String> seen(String stage) throws IOException {
    Path events = folder.resolve("state/runs/apart/events.jsonl");
    return ForkedSluice.json(Files.readString(events)).stream()
        .filter(e -> e.path("stage").asText().equals(stage))
        .map((JsonNode e) -> e.path("text").asText())
        .filter(line -> line.startsWith("sees six"))
        .toList();
  }
}
