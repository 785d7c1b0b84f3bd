package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TektonObject;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A namespace of the real cluster for one test class, under the Pod Security level {@code
 * restricted}; gone with everything in it when it is closed.
 */
final class Namespace implements AutoCloseable {
  private static final String SECURE =
      """
          securityContext:
            runAsUser: 65532
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities:
              drop: [ALL]
            seccompProfile:
              type: RuntimeDefault
      """;

  final String name;
  private final String tools;
  private final Config config;
  private final KubernetesClient admin;

  Namespace(TestCluster cluster, String purpose) {
    this.tools = cluster.toolsImage();
    this.config = config(cluster);
    this.name =
        "runner-"
            + purpose
            + "-"
            + Long.toString(System.nanoTime() & 0xfffff, 36).toLowerCase(Locale.ROOT);
    this.admin =
        new KubernetesClientBuilder()
            .withConfig(config)
            .withHttpClientFactory(new JdkHttpClientFactory())
            .build();
    admin
        .namespaces()
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("pod-security.kubernetes.io/enforce", "restricted")
                .endMetadata()
                .build())
        .create();
  }

  private static Config config(TestCluster cluster) {
    try {
      return Config.fromKubeconfig(Files.readString(cluster.kubeconfig()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  KubernetesClient admin() {
    return admin;
  }

  Cluster cluster() {
    return Cluster.of(config, name, new JdkHttpClientFactory());
  }

  /** A client of its own, as another process would be. */
  ClusterRunner runner() {
    return new ClusterRunner(cluster(), Clock.systemUTC());
  }

  /** One whose requests are shown to somebody before they are sent. */
  ClusterRunner runner(Consumer<HttpRequest> watcher) {
    Interceptor shows =
        new Interceptor() {
          @Override
          public void before(BasicBuilder request, HttpRequest sent, Interceptor.RequestTags tags) {
            watcher.accept(sent);
          }
        };
    HttpClient.Factory jdk = new JdkHttpClientFactory();
    HttpClient.Factory http = () -> jdk.newBuilder().addOrReplaceInterceptor("shows", shows);
    return new ClusterRunner(Cluster.of(config, name, http), Clock.systemUTC());
  }

  /** What a run was told to be, and how to wait for things in it. */
  static final class Story implements Consumer<RunEvent> {
    private final List<RunEvent> events = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void accept(RunEvent event) {
      events.add(event);
    }

    List<RunEvent> events() {
      synchronized (events) {
        return List.copyOf(events);
      }
    }

    List<String> lines(String stage, String step) {
      return events().stream()
          .filter(RunEvent.LogLine.class::isInstance)
          .map(RunEvent.LogLine.class::cast)
          .filter(l -> l.stage().value().equals(stage) && l.step().equals(step))
          .map(RunEvent.LogLine::text)
          .toList();
    }

    List<RunEvent.StageFinished> finished() {
      return events().stream()
          .filter(RunEvent.StageFinished.class::isInstance)
          .map(RunEvent.StageFinished.class::cast)
          .toList();
    }

    RunEvent.StageFinished finished(String stage) {
      return finished().stream()
          .filter(f -> f.stage().value().equals(stage))
          .reduce((a, b) -> b)
          .orElseThrow();
    }
  }

  /** Starts a run of tasks that are a shell script each; the last one is {@code finally}. */
  Running start(ClusterRunner runner, String id, Consumer<RunEvent> events, String... tasks) {
    return start(runner, objects(id, tasks) + run(id, id), events);
  }

  /** Tasks that are a shell script each, and their pipeline, under names that begin alike. */
  String objects(String name, String... tasks) {
    StringBuilder text = new StringBuilder();
    StringBuilder uses = new StringBuilder();
    for (int i = 0; i < tasks.length; i++) {
      String task = (char) ('a' + i) + "";
      text.append(task(name + "-" + task, tasks[i]));
      boolean last = i == tasks.length - 1 && tasks.length > 1;
      uses.append(last ? "  finally:\n" : i == 0 ? "  tasks:\n" : "");
      uses.append("  - name: " + task + "\n    taskRef:\n      name: " + name + "-" + task + "\n");
      if (i > 0 && !last) {
        uses.append("    runAfter: [" + (char) ('a' + i - 1) + "]\n");
      }
    }
    text.append(
        "---\napiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata:\n  name: "
            + name
            + "\nspec:\n"
            + uses);
    return text.toString();
  }

  /** A run of a pipeline. */
  static String run(String id, String pipeline) {
    return """
    ---
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata:
      name: %1$s
      labels:
        sluice.io/run: %1$s
        app.kubernetes.io/part-of: sluice
    spec:
      pipelineRef:
        name: %2$s
      timeouts:
        pipeline: 10m
      taskRunTemplate:
        podTemplate:
          securityContext:
            runAsUser: 65532
            runAsNonRoot: true
            fsGroup: 65532
          automountServiceAccountToken: false
    """
        .formatted(id, pipeline);
  }

  /** A task of one step {@code run}; a script that begins with {@code image:} has that image. */
  String task(String name, String script) {
    String image = tools;
    String body = script;
    String extra = "";
    if (script.startsWith("image: ")) {
      image = script.lines().findFirst().orElseThrow().substring(7);
      body = script.substring(script.indexOf('\n') + 1);
    }
    if (body.startsWith("resources: ")) {
      extra =
          "    computeResources: " + body.lines().findFirst().orElseThrow().substring(11) + "\n";
      body = body.substring(body.indexOf('\n') + 1);
    }
    return "---\napiVersion: tekton.dev/v1\nkind: Task\nmetadata:\n  name: "
        + name
        + "\nspec:\n  results:\n  - name: said\n  stepTemplate:\n"
        + SECURE
        + "  steps:\n  - name: run\n    image: "
        + image
        + "\n"
        + extra
        + "    command: [/bin/sh, -c]\n    args:\n    - |\n"
        + body.indent(6);
  }

  Running start(ClusterRunner runner, String text, Consumer<RunEvent> events) {
    Pipeline pipeline = null;
    PipelineRun run = null;
    List<Task> tasks = new ArrayList<>();
    for (TektonObject o : TektonYaml.parse(new SourceFile("test", text))) {
      switch (o) {
        case Task t -> tasks.add(t);
        case Pipeline p -> pipeline = p;
        case PipelineRun r -> run = r;
      }
    }
    return runner.start(
        java.util.Objects.requireNonNull(run),
        java.util.Objects.requireNonNull(pipeline),
        tasks,
        events);
  }

  RunId id(String id) {
    return new RunId(id);
  }

  @Override
  public void close() {
    admin.namespaces().withName(name).delete();
    admin.close();
  }
}
