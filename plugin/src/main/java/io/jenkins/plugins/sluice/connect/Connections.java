package io.jenkins.plugins.sluice.connect;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.okhttp.OkHttpClientFactory;
import io.sluice.app.Target.CodeContent;
import io.sluice.app.run.ClusterConnection;
import io.sluice.app.run.Submission;
import io.sluice.cluster.Cluster;
import io.sluice.cluster.ClusterRunner;
import io.sluice.cluster.GarbageCollector;
import io.sluice.cluster.Login;
import io.sluice.cluster.Preflight;
import io.sluice.cluster.Upload;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.RegistryVariables;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetSpec;
import io.sluice.ml.Wheel;
import io.sluice.mlflow.MlflowConfig;
import io.sluice.mlflow.MlflowRegistry;
import io.sluice.tekton.PipelineRunner.Running;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * The one class that picks adapters: the cluster by the client of the plugin {@code
 * kubernetes-client-api}, the registry by MLflow's REST interface.
 */
@Restricted(NoExternalUse.class)
public final class Connections {
  /** Shared by all runs of one namespace under one login: three watches, however many runs. */
  private static final Map<Key, Shared> OPEN = new HashMap<>();

  private Connections() {}

  private record Key(ClusterLogin login, String namespace) {}

  /** A connection and how many use it. */
  private static final class Shared {
    final Cluster cluster;
    final ClusterRunner runner;
    int users;

    Shared(Cluster cluster) {
      this.cluster = cluster;
      this.runner = new ClusterRunner(cluster, Clock.systemUTC());
    }
  }

  /** The digest of the Python package that compiled pipelines refer to. */
  public static Digest wheel() {
    return Wheel.digest();
  }

  /**
   * Connects for one execution; the connection behind it is shared.
   *
   * @param hidden texts that its log does not show, besides what the cluster is reached by
   */
  public static ClusterConnection connect(
      ClusterLogin login, TargetSpec target, List<String> hidden) {
    Key key = new Key(login, target.namespace());
    Shared shared;
    synchronized (OPEN) {
      shared = OPEN.computeIfAbsent(key, k -> new Shared(open(k)));
      shared.users++;
    }
    return new ClusterConnection() {
      private boolean closed;

      @Override
      public Running start(Submission submission, Consumer<RunEvent> events) {
        return here(() ->
            shared.runner.start(
                submission.run(), submission.pipeline(), submission.tasks(), events));
      }

      @Override
      public Running attach(RunId execution, Consumer<RunEvent> events) {
        return here(() -> shared.runner.attach(execution, events));
      }

      @Override
      public List<String> secrets() {
        List<String> ofCluster =
            switch (login.kind()) {
              case TOKEN -> List.of(login.secret());
              case KUBECONFIG -> here(() -> Login.secrets(login.secret()));
              case POD -> List.of();
            };
        return Stream.concat(ofCluster.stream(), hidden.stream()).toList();
      }

      @Override
      public void close() {
        synchronized (OPEN) {
          if (closed) {
            return;
          }
          closed = true;
          if (--shared.users > 0) {
            return;
          }
          OPEN.remove(key, shared);
        }
        shared.runner.close();
        shared.cluster.close();
      }
    };
  }

  /** Asks a run to end, whichever build started it; its {@code finally} tasks still run. */
  public static void cancel(ClusterLogin login, String namespace, RunId execution) {
    try (Cluster cluster = open(new Key(login, namespace));
        ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC())) {
      runner.cancel(execution);
    }
  }

  /** Removes an execution that is over, with its pods. */
  public static void remove(ClusterLogin login, String namespace, RunId execution) {
    try (Cluster cluster = open(new Key(login, namespace))) {
      new GarbageCollector(cluster).removeRun(execution);
    }
  }

  /** Puts code into the store of a target, by a pod of it. */
  public static Digest upload(
      ClusterLogin login, TargetSpec target, List<CodeContent> code, Consumer<String> says) {
    try (Cluster cluster = open(new Key(login, target.namespace()))) {
      return here(() -> {
        try {
          return new Upload(cluster, target, says)
              .put(
                  code.stream()
                      .map(c -> new Upload.File(c.path(), c.executable(), c.content()))
                      .toList());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new SluiceException(
              ExitCode.INTERRUPTED,
              List.of(
                  Diagnostic.of(
                      "SLU-9611", "interrupted while the code was uploaded", "start it again")),
              e);
        }
      });
    }
  }

  /** Whether a cluster has what runs of a target need: every check that did not pass. */
  public static List<CheckResult> checkup(ClusterLogin login, TargetSpec target) {
    try (Cluster cluster = open(new Key(login, target.namespace()))) {
      return here(
          () -> new Preflight(cluster, target).run().stream().filter(f -> !f.passed()).toList());
    }
  }

  /** A registry. */
  public static ModelRegistry registry(RegistryLogin login) {
    Map<String, String> variables = new TreeMap<>();
    variables.put(RegistryVariables.URI, login.uri());
    if (login.user().isEmpty()) {
      variables.put(RegistryVariables.TOKEN, login.secret().strip());
    } else {
      variables.put(RegistryVariables.USERNAME, login.user());
      variables.put(RegistryVariables.PASSWORD, login.secret());
    }
    return MlflowRegistry.connect(
        MlflowConfig.fromEnvironment(variables)
            .orElseThrow(() ->
                new SluiceException(
                    ExitCode.INPUT_WRONG,
                    Diagnostic.of(
                        "SLU-9612",
                        "the registry has no address",
                        "give it the URI of an MLflow server in the configuration of Sluice"))));
  }

  private static Cluster open(Key key) {
    ClusterLogin login = key.login();
    return here(() -> {
      Config config =
          switch (login.kind()) {
            case KUBECONFIG -> Login.kubeconfig(login.secret());
            case TOKEN -> Login.token(login.server(), login.secret(), login.authorities());
            case POD -> Login.pod();
          };
      return Cluster.of(config, key.namespace(), new OkHttpClientFactory());
    });
  }

  /**
   * The client looks for its own classes by the thread's class loader, which in a controller knows
   * nothing of plugins.
   */
  private static <T> T here(Supplier<T> what) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(KubernetesClient.class.getClassLoader());
    try {
      return what.get();
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
