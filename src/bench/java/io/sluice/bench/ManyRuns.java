package io.sluice.bench;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.cluster.Cluster;
import io.sluice.cluster.ClusterRunner;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.PipelineRunner.Running;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What it takes one process to follow many runs on a cluster: a JVM with 512 MB follows 1000
 * PipelineRuns of 40 KB each until all have ended. They are pending, so that Tekton leaves them
 * alone, and end because this program cancels them. Wants a cluster with Tekton ({@code
 * KUBECONFIG}) and the right to make a namespace. Prints threads, heap and events; fails when an
 * end is not told.
 */
public final class ManyRuns {
  private static final int RUNS = 1000;
  private static final int PADDING = 40_000;
  private static final String NAMESPACE = "sluice-many-runs";
  private static final String PATH =
      "/apis/tekton.dev/v1/namespaces/" + NAMESPACE + "/pipelineruns";
  private static final int MOST_THREADS = 20;

  private ManyRuns() {}

  public static void main(String[] args) throws Exception {
    if (args.length == 1) {
      follow();
    } else {
      serve();
    }
  }

  /** Makes the runs, has them followed, ends them. */
  private static void serve() throws IOException, InterruptedException {
    try (KubernetesClient client =
        new KubernetesClientBuilder().withHttpClientFactory(new JdkHttpClientFactory()).build()) {
      client.raw("/api/v1/namespaces", "POST", "{\"metadata\":{\"name\":\"" + NAMESPACE + "\"}}");
      try {
        for (int i = 0; i < RUNS; i++) {
          client.raw(PATH, "POST", pending(i));
        }
        follow(client);
      } finally {
        client.namespaces().withName(NAMESPACE).delete();
      }
    }
  }

  private static void follow(KubernetesClient client) throws IOException, InterruptedException {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                ManyRuns.class.getName(),
                "follow")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        System.out.println(line);
        if (line.startsWith("following")) {
          for (int i = 0; i < RUNS; i++) {
            end(client, i);
          }
        }
      }
    }
    int code = child.waitFor();
    if (code != 0) {
      throw new IllegalStateException("the process that followed ended with " + code);
    }
  }

  /** A PipelineRun that Tekton leaves alone. */
  private static String pending(int number) {
    return """
    {"apiVersion":"tekton.dev/v1","kind":"PipelineRun",
     "metadata":{"name":"run-%1$d","namespace":"%2$s","labels":{"sluice.io/run":"run-%1$d"}},
     "spec":{"status":"PipelineRunPending","params":[{"name":"padding","value":"%3$s"}],
      "pipelineSpec":{"params":[{"name":"padding","type":"string"}],"tasks":[{"name":"a",
       "taskSpec":{"steps":[{"name":"run","image":"none","command":["true"]}]}}]}}}
    """
        .formatted(number, NAMESPACE, "x".repeat(PADDING));
  }

  private static void end(KubernetesClient client, int number) throws InterruptedException {
    try {
      int code =
          client
              .getHttpClient()
              .sendAsync(
                  client
                      .getHttpClient()
                      .newHttpRequestBuilder()
                      .uri(
                          client.getConfiguration().getMasterUrl()
                              + PATH.substring(1)
                              + "/run-"
                              + number)
                      .method(
                          "PATCH",
                          "application/merge-patch+json",
                          "{\"spec\":{\"status\":\"Cancelled\"}}")
                      .build(),
                  String.class)
              .get()
              .code();
      if (code != 200) {
        throw new IllegalStateException("cancelling run-" + number + " gave " + code);
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The process that is measured. */
  private static void follow() throws InterruptedException {
    AtomicLong events = new AtomicLong();
    try (Cluster cluster =
            Cluster.connect(Optional.empty(), NAMESPACE, new JdkHttpClientFactory());
        ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC())) {
      List<Running> runs = new ArrayList<>();
      for (int i = 0; i < RUNS; i++) {
        runs.add(runner.attach(new RunId("run-" + i), (RunEvent e) -> events.incrementAndGet()));
      }
      System.out.println("following " + RUNS + " runs: " + measured());
      int told = 0;
      for (Running run : runs) {
        told += run.await().status() == StageStatus.CANCELLED ? 1 : 0;
      }
      System.out.println("all ended: " + told + " told, " + events + " events; " + measured());
      int threads = ManagementFactory.getThreadMXBean().getPeakThreadCount();
      if (told != RUNS || threads >= MOST_THREADS) {
        throw new IllegalStateException(told + " ends were told, by " + threads + " threads");
      }
    }
  }

  private static String measured() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    var threads = ManagementFactory.getThreadMXBean();
    return threads.getThreadCount()
        + " threads (at most "
        + threads.getPeakThreadCount()
        + "), heap "
        + ((runtime.totalMemory() - runtime.freeMemory()) >> 20)
        + " MiB of 512";
  }
}
