package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageStatus;
import io.sluice.local.Environment;
import io.sluice.local.Environments;
import io.sluice.local.LocalRunner;
import io.sluice.platform.LocalSourceTree;
import io.sluice.store.FolderStore;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.lower.Catalog;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineRunSpec;
import io.sluice.tekton.yaml.TektonYaml;
import io.sluice.worker.WorkerMain;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The catalog's own sample of {@code sluice-fetch-source}, on real git. */
@Timeout(1800)
class FetchSourceIT {
  private static final Path SAMPLE =
      Path.of(
          System.getProperty("sluice.root"), "tekton-tasks/sluice-fetch-source/samples/run.yaml");

  @TempDir Path folder;
  private Path repository;
  private String commit = "";
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void aRepository() throws Exception {
    repository = Files.createDirectories(folder.resolve("repository"));
    write("returns/train.py", "print('$Id$')\n");
    write("returns/run.sh", "#!/bin/sh\n");
    assertThat(repository.resolve("returns/run.sh").toFile().setExecutable(true)).isTrue();
    write(".gitattributes", "train.py ident export-subst\nrun.sh export-ignore\n");
    write("sluice.yaml", "model: returns\n");
    git("init", "-q");
    git("add", "-A");
    git("commit", "-q", "-m", "first");
    commit = git("rev-parse", "HEAD");
    write("later.txt", "later\n");
    git("add", "-A");
    git("commit", "-q", "-m", "second");
  }

  @Test
  void theCodeOfACommitHasTheDigestThatALaptopGivesIt() throws Exception {
    RunOutcome outcome = fetch(Map.of());
    assertThat(outcome.status())
        .as("%s %s", outcome.reason(), log)
        .isEqualTo(StageStatus.SUCCEEDED);
    assertThat(outcome.results()).containsEntry("commit", commit);
    git("checkout", "-q", commit);
    List<Manifest.Entry> entries = new ArrayList<>();
    LocalSourceTree laptop = new LocalSourceTree(repository);
    for (var file : laptop.files()) {
      byte[] content = laptop.read(file.path()).orElseThrow();
      entries.add(
          new Manifest.Entry(file.path(), file.executable(), content.length, Digest.of(content)));
    }
    Manifest wanted = new Manifest(Optional.empty(), Map.of(), entries);
    assertThat(outcome.results()).containsEntry("code", wanted.digest().toString());
    assertThat(new FolderStore(folder.resolve("store")).manifest(wanted.digest()))
        .isEqualTo(wanted);
    assertThat(wanted.entries()).hasSize(4);
  }

  @Test
  void refusesCodeWhoseTreeIsNotTheExpectedOne() throws Exception {
    String tree = git("rev-parse", commit + "^{tree}");
    assertThat(fetch(Map.of("tree", tree)).status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(fetch(Map.of("tree", "0".repeat(40))).status()).isEqualTo(StageStatus.FAILED);
    assertThat(log).anyMatch(l -> l.contains("SLU-4623"));
  }

  @ParameterizedTest
  @CsvSource({
    "commit, main, commit must be an id",
    "commit, 0000000000000000000000000000000000000000, there is no commit",
    "commit, --upload-pack=touch, commit must be an id",
    "url, --upload-pack=touch ../injected, url must begin with",
    "url, ext::sh -c touch% injected, url must begin with",
    "url, file:///$(touch injected), url has a character",
    "url, file:///`touch injected`, url has a character",
    "url, https://user:hunter2@example.com/x, must not hold a password",
    "url, ssh://-oProxyCommand=x/y, must not hold a password",
    "url, file:///nowhere, cannot fetch from",
  })
  void refusesWithAReasonAndRunsNothing(String param, String value, String reason)
      throws Exception {
    RunOutcome outcome = fetch(Map.of(param, value));
    assertThat(outcome.status()).isEqualTo(StageStatus.FAILED);
    assertThat(log).as("%s", log).anyMatch(l -> l.contains(reason));
    try (var all = Files.walk(folder)) {
      assertThat(all.filter(p -> p.endsWith("injected"))).isEmpty();
    }
  }

  private RunOutcome fetch(Map<String, String> changed) throws Exception {
    Map<String, String> params = new TreeMap<>();
    params.put("url", "file://" + repository);
    params.put("commit", commit);
    params.put("git-image", "git:1");
    params.put("worker-image", "worker:1");
    params.putAll(changed);
    PipelineRun sample = (PipelineRun) parse(Files.readString(SAMPLE));
    PipelineRunSpec spec = sample.spec();
    var pipelineSpec = spec.pipelineSpec().orElseThrow();
    if (params.containsKey("tree")) {
      // the sample leaves it to the commit
      String text =
          TektonYaml.write(sample)
              .replace(
                  "      - name: git-image\n",
                  "      - name: tree\n        value: \""
                      + params.remove("tree")
                      + "\"\n"
                      + "      - name: git-image\n");
      pipelineSpec = ((PipelineRun) parse(text)).spec().pipelineSpec().orElseThrow();
    }
    PipelineRun run =
        new PipelineRun(
            Metadata.named("fetch-" + log.size()),
            new PipelineRunSpec(
                Optional.of(new PipelineRunSpec.PipelineRef("p")),
                Optional.empty(),
                params.entrySet().stream()
                    .map(p -> new Param(p.getKey(), ParamValue.of(p.getValue())))
                    .toList(),
                spec.workspaces(),
                spec.timeouts(),
                spec.taskRunTemplate(),
                List.of(),
                Optional.empty()));
    LocalRunner runner =
        new LocalRunner(
            new LocalRunner.Setting(
                Environments.of(Map.of("git:1", Environment.machine("git"))),
                Set.of("worker:1"),
                (argv, env, directory, out, err) ->
                    WorkerMain.worker().run(argv, env, directory, out, err),
                Map.of(),
                Map.of("store", folder.resolve("store")),
                folder.resolve("runs"),
                1,
                Duration.ofSeconds(5),
                Clock.systemUTC()));
    return runner
        .start(
            run,
            new Pipeline(Metadata.named("p"), pipelineSpec),
            List.of(Catalog.task("sluice-fetch-source")),
            e -> {
              if (e instanceof RunEvent.LogLine line) {
                log.add(line.text());
              }
            })
        .await();
  }

  private static Object parse(String text) {
    return TektonYaml.parse(new SourceFile("sample", text)).getFirst();
  }

  private void write(String path, String content) throws IOException {
    Path file = repository.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private String git(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("git", "-c", "user.name=t", "-c", "user.email=t@example.com"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .directory(repository.toFile())
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    return text.strip();
  }
}
