package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.promotion.PromotionLog.Inspection;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.mlflow.FaultProxy.Request;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import io.sluice.systemtests.RegistryProxy.Fault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs against the server that {@code MLFLOW_TRACKING_URI} names, a real one behind a proxy that
 * breaks in the middle of a run. One story told in order; each chapter needs those before it.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FaultyRegistryIT {
  private Path folder;
  private TinyPipeline pipeline;
  private RegistrySession server;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    pipeline = new TinyPipeline(folder.resolve("tiny"));
    server = RegistrySessions.ofThisProcess().open(folder.resolve("server"), event -> {});
  }

  @AfterAll
  void end() {
    server.close();
  }

  @Test
  @Order(1)
  void aRegistryThatFailsDuringThePromotionLeavesAVersionAndNoChampion() throws Exception {
    try (RegistryProxy proxy =
        RegistryProxy.broken(
            server.address(), Fault.HANGS_UP, r -> isCreation(r, "tiny.promotions"))) {
      ForkedSluice.Ended run = sluice("first", proxy).run(arguments("first"));
      assertThat(proxy.isBroken()).isTrue();
      refused(run, "SLU-50");
      assertThat(run.shown()).containsPattern("register +done").containsPattern("promote +failed");
    }
    assertThat(versions()).extracting(Version::version).containsExactly(1);
    assertThat(log().entries()).isEmpty();
    assertThat(log().alias()).isEmpty();
  }

  /** The same run once more, every answer a little late: it finds its version and promotes it. */
  @Test
  @Order(2)
  void theSameRunAgainOnASlowRegistryPromotesWhatItHadRegistered() throws Exception {
    ForkedSluice sluice;
    try (RegistryProxy proxy = RegistryProxy.late(server.address(), Duration.ofMillis(100))) {
      sluice = sluice("first", proxy);
      ForkedSluice.Ended run = sluice.run(arguments("first"));
      assertThat(run.code()).as(run.shown()).isEqualTo(0);
      assertThat(run.out()).contains("PROMOTED tiny version 1", "registry: " + proxy.uri());
    }
    championIsOne();
    assertThat(sluice.state().resolve("mlflow"))
        .as("an embedded server beside the one that was named")
        .doesNotExist();
  }

  @Test
  @Order(3)
  void aRegistryThatBreaksWhileACandidateIsRegisteredLeavesNothing() throws Exception {
    try (RegistryProxy slow =
            RegistryProxy.broken(server.address(), Fault.HANGS, r -> isCreation(r, "\"tiny\""));
        RegistryProxy failing =
            RegistryProxy.broken(
                server.address(), Fault.FAILS, r -> r.path().endsWith("runs/log-batch"));
        RegistryProxy garbage =
            RegistryProxy.broken(
                server.address(),
                Fault.TALKS_GARBAGE,
                r -> r.method().equals("PUT") && r.path().contains("/artifacts/"))) {
      // Side by side: each is waited for before it is given up.
      var late =
          sluice("slow", slow).with("MLFLOW_HTTP_REQUEST_TIMEOUT", "2").start(arguments("slow"));
      var down = sluice("failing", failing).start(arguments("failing"));
      var login = sluice("garbage", garbage).start(arguments("garbage"));
      refused(late.await(), "SLU-5002");
      refused(down.await(), "SLU-5003");
      refused(login.await(), "SLU-5004");
      assertThat(List.of(slow, failing, garbage)).allMatch(RegistryProxy::isBroken);
    }
    assertThat(versions()).hasSize(1);
    championIsOne();
  }

  @Test
  @Order(4)
  void theNextRunOfEachRegistersOnce() throws Exception {
    for (String run : List.of("slow", "garbage")) {
      Path record = folder.resolve(run + ".json");
      List<String> told = new ArrayList<>(List.of(arguments(run)));
      told.addAll(List.of("--record", record.toString()));
      ForkedSluice.Ended again =
          new ForkedSluice(folder.resolve(run))
              .with("MLFLOW_TRACKING_URI", server.address())
              .run(told.toArray(String[]::new));
      assertThat(again.code()).as(again.shown()).isEqualTo(0);
      assertThat(again.out()).contains("HELD tiny version");
      assertThat(Files.readString(Path.of(record + ".page")))
          .startsWith(server.address())
          .contains("tiny");
    }
    assertThat(versions())
        .extracting(v -> v.tags().get("sluice.run"))
        .containsExactly("first", "slow", "garbage");
    championIsOne();
  }

  @Test
  @Order(5)
  void aTimeOutThatIsNoNumberIsRefusedBeforeAnythingRuns() throws Exception {
    ForkedSluice.Ended run =
        new ForkedSluice(folder.resolve("odd"))
            .with("MLFLOW_TRACKING_URI", server.address())
            .with("MLFLOW_HTTP_REQUEST_TIMEOUT", "soon")
            .run(arguments("odd"));
    assertThat(run.code()).as(run.shown()).isEqualTo(2);
    assertThat(run.err()).contains("SLU-5007", "soon");
    assertThat(run.out()).doesNotContain("resolve");
  }

  @Test
  @Order(6)
  void credentialsReachTheRegistryAndNothingThatIsShownOrKept() throws Exception {
    String secret = "t0ken-of-the-registry";
    pipeline.data("env; cp src/weeks \"$SLUICE_OUTPUTS/weeks\"; exit 9");
    try (RegistryProxy proxy = RegistryProxy.late(server.address(), Duration.ZERO)) {
      ForkedSluice.Ended run =
          sluice("secret", proxy)
              .with("MLFLOW_TRACKING_TOKEN", secret)
              .with("MLFLOW_TRACKING_PASSWORD", secret)
              .run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--verbose");
      assertThat(run.code()).as(run.shown()).isEqualTo(1);
      assertThat(run.shown())
          .as("the step shows its environment")
          .contains("SLUICE_OUTPUTS=")
          .doesNotContain(secret);
      assertThat(proxy.authorizations()).containsExactly("Bearer " + secret);
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        assertThat(kept(file)).as(file.toString()).doesNotContain(secret);
      }
    }
  }

  /** The content of a file; empty when the server, which keeps running, has replaced it. */
  private static String kept(Path file) throws IOException {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private ForkedSluice sluice(String state, RegistryProxy proxy) {
    return new ForkedSluice(folder.resolve(state))
        .with("MLFLOW_TRACKING_URI", proxy.uri())
        // or each run would wait for the 45 s of its patience several times
        .with("MLFLOW_HTTP_REQUEST_TIMEOUT", "4");
  }

  private String[] arguments(String run) {
    return new String[] {"run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", run};
  }

  private static boolean isCreation(Request request, String model) {
    return request.path().endsWith("model-versions/create") && request.body().contains(model);
  }

  private static void refused(ForkedSluice.Ended run, String id) {
    assertThat(run.code()).as(run.shown()).isEqualTo(3);
    assertThat(run.shown())
        .contains(id)
        .contains("trying again in")
        .doesNotContain("\tat ")
        .doesNotContain("SLU-9099", "SLU-4060");
  }

  private List<Version> versions() {
    return server.registry().versions("tiny");
  }

  private Inspection log() {
    return server.registry().promotions("tiny").inspect();
  }

  private void championIsOne() {
    assertThat(log().damage()).isEmpty();
    assertThat(log().entries()).hasSize(1);
    assertThat(log().alias()).contains(1);
    assertThat(log().production()).containsExactly(1);
  }
}
