package io.sluice.mlflow;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.registry.ModelRegistry.Version;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry that is down, slow, failing or not a registry: a clear error, nothing half-done. */
@Execution(ExecutionMode.CONCURRENT) // they wait, mostly
class FaultsIT {
  private static MlflowRegistry direct;

  @BeforeAll
  static void server() {
    direct = RealServer.registry();
  }

  private static final Map<String, FaultProxy.Fault> ANSWERS =
      Map.of(
          "hang", FaultProxy.HANG,
          "cut", FaultProxy.CUT_BEFORE,
          "truncated", FaultProxy.TRUNCATE,
          "500", FaultProxy.answer(500, "text/html", "<html>no</html>"),
          "503",
              FaultProxy.answer(
                  503,
                  "application/json",
                  "{\"error_code\":\"TEMPORARILY_UNAVAILABLE\",\"message\":\"pool\"}"),
          "html", FaultProxy.answer(200, "text/html", "<html>Sign in</html>"),
          "garbage", FaultProxy.answer(200, "application/json", "{\"a\": \u0000"),
          "array", FaultProxy.answer(200, "application/json", "[]"),
          "redirect",
              new FaultProxy.Fault.Answer(
                  aResponse()
                      .withStatus(302)
                      .withHeader(
                          "Location", "https://u:t0ken@elsewhere.example:8443/ml/flow?token=t")),
          "unauthorized", FaultProxy.answer(401, "text/plain", "who are you"));

  @ParameterizedTest
  @CsvSource({
    "hang, SLU-5002",
    "cut, SLU-5001",
    "truncated, SLU-5001",
    "500, SLU-5003",
    "503, SLU-5003",
    "html, SLU-5004",
    "garbage, SLU-5004",
    "array, SLU-5004",
    "redirect, SLU-5004",
    "unauthorized, SLU-5005",
  })
  void anErrorNamesTheServerAndNoCredentialsWhateverAnswers(String what, String id)
      throws IOException {
    try (FaultProxy proxy = new FaultProxy(direct.rest().uri(), request -> ANSWERS.get(what))) {
      URI uri = URI.create(proxy.uri().toString().replace("http://", "http://user:hunter2@"));
      // only a hanging server needs a short time-out; a slow machine would run into it otherwise
      MlflowConfig config =
          what.equals("hang")
              ? impatient(uri)
              : MlflowConfig.of(uri).patience(Duration.ofSeconds(8), Duration.ofSeconds(8));
      MlflowRegistry registry = MlflowRegistry.connect(config);
      assertThatExceptionOfType(SluiceException.class)
          .isThrownBy(() -> registry.versions("any"))
          .satisfies(e -> {
            assertThat(e.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(e.diagnostics().getFirst().id()).isEqualTo(id);
            assertThat(e.getMessage()).contains(proxy.uri().toString());
            assertThat(e.getMessage()).doesNotContain("hunter2", "token=t", "t0ken");
            if (what.equals("redirect")) {
              assertThat(e.getMessage()).contains("https://elsewhere.example:8443/ml/flow");
            }
          });
    }
  }

  @Test
  void aServerThatIsNotThereIsReportedAsUnreachable() {
    URI uri = URI.create("http://127.0.0.1:1");
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> MlflowRegistry.connect(impatient(uri)).promotions("any").head())
        .satisfies(e -> assertThat(e.getMessage()).contains("SLU-5001", uri.toString()));
  }

  @Test
  void anAnswerWithoutEndIsHungUpOn() throws IOException {
    String body = "x".repeat(33 << 20);
    try (FaultProxy proxy =
        new FaultProxy(
            direct.rest().uri(), request -> FaultProxy.answer(200, "application/json", body))) {
      assertThatExceptionOfType(SluiceException.class)
          .isThrownBy(() -> MlflowRegistry.connect(MlflowConfig.of(proxy.uri())).versions("any"))
          .satisfies(e -> assertThat(e.getMessage()).contains("SLU-5004", "more than 32 MiB"));
      assertThat(proxy.requests()).isEqualTo(1);
    }
  }

