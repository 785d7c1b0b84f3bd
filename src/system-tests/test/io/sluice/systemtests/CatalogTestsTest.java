package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.Compilation;
import io.sluice.app.Pipelines;
import io.sluice.core.diag.SourceFile;
import io.sluice.ml.Wheel;
import io.sluice.platform.LocalSourceTree;
import io.sluice.tekton.lower.Catalog;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineRunSpec;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.WorkspaceDeclaration;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The tests of the task catalog, {@code tekton-tasks/<task>/tests/run.yaml}, are what the compiler
 * makes of {@code test-fixtures/catalog}: of its pipeline the task and what comes before it, as a
 * run that begins with a repository and fetches its code from there. To write them anew: this test
 * with {@code -Dgoldens=write}. They are run by {@link CatalogClusterIT}.
 */
class CatalogTestsTest {
  private static final Path ROOT = Path.of(System.getProperty("sluice.root"));
  private static final Path PIPELINE = ROOT.resolve("test-fixtures/catalog");
  private static final Pattern PRODUCER = Pattern.compile("\\$\\(tasks\\.([a-z0-9-]+)\\.");
  private static final Pattern PARAM =
      Pattern.compile("\\$\\(params\\.([a-z0-9-]+)(?:\\[\\*])?\\)");

  /** What a stranger's cluster has to replace. */
  private static final Map<String, String> IMAGES =
      Map.of(
          "git-image", "git:2.52",
          "image-python", "python:3.11-slim",
          "worker-image", "sluice-worker:0.1.0",
          "tuner-image", "sluice-tuner:0.1.0",
          "drift-image", "sluice-drift:0.1.0");

  /** The repository that is fetched, and the fetching of it. */
  private static final String SOURCE =
      """
      apiVersion: tekton.dev/v1
      kind: Pipeline
      metadata:
        name: source
      spec:
        params:
        - name: git-image
          description: Image with git and a shell.
        workspaces:
        - name: store
        tasks:
        - name: repository
          params:
          - name: git-image
            value: $(params.git-image)
          taskSpec:
            params:
            - name: git-image
            workspaces:
            - name: source
            results:
            - name: commit
            steps:
            - name: commit
              image: $(params.git-image)
              securityContext: RESTRICTED
              workingDir: $(workspaces.source.path)
              args: [$(results.commit.path)]
              script: |
      %s
          workspaces:
          - name: source
            workspace: store
            subPath: source-of-tests
        - name: source
          taskRef:
            name: sluice-fetch-source
          params:
          - name: url
            value: file:///workspace/source/upstream
          - name: commit
            value: $(tasks.repository.results.commit)
          - name: include
            value: ["src/**"]
          - name: git-image
            value: $(params.git-image)
          - name: worker-image
            value: $(params.worker-image)
          workspaces:
          - name: source
            workspace: store
            subPath: source-of-tests
          - name: store
      """;

  /** Says what a task gave; part of every test. */
  private static final String CHECK =
      """
      apiVersion: tekton.dev/v1
      kind: Pipeline
      metadata:
        name: check
      spec:
        tasks:
        - name: check
          params:
          - name: image
            value: $(params.worker-image)
          - name: result
            value: $(tasks.%s.results.%s)
          taskSpec:
            params:
            - name: image
            - name: result
            steps:
            - name: check
              image: $(params.image)
              securityContext: RESTRICTED
              args: [$(params.result)]
              script: |
                #!/bin/sh
                case $1 in
                  %s) echo "$1" ;;
                  *) echo "not what was expected: '$1'" >&2; exit 1 ;;
                esac
      """;

  static List<String> tasks() {
    return Catalog.NAMES;
  }

