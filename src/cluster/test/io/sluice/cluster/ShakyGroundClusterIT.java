package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.cluster.Namespace.Story;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.PipelineRunner.Running;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A real cluster behind a line that breaks. What a server alone can do wrong is in {@link
 * FaultsTest}.
 */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
class ShakyGroundClusterIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static Namespace there;
  private static Config admin;

  @BeforeAll
  static void aNamespace(TestCluster cluster) throws IOException {
    there = new Namespace(cluster, "shaky");
    admin = Config.fromKubeconfig(Files.readString(cluster.kubeconfig()));
  }

  @AfterAll
  static void gone() {
    there.close();
  }

  /**
   * Passes bytes on, and cuts every connection on demand. A stub of HTTP cannot do this: the
   * connections are TLS to the real API server, and some of them carry web sockets.
   */
  private static final class Line implements AutoCloseable {
    private final ServerSocket door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final URI to;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger taken = new AtomicInteger();

    Line(URI to) throws IOException {
      this.to = to;
      Thread.ofVirtual().start(this::take);
    }

    URI address() {
      return URI.create("https://127.0.0.1:" + door.getLocalPort() + "/");
    }

    void cut() throws IOException {
      for (Socket s : open) {
        s.close();
      }
      open.clear();
    }

    private void take() {
      try {
        while (true) {
          Socket in = door.accept();
          taken.incrementAndGet();
          Socket out = new Socket(to.getHost(), to.getPort());
          open.add(in);
          open.add(out);
          Thread.ofVirtual().start(() -> pass(in, out));
          Thread.ofVirtual().start(() -> pass(out, in));
        }
      } catch (IOException e) {
        return; // Closed.
      }
    }

    private static void pass(Socket from, Socket to) {
      try (from;
          to) {
        from.getInputStream().transferTo(to.getOutputStream());
      } catch (IOException e) {
        return; // Cut.
      }
    }

    @Override
    public void close() throws IOException {
      door.close();
      cut();
    }
  }

  private static Cluster through(Line line) {
    return Cluster.of(
        new ConfigBuilder(admin)
            .withMasterUrl(line.address().toString())
            .withDisableHostnameVerification(true)
            .build(),
        there.name,
        new JdkHttpClientFactory());
  }

  /** What an API server that restarts does to its clients. */
  @Test
  void nothingIsLostWhenEveryConnectionIsCutAgainAndAgain() throws Exception {
    Story story = new Story();
    try (Line line = new Line(URI.create(admin.getMasterUrl()));
        Cluster cluster = through(line);
        ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC())) {
      Running run =
          there.start(
              runner,
              "cut",
              story,
              "for i in $(seq 1 60); do echo line $i; sleep 0.5; done",
              "echo over");
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(story.lines("a", "run")).hasSizeGreaterThan(3));
      for (int i = 0; i < 6; i++) {
        Thread.sleep(3000);
        line.cut();
      }
      assertThat(run.await().status()).isEqualTo(StageStatus.SUCCEEDED);
      assertThat(line.taken.get()).as("connections were made again").isGreaterThan(6);
    }
    List<String> all = IntStream.rangeClosed(1, 60).mapToObj(i -> "line " + i).toList();
    assertThat(story.lines("a", "run")).isEqualTo(all);
    assertThat(story.lines("b", "run")).containsExactly("over");
    assertThat(story.finished()).hasSize(2);
  }

  /** The real one, killed and started again while a step talks. */
  @Test
  void nothingIsLostWhenTheApiServerRestarts(TestCluster cluster) throws Exception {
    Story story = new Story();
    try (ClusterRunner runner = there.runner()) {
      Running run =
          there.start(
              runner,
              "restarted",
              story,
              "for i in $(seq 1 60); do echo line $i; sleep 0.5; done",
              "echo over");
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(story.lines("a", "run")).hasSizeGreaterThan(3));
      cluster.cluster("restart", "apiserver").orFail();
      assertThat(run.await().status()).isEqualTo(StageStatus.SUCCEEDED);
    }
    assertThat(story.lines("a", "run"))
        .isEqualTo(IntStream.rangeClosed(1, 60).mapToObj(i -> "line " + i).toList());
    assertThat(story.lines("b", "run")).containsExactly("over");
    assertThat(story.finished()).hasSize(2);
  }

  /** Each attach is a client that dies at once; the last one sees everything. */
  @Test
  void nothingIsLostOverAHundredClientsThatDied() throws Exception {
    try (ClusterRunner first = there.runner()) {
      there.start(
          first, "kills", new Story(), "for i in $(seq 1 50); do echo line $i; sleep 0.4; done");
    }
    for (int i = 0; i < 100; i++) {
      try (ClusterRunner client = there.runner()) {
        client.attach(new RunId("kills"), new Story());
        Thread.sleep(150);
      }
    }
    Story last = new Story();
    try (ClusterRunner client = there.runner()) {
      assertThat(client.attach(new RunId("kills"), last).await().status())
          .isEqualTo(StageStatus.SUCCEEDED);
    }
    assertThat(last.lines("a", "run"))
        .isEqualTo(IntStream.rangeClosed(1, 50).mapToObj(i -> "line " + i).toList());
    assertThat(last.finished()).hasSize(1);
  }
}
