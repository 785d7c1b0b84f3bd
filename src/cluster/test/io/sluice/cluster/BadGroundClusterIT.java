package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.cluster.Namespace.Story;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What people meet on a cluster that is not ready for them, and what they are told. */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
class BadGroundClusterIT {
  private static final String NOWHERE = "127.0.0.1:5000/nothing@sha256:" + "0".repeat(64);
  private final Consumer<String> quiet = words -> {};
  private Namespace there;
  private TestCluster testCluster;

  @BeforeEach
  void aNamespace(TestCluster cluster) {
    testCluster = cluster;
    there = new Namespace(cluster, "bad");
  }

  @AfterEach
  void gone() {
    there.close();
  }

  private TargetSpec target(String claim) {
    return target("claim: " + claim, "");
  }

  private TargetSpec target(String store, String more) {
    return TargetParser.parse(
            new SourceFile(
                "target",
                "apiVersion: sluice.io/v1alpha1\nkind: Target\nnamespace: "
                    + there.name
                    + "\nstore: { "
                    + store
                    + " }\nimages: { worker: \""
                    + NOWHERE
                    + "\" }\n"
                    + more))
        .orThrow();
  }

  private static Diagnostic told(ExitCode code, ThrowingCallable call) {
    SluiceException e = catchThrowableOfType(SluiceException.class, call);
    assertThat(e).isNotNull();
    assertThat(e.exitCode()).isEqualTo(code);
    return e.diagnostics().getFirst();
  }

  private void claim(String name, String storageClass) {
    there
        .admin()
        .persistentVolumeClaims()
        .inNamespace(there.name)
        .resource(
            new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadWriteMany")
                .withStorageClassName(storageClass)
                .withNewResources()
                .withRequests(Map.of("storage", new Quantity("1Gi")))
                .endResources()
                .endSpec()
                .build())
        .create();
  }