  @Tag("golden")
  @ParameterizedTest
  @MethodSource("tasks")
  void aTestIsWhatTheCompilerMakes(String task) throws IOException {
    Path file = ROOT.resolve("tekton-tasks").resolve(task).resolve("tests/run.yaml");
    String wanted = text(task);
    if ("write".equals(System.getProperty("goldens"))) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, wanted);
    }
    assertThat(file).exists();
    assertThat(Files.readString(file))
        .as("%s; -Dgoldens=write writes it anew", ROOT.relativize(file))
        .isEqualTo(wanted);
  }

  private static String text(String task) throws IOException {
    PipelineSpec whole = compiled();
    PipelineSpec source = pipeline(SOURCE.formatted(script().indent(10).stripTrailing())).spec();
    Map<String, PipelineTask> all = new LinkedHashMap<>();
    Stream.of(source.tasks(), whole.tasks(), whole.last())
        .flatMap(List::stream)
        .forEach(t -> all.put(t.name(), t));
    PipelineTask tested =
        all.values().stream()
            .filter(t -> t.taskRef().filter(r -> r.name().equals(task)).isPresent())
            .reduce((a, b) -> b)
            .orElseThrow();
    TreeSet<String> needed = new TreeSet<>();
    need(tested, all, needed);
    boolean last = whole.last().contains(tested);
    if (last) {
      needed.addAll(all.keySet());
    }
    List<PipelineTask> before =
        all.values().stream()
            .filter(t -> needed.contains(t.name()) && !whole.last().contains(t))
            .toList();
    List<PipelineTask> tasks = new ArrayList<>(before);
    result(tested, task).ifPresent(tasks::add);
    List<PipelineTask> end = last ? List.of(tested) : List.of();

    String used = tasks + "" + end;
    List<ParamSpec> params =
        Stream.concat(source.params().stream(), whole.params().stream())
            .filter(p -> names(PARAM, used).contains(p.name()))
            .toList();
    List<WorkspaceDeclaration> workspaces =
        whole.workspaces().stream()
            .filter(w -> uses(tasks, w.name()) || uses(end, w.name()))
            .toList();
    PipelineSpec spec =
        new PipelineSpec(
            Optional.empty(), Optional.empty(), params, workspaces, List.of(), tasks, end);
    PipelineRun frame = frame(task, workspaces);
    PipelineRunSpec f = frame.spec();
    List<Param> values =
        params.stream()
            .filter(p -> p.fallback().isEmpty())
            .map(p -> Param.of(p.name(), IMAGES.get(p.name())))
            .toList();
    return head(task, tasks, end)
        + TektonYaml.write(
            new PipelineRun(
                frame.metadata(),
                new PipelineRunSpec(
                    Optional.empty(),
                    Optional.of(spec),
                    values,
                    f.workspaces(),
                    f.timeouts(),
                    f.taskRunTemplate(),
                    List.of(),
                    Optional.empty())));
  }

  /** The pipeline as compiled, its run named by Tekton and its code fetched by the test. */
  private static PipelineSpec compiled() {
    String text =
        Compilation.of(Pipelines.open(new LocalSourceTree(PIPELINE), "sluice.yaml"), Wheel.digest())
            .files()
            .get("pipeline.yaml");
    return pipeline(
            text.replace("$(params.run)", "$(context.pipelineRun.name)")
                .replace("$(params.code)", "$(tasks.source.results.code)")
                .replace("$(params.commit)", "$(tasks.source.results.commit)")
                // there is no champion in a test; its data would be these
                .replace(
                    "?reference=$(tasks.resolve.results.outputs)#champion/snapshots/split/holdout",
                    "reference=$(tasks.split.results.outputs)#validation"))
        .spec();
  }

  private static Pipeline pipeline(String text) {
    String restricted =
        "{runAsUser: 65532, runAsNonRoot: true, allowPrivilegeEscalation: false,"
            + " capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}";
    return (Pipeline)
        TektonYaml.parse(new SourceFile("test", text.replace("RESTRICTED", restricted))).getFirst();
  }

  /** What makes a repository of the pipeline's files; the same files give the same commit. */
  private static String script() throws IOException {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        #!/bin/sh
        # A repository with the code of the tests, in place of yours.
        set -eu
        rm -rf upstream
        mkdir -p upstream/src
        cd upstream
        export HOME="$PWD" GIT_AUTHOR_DATE='2026-03-01T00:00:00Z' GIT_COMMITTER_DATE='2026-03-01T00:00:00Z'
        """);
    try (Stream<Path> files = Files.list(PIPELINE.resolve("src"))) {
      for (Path file : files.sorted().toList()) {
        String text = Files.readString(file);
        // Tekton would take it for one of its own references
        assertThat(text).as("%s", file).doesNotContain("$(");
        out.append("cat >src/").append(file.getFileName()).append(" <<'END OF FILE'\n");
        out.append(text).append("END OF FILE\n");
      }
    }
    out.append(
        """
        git init -q -b main .
        git add src
        git -c user.name=test -c user.email=test@example.com commit -q -m 'The code of the tests'
        git rev-parse HEAD | tr -d '\\n' >"$1"
        """);
    return out.toString();
  }

  private static void need(PipelineTask task, Map<String, PipelineTask> all, TreeSet<String> out) {
    if (out.add(task.name())) {
      names(PRODUCER, task.toString()).forEach(n -> need(all.get(n), all, out));
      task.runAfter().forEach(n -> need(all.get(n), all, out));
    }
  }

  private static TreeSet<String> names(Pattern pattern, String text) {
    TreeSet<String> names = new TreeSet<>();
    Matcher m = pattern.matcher(text);
    while (m.find()) {
      names.add(m.group(1));
    }
    return names;
  }

  private static boolean uses(List<PipelineTask> tasks, String workspace) {
    return tasks.stream()
        .flatMap(t -> t.workspaces().stream())
        .anyMatch(w -> w.workspace().orElse(w.name()).equals(workspace));
  }

  /** A task that looks at what the tested one gave; none for one that gives nothing. */
  private static Optional<PipelineTask> result(PipelineTask tested, String task) {
    String name =
        Catalog.task(task).spec().results().stream().map(r -> r.name()).findFirst().orElse("");
    String pattern = "sha256:*";
    if (task.equals("sluice-gate")) {
      name = "verdict";
      pattern = "PROMOTE";
    }
    return name.isEmpty()
        ? Optional.empty()
        : Optional.of(
            pipeline(CHECK.formatted(tested.name(), name, pattern)).spec().tasks().getFirst());
  }

  private static PipelineRun frame(String task, List<WorkspaceDeclaration> workspaces) {
    StringBuilder bound = new StringBuilder();
    for (WorkspaceDeclaration w : workspaces) {
      bound.append("  - name: ").append(w.name()).append('\n');
      bound.append(
          switch (w.name()) {
            case "store" ->
                """
                    persistentVolumeClaim:
                      claimName: sluice-store
                """;
            case "registry-read", "registry-write" ->
                """
                    secret:
                      secretName: %s
                """
                    .formatted(
                        w.name()
                            .replace("registry-read", "mlflow-reader")
                            .replace("registry-write", "mlflow-writer"));
            default -> "    emptyDir: {}\n";
          });
    }
    return (PipelineRun)
        TektonYaml.parse(
                new SourceFile(
                    "frame",
                    """
                    apiVersion: tekton.dev/v1
                    kind: PipelineRun
                    metadata:
                      generateName: test-%s-
                    spec:
                      pipelineRef:
                        name: x
                      workspaces:
                    %s
                      timeouts:
                        pipeline: 15m
                      taskRunTemplate:
                        podTemplate:
                          securityContext:
                            runAsUser: 65532
                            runAsGroup: 65532
                            runAsNonRoot: true
                            fsGroup: 65532
                    """
                        .formatted(task.substring("sluice-".length()), bound)))
            .getFirst();
  }

  private static String head(String task, List<PipelineTask> tasks, List<PipelineTask> end) {
    TreeMap<String, String> apply = new TreeMap<>();
    Stream.concat(tasks.stream(), end.stream())
        .flatMap(t -> t.taskRef().stream())
        .forEach(r -> apply.put(r.name(), " -f tekton-tasks/%1$s/%1$s.yaml".formatted(r.name())));
    return """
    # A test of %s: kubectl create -f tests/run.yaml. It passes when the run does. It wants a claim
    # sluice-store, the Secrets of docs/cluster.md where it binds them, images of your own in place
    # of the params', and: kubectl apply%s
    """
        .formatted(task, String.join("", apply.values()));
  }
}