  @Test
  void aFileWhoseEndIsMissingIsAnErrorAndNotAShorterFile() throws IOException {
    Version v = direct.register(MlflowRegistryIT.candidate("cut-file", "k"));
    try (FaultProxy proxy =
        new FaultProxy(
            direct.rest().uri(),
            request ->
                request.path().contains("mlflow-artifacts")
                    ? FaultProxy.TRUNCATE
                    : FaultProxy.NONE)) {
      MlflowRegistry registry = MlflowRegistry.connect(patient(proxy.uri()));
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> {
            try (var in = registry.open(v, "model/MLmodel")) {
              in.readAllBytes();
            }
          });
    }
  }

  /** Fails for good at one call: nothing must be visible, and the retry must complete it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "experiments/create",
        "registered-models/create",
        "runs/create",
        "runs/log-batch",
        "PUT",
        "model-versions/create"
      })
  void aRegistrationThatFailsAnywhereIsInvisibleAndTheRetryCompletesIt(String call)
      throws IOException {
    String model = "fails-at-" + call.replace('/', '-');
    for (FaultProxy.Fault fault :
        new FaultProxy.Fault[] {FaultProxy.CUT_BEFORE, ANSWERS.get("500"), ANSWERS.get("html")}) {
      try (FaultProxy proxy =
          new FaultProxy(
              direct.rest().uri(),
              request -> request.toString().contains(call) ? fault : FaultProxy.NONE)) {
        MlflowRegistry registry = MlflowRegistry.connect(impatient(proxy.uri()));
        assertThatExceptionOfType(SluiceException.class)
            .isThrownBy(() -> registry.register(MlflowRegistryIT.candidate(model, "k")))
            .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.UNREACHABLE));
        assertThat(direct.versions(model)).isEmpty();
      }
    }
    assertThat(direct.register(MlflowRegistryIT.candidate(model, "k")).version()).isEqualTo(1);
    assertThat(direct.versions(model)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aRegistrationOverABadLineIsMadeOnce(long seed) throws IOException {
    Random random = new Random(seed);
    Function<FaultProxy.Request, FaultProxy.Fault> plan =
        request -> {
          synchronized (random) {
            return switch (random.nextInt(12)) {
              case 0 -> FaultProxy.CUT_BEFORE;
              case 1 -> FaultProxy.CUT_AFTER;
              case 2 -> FaultProxy.TRUNCATE;
              case 3 -> ANSWERS.get("500");
              default -> FaultProxy.NONE;
            };
          }
        };
    try (FaultProxy proxy = new FaultProxy(direct.rest().uri(), plan)) {
      MlflowRegistry registry =
          MlflowRegistry.connect(
              MlflowConfig.of(proxy.uri())
                  .patience(Duration.ofSeconds(20), Duration.ofSeconds(60)));
      String model = "bad-line-" + seed;
      Version v = registry.register(MlflowRegistryIT.candidate(model, "k"));
      PromotionLog log = registry.promotions(model);
      log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), v.version(), "run"));

      assertThat(direct.versions(model)).hasSize(1);
      PromotionLog.Inspection seen = direct.promotions(model).inspect();
      assertThat(seen.damage()).isEmpty();
      assertThat(seen.entries()).filteredOn(PromotionLog.Entry::valid).hasSize(1);
      assertThat(seen.alias()).contains(1);
    }
  }

  @Test
  void aPromotionThatFailsLeavesTheChampionUntouched() throws IOException {
    direct.register(MlflowRegistryIT.candidate("stays", "k1"));
    direct.register(MlflowRegistryIT.candidate("stays", "k2"));
    PromotionLog log = direct.promotions("stays");
    log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), 1, "run-1"));
    PromotionLog.Head head = log.head();
    try (FaultProxy proxy =
        new FaultProxy(
            direct.rest().uri(),
            request ->
                request.path().contains("model-versions/create")
                    ? ANSWERS.get("500")
                    : FaultProxy.NONE)) {
      assertThatExceptionOfType(SluiceException.class)
          .isThrownBy(() ->
              MlflowRegistry.connect(patient(proxy.uri()))
                  .promotions("stays")
                  .append(MlflowRegistryIT.request(Kind.PROMOTE, head, 2, "run-2")))
          .satisfies(e -> assertThat(e.getMessage()).contains("SLU-5022"));
    }
    assertThat(log.head()).isEqualTo(head);
    assertThat(log.inspect().alias()).contains(1);
    assertThat(log.append(MlflowRegistryIT.request(Kind.PROMOTE, head, 2, "run-2")).to())
        .isEqualTo(2);
  }

  /** What waits: for an answer, for the time of the next attempt. */
  @ParameterizedTest
  @ValueSource(strings = {"hang", "500"})
  void anInterruptedCallIsNotReportedAsAFailureOfTheRegistry(String what) throws Exception {
    try (FaultProxy proxy = new FaultProxy(direct.rest().uri(), request -> ANSWERS.get(what))) {
      MlflowRegistry registry = MlflowRegistry.connect(MlflowConfig.of(proxy.uri()));
      SluiceException told = interrupted(proxy::requests, () -> registry.versions("any"));
      assertThat(told.exitCode()).isEqualTo(ExitCode.INTERRUPTED);
      assertThat(told.getMessage()).startsWith("SLU-5008 interrupted while waiting");
    }
  }

  @Test
  void anInterruptedPromotionSaysThatItsOutcomeIsUnknownAndIsFoundByTheRetry() throws Exception {
    direct.register(MlflowRegistryIT.candidate("interrupted", "k1"));
    PromotionLog.Head head = direct.promotions("interrupted").head();
    PromotionLog.Request request = MlflowRegistryIT.request(Kind.PROMOTE, head, 1, "run-1");
    AtomicInteger creates = new AtomicInteger();
    try (FaultProxy proxy =
        new FaultProxy(
            direct.rest().uri(),
            call -> {
              if (call.path().contains("model-versions/create")) {
                creates.incrementAndGet();
                return FaultProxy.HANG;
              }
              return FaultProxy.NONE;
            })) {
      PromotionLog log =
          MlflowRegistry.connect(MlflowConfig.of(proxy.uri())).promotions("interrupted");
      SluiceException told = interrupted(creates::get, () -> log.append(request));
      assertThat(told.exitCode()).isEqualTo(ExitCode.INTERRUPTED);
      assertThat(told.getMessage()).startsWith("SLU-5022").contains("interrupted");
    }
    assertThat(direct.promotions("interrupted").append(request).number()).isEqualTo(1);
  }

  /** The server made the entry, and what stands before it changed the type of a field. */
  @Test
  void aCreationWhoseAnswerDoesNotReadMayHaveTakenEffect() throws Exception {
    direct.register(MlflowRegistryIT.candidate("wrong-type", "k1"));
    PromotionLog.Head head = direct.promotions("wrong-type").head();
    PromotionLog.Request request = MlflowRegistryIT.request(Kind.PROMOTE, head, 1, "run-1");
    FaultProxy.Fault odd =
        FaultProxy.answer(200, "application/json", "{\"model_version\": {\"name\": [1, 2]}}");
    try (FaultProxy proxy =
        new FaultProxy(
            direct.rest().uri(),
            call -> call.path().contains("model-versions/create") ? odd : FaultProxy.NONE)) {
      PromotionLog log = MlflowRegistry.connect(patient(proxy.uri())).promotions("wrong-type");
      assertThatExceptionOfType(SluiceException.class)
          .isThrownBy(() -> log.append(request))
          .satisfies(e -> {
            assertThat(e.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(e.getMessage()).startsWith("SLU-5022").contains("SLU-5004");
          });
    }
    AtomicInteger creations = new AtomicInteger();
    try (FaultProxy proxy =
        new FaultProxy(
            direct.rest().uri(),
            call ->
                call.path().contains("model-versions/create") && creations.incrementAndGet() == 1
                    ? odd
                    : FaultProxy.NONE)) {
      MlflowRegistry.connect(patient(proxy.uri())).promotions("wrong-type").append(request);
    }
    assertThat(direct.promotions("wrong-type").entries()).hasSize(1);
  }

  /** Runs a call, interrupts it once the count is above zero, and gives what it then says. */
  private static SluiceException interrupted(IntSupplier reached, Runnable call) throws Exception {
    CompletableFuture<SluiceException> told = new CompletableFuture<>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                call.run();
                told.completeExceptionally(new AssertionError("it came back"));
              } catch (SluiceException e) {
                if (Thread.currentThread().isInterrupted()) {
                  told.complete(e);
                } else {
                  told.completeExceptionally(new AssertionError("interruption swallowed", e));
                }
              } catch (RuntimeException e) {
                told.completeExceptionally(e);
              }
            });
    await().atMost(Duration.ofMinutes(5)).until(() -> reached.getAsInt() > 0);
    caller.interrupt();
    return told.get(5, TimeUnit.MINUTES);
  }

  /** For tests in which the real server must have answered before the fault. */
  private static MlflowConfig patient(URI uri) {
    return MlflowConfig.of(uri).patience(Duration.ofSeconds(5), Duration.ofSeconds(5));
  }

  private static MlflowConfig impatient(URI uri) {
    return MlflowConfig.fromEnvironment(Map.of("MLFLOW_TRACKING_URI", uri.toString()))
        .orElseThrow()
        .patience(Duration.ofSeconds(1), Duration.ofSeconds(1));
  }
}