  @Test
  void whoMayNothingIsToldWhatIsMissingAndWhatToApply() throws IOException {
    there
        .admin()
        .serviceAccounts()
        .inNamespace(there.name)
        .resource(
            new ServiceAccountBuilder().withNewMetadata().withName("ci").endMetadata().build())
        .create();
    try (Cluster cluster = as("ci");
        ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC())) {
      Diagnostic why =
          told(ExitCode.INPUT_WRONG, () -> there.start(runner, "r", new Story(), "true"));
      assertThat(why.id()).isEqualTo("SLU-3705");
      assertThat(why.message()).contains("patch tasks in namespace " + there.name);
      assertThat(why.hint().orElseThrow()).contains("kind: Role").contains("pipelineruns");

      List<CheckResult> findings = new Preflight(cluster, target("store")).run();
      assertThat(findings)
          .anySatisfy(f -> {
            assertThat(f.what()).isEqualTo("rights");
            assertThat(f.passed()).isFalse();
            assertThat(f.detail()).contains("create pipelineruns").contains("kind: Role");
          });
    }
  }

  /** The very lines of docs/cluster.md, for a person who has nothing else. */
  @Test
  void whatTheDocumentSaysToApplyIsEnough() throws Exception {
    String document =
        Files.readString(
            Path.of(System.getProperty("sluice.root"), "docs/cluster.md"), StandardCharsets.UTF_8);
    Matcher block =
        Pattern.compile("(?s)```yaml\n(apiVersion: v1\nkind: Namespace.*?)```").matcher(document);
    assertThat(block.find()).isTrue();
    String manifests =
        block
            .group(1)
            .replace("namespace: models", "namespace: " + there.name)
            .replace("name: models", "name: " + there.name);
    there
        .admin()
        .load(new java.io.ByteArrayInputStream(manifests.getBytes(StandardCharsets.UTF_8)))
        .items()
        .forEach(o -> there.admin().resource(o).forceConflicts().serverSideApply());
    there
        .admin()
        .serviceAccounts()
        .inNamespace(there.name)
        .resource(
            new ServiceAccountBuilder().withNewMetadata().withName("ci").endMetadata().build())
        .create();
    try (Cluster cluster = as("ci");
        ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC())) {
      assertThat(new Preflight(cluster, target("sluice-store")).run())
          .filteredOn(f -> f.what().equals("rights"))
          .allMatch(CheckResult::passed);
      Story story = new Story();
      assertThat(there.start(runner, "allowed", story, "echo it is").await().reason()).isEmpty();
      assertThat(story.lines("a", "run")).containsExactly("it is");
      runner.cancel(new RunId("allowed")); // over already: nothing to end, nothing wrong
    }
  }

  private Cluster as(String account) throws IOException {
    String token =
        there
            .admin()
            .serviceAccounts()
            .inNamespace(there.name)
            .withName(account)
            .tokenRequest()
            .getStatus()
            .getToken();
    Config admin = Config.fromKubeconfig(Files.readString(testCluster.kubeconfig()));
    Config own =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(admin.getMasterUrl())
            .withCaCertData(admin.getCaCertData())
            .withOauthToken(token)
            .build();
    return Cluster.of(own, there.name, new JdkHttpClientFactory());
  }

  @Test
  void credentialsThatExpiredAreSaid() throws IOException {
    Config admin = Config.fromKubeconfig(Files.readString(testCluster.kubeconfig()));
    Config expired =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(admin.getMasterUrl())
            .withCaCertData(admin.getCaCertData())
            .withOauthToken("no-longer")
            .build();
    try (Cluster cluster = Cluster.of(expired, there.name, new JdkHttpClientFactory());
        ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC())) {
      assertThat(told(ExitCode.UNREACHABLE, () -> runner.attach(new RunId("r"), new Story())).id())
          .isEqualTo("SLU-3704");
    }
  }

  @Test
  void aNamespaceThatIsNotThereIsSaid() throws IOException {
    Config admin = Config.fromKubeconfig(Files.readString(testCluster.kubeconfig()));
    try (Cluster cluster = Cluster.of(admin, "runner-nowhere", new JdkHttpClientFactory());
        ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC())) {
      Diagnostic why =
          told(ExitCode.INPUT_WRONG, () -> there.start(runner, "r", new Story(), "true"));
      assertThat(why.id()).isEqualTo("SLU-3706");
      assertThat(why.hint().orElseThrow()).contains("kubectl create namespace runner-nowhere");
    }
  }

  @Test
  void aClusterThatIsAwayIsSaid() {
    Config away =
        new ConfigBuilder(Config.empty())
            .withMasterUrl("https://127.0.0.1:1/")
            .withRequestRetryBackoffLimit(1)
            .withRequestRetryBackoffInterval(10)
            .build();
    try (Cluster cluster = Cluster.of(away, there.name, new JdkHttpClientFactory());
        ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC())) {
      assertThat(told(ExitCode.UNREACHABLE, () -> runner.attach(new RunId("r"), new Story())).id())
          .isEqualTo("SLU-3703");
    }
  }

  @Test
  void aClaimThatIsNeverBoundIsSaidBeforeTheRun() {
    claim("store", "no-such-class");
    try (Cluster cluster = there.cluster()) {
      Upload upload = new Upload(cluster, target("store"), quiet);
      Diagnostic why =
          told(
              ExitCode.INPUT_WRONG,
              () -> upload.put(List.of(new Upload.File("a.py", false, new byte[] {1}))));
      assertThat(why.id()).isEqualTo("SLU-3721");
      assertThat(why.message()).containsIgnoringCase("PersistentVolumeClaim");
      assertThat(new Preflight(cluster, target("store")).run())
          .filteredOn(f -> f.what().equals("store"))
          .singleElement()
          .satisfies(f -> assertThat(f.passed()).isFalse());
    }
  }

  /** A Node that nobody is behind, as one is that has just lost its power. */
  @Test
  void aNodeThatDoesNotAnswerIsSaid() {
    String node = there.name + "-dead";
    Resource<Node> dead =
        there
            .admin()
            .nodes()
            .resource(
                new NodeBuilder()
                    .withNewMetadata()
                    .withName(node)
                    .addToLabels("dead", node)
                    .endMetadata()
                    .withNewStatus()
                    .addToAllocatable("memory", new Quantity("8Gi"))
                    .addToAllocatable("cpu", new Quantity("8"))
                    .addToAllocatable("pods", new Quantity("10"))
                    .endStatus()
                    .build());
    dead.create();
    try (Cluster cluster = there.cluster()) {
      TargetSpec target =
          target(
              "s3: bucket",
              "pods:\n  nodeSelector: { dead: "
                  + node
                  + " }\n  tolerations:\n"
                  + "    - { key: node.kubernetes.io/not-ready }\n"
                  + "    - { key: node.kubernetes.io/unreachable }\n");
      List<String> progress = new ArrayList<>();
      Upload upload = new Upload(cluster, target, progress::add);
      Diagnostic why =
          told(
              ExitCode.INPUT_WRONG,
              () -> upload.put(List.of(new Upload.File("a.py", false, new byte[] {1}))));
      assertThat(why.id()).isEqualTo("SLU-3721");
      assertThat(why.message()).contains("node " + node + " does not answer");
      assertThat(progress).contains("node " + node + " does not answer");
    } finally {
      dead.delete();
    }
  }

  @Test
  void aQuotaWithoutRoomIsSaid() {
    there
        .admin()
        .resourceQuotas()
        .inNamespace(there.name)
        .resource(
            new ResourceQuotaBuilder()
                .withNewMetadata()
                .withName("none")
                .endMetadata()
                .withNewSpec()
                .withHard(Map.of("pods", new Quantity("0")))
                .endSpec()
                .build())
        .create();
    try (Cluster cluster = there.cluster()) {
      Upload upload = new Upload(cluster, target("store"), quiet);
      Diagnostic why =
          told(
              ExitCode.INPUT_WRONG,
              () -> upload.put(List.of(new Upload.File("a.py", false, new byte[] {1}))));
      assertThat(why.id()).isEqualTo("SLU-3709");
    }
  }

  @Test
  void whatIsPastItsTimeIsFoundAndGoesWithWhatBelongsToIt() throws Exception {
    try (ClusterRunner runner = there.runner();
        Cluster cluster = there.cluster()) {
      there.start(runner, "old", new Story(), "true").await();
      GarbageCollector leftovers = new GarbageCollector(cluster);
      Instant now = Instant.now();
      assertThat(leftovers.find(Duration.ofHours(1), now)).isEmpty();
      List<GarbageCollector.Expired> later =
          leftovers.find(Duration.ofHours(1), now.plus(Duration.ofHours(2)));
      assertThat(later).singleElement().satisfies(l -> assertThat(l.name()).isEqualTo("old"));

      later.forEach(leftovers::remove);
      org.awaitility.Awaitility.await()
          .atMost(Duration.ofMinutes(5))
          .untilAsserted(() ->
              assertThat(
                      there
                          .admin()
                          .pods()
                          .inNamespace(there.name)
                          .withLabel(RunObjects.RUN_LABEL, "old")
                          .list()
                          .getItems())
                  .isEmpty());
    }
  }
}
