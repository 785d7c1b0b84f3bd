package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.cluster.Cluster;
import io.sluice.cluster.ClusterRunner;
import io.sluice.cluster.TestCluster;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageName;
import io.sluice.local.Environment;
import io.sluice.local.Environments;
import io.sluice.local.LocalRunner;
import io.sluice.tekton.PipelineRunner;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TektonObject;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * Tekton's own examples, as far as they use what the compiler emits, on both runners: the same
 * statuses and results. Which ones they are stands in docs/both-runners.md. They are taken from
 * Tekton's Go module; images are replaced by one that has a shell, a pipeline or task within a run
 * becomes an object beside it.
 */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TektonExamplesClusterIT {
  private static final String MODULE = "github.com/tektoncd/pipeline@v1.15.0";
  private static final String NAMESPACE = "examples";

  /** Images whose examples want no more than a POSIX shell. */
  private static final Set<String> SHELLS = Set.of("alpine", "ubuntu", "bash", "busybox");

  /** Whom the pods of the test cluster must run as: Tekton sets {@code runAsNonRoot} there. */
  private static final Map<String, Object> NOT_ROOT =
      Map.of("runAsUser", 65532, "runAsNonRoot", true, "fsGroup", 65532);

  /** Those that agree on nothing that could be compared, with the reason. */
  private static final Map<String, String> UNFIT =
      Map.of(
          "taskruns/beta/large-task-result.yaml",
          "wants a feature of Tekton that is off by default (results by sidecar logs)",
          "taskruns/task-result.yaml",
          "its result is the time",
          "pipelineruns/beta/pipeline-with-when-expressions-using-array-results.yaml",
          "its check uses variables that there are not");

  private final String era = Long.toString(System.currentTimeMillis(), 36);
  private Path folder;
  private Path examples;
  private TestCluster cluster;
  private ClusterRunner there;

  /** An example as objects of ours. */
  private record Example(PipelineRun run, Pipeline pipeline, List<Task> tasks) {}

  /** It uses what is not the compiler's. */
  private static final class Outside extends Exception {
    private static final long serialVersionUID = 1;

    Outside(String why) {
      super(why);
    }
  }

  @BeforeAll
  void prepare(TestCluster cluster, @TempDir Path temporary) throws Exception {
    this.cluster = cluster;
    folder = temporary;
    examples = module().resolve("examples/v1");
    String unused =
        cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait").orFail();
    unused = cluster.kubectl("create", "namespace", NAMESPACE).orFail();
    there =
        new ClusterRunner(
            Cluster.of(
                Config.fromKubeconfig(Files.readString(cluster.kubeconfig())),
                NAMESPACE,
                new JdkHttpClientFactory()),
            Clock.systemUTC());
  }

  @AfterAll
  void end() {
    if (there != null) {
      there.close();
    }
  }

  private static Path module() throws IOException, InterruptedException {
    Process go;
    try {
      go =
          new ProcessBuilder("go", "mod", "download", "-json", MODULE)
              .directory(Path.of(System.getProperty("java.io.tmpdir")).toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return Assumptions.abort("Tekton's examples come by the program `go`: " + e.getMessage());
    }
    JsonNode said = Json.parse(go.getInputStream().readAllBytes());
    assertThat(go.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return Path.of(said.path("Dir").asText());
  }

  @Test
  void bothRunnersGiveTheSameResultsForTheExamples() throws Exception {
    List<String> names = new ArrayList<>();
    for (String kind : List.of("pipelineruns", "pipelineruns/beta", "taskruns", "taskruns/beta")) {
      try (Stream<Path> files = Files.list(examples.resolve(kind))) {
        files
            .map(Path::getFileName)
            .map(Path::toString)
            .filter(f -> f.endsWith(".yaml"))
            .sorted()
            .forEach(f -> names.add(kind + "/" + f));
      }
    }
    Map<String, Future<String>> all = new LinkedHashMap<>();
    ExecutorService some = Executors.newFixedThreadPool(4);
    Map<String, String> same = new TreeMap<>();
    Map<String, String> outside = new TreeMap<>();
    Map<String, String> differ = new TreeMap<>();
    try {
      names.forEach(name -> all.put(name, some.submit(() -> both(name, differ))));
      for (var e : all.entrySet()) {
        try {
          same.put(e.getKey(), e.getValue().get());
        } catch (ExecutionException why) {
          if (!(why.getCause() instanceof Outside)) {
            throw new AssertionError(e.getKey(), why.getCause());
          }
          outside.put(e.getKey(), why.getCause().getMessage());
        }
      }
    } finally {
      some.shutdownNow();
    }
    same.keySet().removeAll(differ.keySet());
    Path report = ForkedSluice.root().resolve("src/system-tests/target/tekton-examples.txt");
    Files.writeString(
        report,
        "same\n" + lines(same) + "\ndiffer\n" + lines(differ) + "\noutside\n" + lines(outside));
    assertThat(differ).as("see " + report).isEmpty();
    String page = Files.readString(ForkedSluice.root().resolve("docs/both-runners.md"));
    assertThat(same.keySet()).as("the page names them, see " + report).allMatch(page::contains);
    assertThat(outside.keySet()).as("the page says why not").allMatch(page::contains);
  }

  private String both(String name, Map<String, String> differ) throws Exception {
    if (UNFIT.containsKey(name)) {
      throw new Outside(UNFIT.get(name));
    }
    Path file = examples.resolve(name);
    String here = here(read(file, name));
    String onCluster;
    try {
      onCluster = told(there, read(file, name));
    } catch (SluiceException e) {
      // what a file of several objects was taken apart into is not always what it was
      throw new Outside("refused as one pipeline: " + e.diagnostics().getFirst().message());
    }
    if (!here.equals(onCluster)) {
      synchronized (differ) {
        differ.put(name, "here " + here + "\n  there " + onCluster);
      }
    }
    return here;
  }

  private static String lines(Map<String, String> all) {
    return all.entrySet().stream()
        .map(e -> e.getKey() + ": " + e.getValue() + "\n")
        .collect(Collectors.joining());
  }

  private String here(Example example) throws Exception {
    Environment machine = Environment.machine("shell");
    LocalRunner runner =
        new LocalRunner(
            new LocalRunner.Setting(
                Environments.of(Map.of(cluster.toolsImage(), machine)),
                Set.of(),
                (argv, env, cwd, out, err) -> 127,
                Map.of(),
                Map.of(),
                folder.resolve("runs"),
                2,
                Duration.ofSeconds(1),
                Clock.systemUTC()));
    try {
      return told(runner, example);
    } catch (SluiceException e) {
      throw new Outside(e.diagnostics().getFirst().message());
    }
  }

  private static String told(PipelineRunner runner, Example example) throws Exception {
    List<RunEvent> events = new ArrayList<>();
    Consumer<RunEvent> keep = events::add;
    RunOutcome outcome =
        runner.start(example.run(), example.pipeline(), example.tasks(), keep).await();
    Map<StageName, String> tasks = new LinkedHashMap<>();
    outcome
        .tasks()
        .forEach((name, t) -> tasks.put(name, t.status() + " " + new TreeMap<>(t.results())));
    return outcome.status()
        + " "
        + new TreeMap<>(outcome.results())
        + " "
        + new TreeMap<>(text(tasks));
  }

  private static Map<String, String> text(Map<StageName, String> tasks) {
    Map<String, String> out = new TreeMap<>();
    tasks.forEach((k, v) -> out.put(k.value(), v));
    return out;
  }

  private Example read(Path file, String name) throws Exception {
    String run = name.replaceAll("[^a-z0-9]+", "-").replaceAll("-yaml$", "");
    run = run.substring(0, Math.min(40, run.length())) + "-" + era;
    List<Map<String, Object>> documents = new ArrayList<>();
    for (Object document : new Yaml().loadAll(new StringReader(Files.readString(file)))) {
      if (document instanceof Map<?, ?> map) {
        documents.add(map(map));
      }
    }
    List<Map<String, Object>> out = new ArrayList<>();
    boolean runs = false;
    for (Map<String, Object> d : documents) {
      switch (String.valueOf(d.get("kind"))) {
        case "Task", "Pipeline" -> out.add(d);
        case "PipelineRun" -> {
          if (runs) {
            throw new Outside("several runs in one file");
          }
          runs = true;
          out.addAll(apart(d, run));
        }
        case "TaskRun" -> {
          if (runs) {
            throw new Outside("several runs in one file");
          }
          runs = true;
          out.addAll(apart(pipelineOf(d), run));
        }
        default -> throw new Outside("an object of another kind: " + d.get("kind"));
      }
    }
    for (Map<String, Object> d : out) {
      images(d);
    }
    DumperOptions plain = new DumperOptions();
    plain.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    List<TektonObject> objects;
    try {
      objects =
          TektonYaml.parse(
              new SourceFile(file.toString(), new Yaml(plain).dumpAll(out.iterator())));
    } catch (SluiceException e) {
      throw new Outside(e.diagnostics().getFirst().message());
    }
    Pipeline pipeline = null;
    PipelineRun pipelineRun = null;
    List<Task> tasks = new ArrayList<>();
    for (TektonObject object : objects) {
      switch (object) {
        case Pipeline p -> pipeline = p;
        case PipelineRun r -> pipelineRun = r;
        case Task t -> tasks.add(t);
      }
    }
    if (pipeline == null || pipelineRun == null) {
      throw new Outside("no pipeline, or no run of it");
    }
    return new Example(pipelineRun, pipeline, tasks);
  }

  /** A run with its pipeline within, as two objects. */
  private static List<Map<String, Object>> apart(Map<String, Object> run, String name) {
    Map<String, Object> spec = map((Map<?, ?>) run.get("spec"));
    List<Map<String, Object>> out = new ArrayList<>();
    if (spec.remove("pipelineSpec") instanceof Map<?, ?> within) {
      out.add(object("Pipeline", name, map(within)));
      spec.put("pipelineRef", Map.of("name", name));
    }
    spec.putIfAbsent("timeouts", map(Map.of("pipeline", "3m0s")));
    Object template = spec.get("taskRunTemplate");
    Map<String, Object> pods = template instanceof Map<?, ?> m ? map(m) : new LinkedHashMap<>();
    pods.remove("serviceAccountName");
    pods.putIfAbsent("podTemplate", map(Map.of("securityContext", NOT_ROOT)));
    spec.put("taskRunTemplate", pods);
    out.add(object("PipelineRun", name, spec));
    return out;
  }

  /** A TaskRun as a run of a pipeline of one task. */
  private static Map<String, Object> pipelineOf(Map<String, Object> taskRun) throws Outside {
    Map<String, Object> spec = map((Map<?, ?>) taskRun.get("spec"));
    Map<String, Object> task = new LinkedHashMap<>();
    task.put("name", "only");
    for (String key : List.of("taskSpec", "taskRef", "params", "timeout")) {
      Object value = spec.remove(key);
      if (value != null) {
        task.put(key, value);
      }
    }
    spec.remove("serviceAccountName");
    if (!spec.isEmpty()) {
      throw new Outside("a TaskRun's " + spec.keySet());
    }
    Map<String, Object> run = new LinkedHashMap<>();
    run.put("pipelineSpec", map(Map.of("tasks", List.of(task))));
    return object("TaskRun", "x", run);
  }

  private static Map<String, Object> object(String kind, String name, Map<String, Object> spec) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("apiVersion", "tekton.dev/v1");
    out.put("kind", kind);
    out.put("metadata", map(Map.of("name", name)));
    out.put("spec", spec);
    return out;
  }

  private static Map<String, Object> map(Map<?, ?> from) {
    Map<String, Object> out = new LinkedHashMap<>();
    from.forEach((k, v) -> out.put(String.valueOf(k), v));
    return out;
  }

  /** Replaces images by the one that is here. */
  private void images(Object node) throws Outside {
    if (node instanceof Map<?, ?> map) {
      @SuppressWarnings("unchecked")
      Map<String, Object> entries = (Map<String, Object>) map;
      for (Map.Entry<String, Object> e : entries.entrySet()) {
        if (e.getKey().equals("image") && e.getValue() instanceof String image) {
          String bare = image.replaceAll("^.*/", "").replaceAll("[:@].*$", "");
          if (!SHELLS.contains(bare)) {
            throw new Outside("an image with more than a shell: " + bare);
          }
          e.setValue(cluster.toolsImage());
        } else if (e.getKey().equals("script")
            && e.getValue() instanceof String script
            && script.startsWith("#!")
            && !script.lines().findFirst().orElse("").matches("#! ?/(usr/)?bin/(env )?(ba|a)?sh")) {
          throw new Outside("a script for another program: " + script.lines().findFirst().get());
        } else if (Set.of("workingDir", "mountPath").contains(e.getKey())
            && e.getValue() instanceof String path
            && path.startsWith("/")) {
          throw new Outside("a folder that only a container has: " + path);
        } else {
          images(e.getValue());
        }
      }
    } else if (node instanceof List<?> list) {
      for (Object each : list) {
        images(each);
      }
    }
  }
}
