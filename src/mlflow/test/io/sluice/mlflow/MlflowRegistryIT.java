package io.sluice.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.registry.BundleEvidence;
import io.sluice.core.registry.ModelRegistry.Dataset;
import io.sluice.core.registry.ModelRegistry.FileContent;
import io.sluice.core.registry.ModelRegistry.Recording;
import io.sluice.core.registry.ModelRegistry.Registration;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.registry.VersionBundle;
import io.sluice.core.run.StageStatus;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;

/** The release flow on a real server: what register, promote, history and trace rely on. */
class MlflowRegistryIT {
  private static MlflowRegistry registry;

  @BeforeAll
  static void server() {
    registry = RealServer.registry();
  }

  @Test
  void aCandidateIsThereWithAllThatLedToIt() throws IOException {
    Version v =
        registry.register(
            new Registration(
                "release",
                "run-1/xgboost",
                "run-1/xgboost",
                Map.of("eta", "0.05", "long", "x".repeat(7000)),
                Map.of("poisson_deviance", 1.25, "undefined", Double.NaN),
                Map.of("sluice.run", "run-1", "sluice.code", "sha256:abc"),
                Optional.of(
                    new Dataset("returns", "8c53a9f0d2", "file:data.csv", OptionalLong.of(32776))),
                List.of(file("MLmodel", "flavors: {}"), file("nested/deep/er/a b%c.txt", "deep")),
                List.of(file("study.json", "{}"), file("reports/empty", "")),
                Map.of("trial_objective", List.of(1.5, Double.NaN, 1.25)),
                "xgboost is 3% better"));

    assertThat(v.version()).isEqualTo(1);
    assertThat(v.tags())
        .containsEntry("sluice.run", "run-1")
        .containsEntry("sluice.code", "sha256:abc");
    assertThat(registry.version("release", 1)).contains(v);
    assertThat(registry.versions("release")).containsExactly(v);
    assertThat(registry.files(v))
        .containsExactly(
            "model/MLmodel", "model/nested/deep/er/a b%c.txt", "reports/empty", "study.json");
    assertThat(read(v, "model/nested/deep/er/a b%c.txt")).isEqualTo("deep");
    assertThat(read(v, "reports/empty")).isEmpty();
    assertThat(registry.params(v)).containsEntry("eta", "0.05");
    assertThat(registry.params(v).get("long")).hasSize(6000);
    assertThat(registry.metrics(v))
        .isEqualTo(Map.of("poisson_deviance", 1.25, "trial_objective", 1.25));
    assertThat(registry.rest().get("runs/get?run_id=" + v.run()))
        .contains("\"FINISHED\"", "\"8c53a9f0d2\"", "mlflow.data.context", "32776")
        .contains("mlflow.note.content", "xgboost is 3% better");
    assertThat(registry.rest().get("model-versions/get?name=release&version=1"))
        .contains("xgboost is 3% better");
    assertThat(
            registry.rest().get("metrics/get-history?metric_key=trial_objective&run_id=" + v.run()))
        .contains("1.5", "1.25")
        .doesNotContain("NaN");
  }

  @Test
  void aDatasetWhoseRowsNobodyCountedHasNoNumberOfRows() {
    Registration plain = candidate("uncounted", "k");
    Version v =
        registry.register(
            new Registration(
                plain.model(),
                plain.name(),
                plain.idempotencyKey(),
                plain.params(),
                plain.metrics(),
                plain.tags(),
                Optional.of(new Dataset("returns", "aa", "file:x", OptionalLong.empty())),
                plain.bundle(),
                plain.extra()));
    assertThat(registry.rest().get("runs/get?run_id=" + v.run()))
        .contains("\"aa\"")
        .doesNotContain("num_rows");
  }

  @Test
  void theSameKeyNeverRegistersTwice() {
    Version first = registry.register(candidate("twice", "k1"));
    Version again = registry.register(candidate("twice", "k1"));
    Version other = registry.register(candidate("twice", "k2 with 'quotes' and\nlines"));

    assertThat(again).isEqualTo(first);
    assertThat(other.version()).isEqualTo(2);
    assertThat(registry.register(candidate("twice", "k2 with 'quotes' and\nlines")))
        .isEqualTo(other);
    assertThat(registry.versions("twice")).hasSize(2);
  }

  @Test
  void aVersionThatIsRegisteredAgainSaysWhatIsTrueNow() {
    Registration first = candidate("described", "k");
    registry.register(described(first, "HOLD: the champion stays"));
    Version v = registry.register(described(first, "PROMOTE: it is better"));

    assertThat(registry.rest().get("model-versions/get?name=described&version=" + v.version()))
        .contains("PROMOTE: it is better");
    assertThat(registry.rest().get("runs/get?run_id=" + v.run()))
        .contains("PROMOTE: it is better")
        .doesNotContain("HOLD");
    assertThat(registry.rest().get("registered-models/get?name=described"))
        .contains("described.promotions");
  }

  private static Registration described(Registration r, String description) {
    return new Registration(
        r.model(),
        r.name(),
        r.idempotencyKey(),
        r.params(),
        r.metrics(),
        r.tags(),
        r.dataset(),
        r.bundle(),
        r.extra(),
        r.series(),
        description);
  }

  @Test
  void whatDiedBeforeTheVersionIsCompletedByTheRetry() {
    Registration broken =
        new Registration(
            "halfway",
            "r",
            "k/family",
            Map.of("a", "1"),
            Map.of("m", 1.0),
            Map.of(),
            Optional.empty(),
            List.of(
                file("MLmodel", "x"),
                new FileContent(
                    "model.onnx",
                    5,
                    () -> {
                      throw new IOException("the disk went away");
                    })),
            List.of());
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> registry.register(broken))
        .satisfies(e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5011"));
    assertThat(registry.versions("halfway")).isEmpty();
    assertThat(statuses("halfway")).containsExactly("RUNNING");
    registry.record(new Recording("halfway", "k", StageStatus.CANCELLED, "", Map.of(), List.of()));
    assertThat(statuses("halfway")).as("nothing goes any more").containsExactly("KILLED", "KILLED");

    Version v =
        registry.register(
            new Registration(
                "halfway",
                "r",
                "k/family",
                Map.of("a", "1"),
                Map.of("m", 1.0),
                Map.of(),
                Optional.empty(),
                List.of(file("MLmodel", "x"), file("model.onnx", "12345")),
                List.of()));

    assertThat(v.version()).isEqualTo(1);
    assertThat(runs("halfway")).as("the retry resumes the run that was there").isEqualTo(2);
    assertThat(registry.files(v)).containsExactly("model/MLmodel", "model/model.onnx");
  }

  @Test
  void absenceIsAnAnswerAndNotAnError() {
    assertThat(registry.version("nobody", 1)).isEmpty();
    assertThat(registry.versions("nobody")).isEmpty();
    assertThat(registry.recordedRuns("nobody", 5)).isEmpty();
    assertThat(registry.promotions("nobody").head()).isEqualTo(PromotionLog.Head.EMPTY);
    assertThat(registry.promotions("nobody").champion()).isEmpty();
    assertThat(registry.promotions("nobody").inspect().relation())
        .isEqualTo(Projections.Relation.AGREE);
  }

  @Test
  void runsAreRecordedOnceAndReadNewestFirst() {
    record("run-a", StageStatus.FAILED, "{\"a\":1}");
    assertThat(statuses("recorded")).containsExactly("FAILED");
    record("run-b", StageStatus.CANCELLED, "{\"b\":1}");
    assertThat(statuses("recorded")).containsExactlyInAnyOrder("FAILED", "KILLED");
    record("run-a", StageStatus.SUCCEEDED, "{\"a\":2}");
    assertThat(statuses("recorded")).containsExactlyInAnyOrder("FINISHED", "KILLED");

    assertThat(registry.recordedRuns("recorded", 10))
        .extracting(bytes -> new String(bytes, StandardCharsets.UTF_8))
        .containsExactly("{\"b\":1}", "{\"a\":2}");
    assertThat(registry.recordedRuns("recorded", 1)).hasSize(1);
  }

  private static void record(String run, StageStatus status, String content) {
    registry.record(
        new Recording(
            "recorded",
            run,
            status,
            "what came of it",
            Map.of(),
            List.of(file("run.json", content))));
  }

  @Test
  void filesAndTagsCanBeAddedLater() throws IOException {
    Version v = registry.register(candidate("later", "k"));
    registry.attach(v, file("verdict.json", "1"));
    registry.attach(v, file("verdict.json", "2"));
    registry.tag(v, "gate", "HOLD");

    assertThat(read(v, "verdict.json")).isEqualTo("2");
    assertThat(registry.version("later", 1).orElseThrow().tags()).containsEntry("gate", "HOLD");
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> registry.open(v, "not-there.json"))
        .satisfies(e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5006"));
  }

  @Test
  void unsafeNamesAreRefusedBeforeAnythingIsSent() {
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> registry.versions("x' or name = 'y"))
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_WRONG));
    Version v = registry.register(candidate("safe", "k"));
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> registry.attach(v, file("../../elsewhere", "x")))
        .satisfies(e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5010"));
  }

  @Test
  void promotionAndRollbackMoveAliasAndTag() {
    for (int i = 1; i <= 2; i++) {
      registry.register(candidate("moving", "k" + i));
    }
    PromotionLog log = registry.promotions("moving");
    log.append(request(Kind.PROMOTE, log.head(), 1, "run-1"));
    PromotionLog.Head pinned = log.head();
    PromotionLog.Entry second = log.append(request(Kind.PROMOTE, pinned, 2, "run-2"));
    assertThat(log.inspect().alias()).contains(2);
    assertThat(registry.rest().get("registered-models/get?name=moving.promotions"))
        .contains("Not a model", "promotion-log");
    assertThat(registry.rest().get("model-versions/get?name=moving.promotions&version=2"))
        .contains("version 2 of moving becomes champion", "because a test says so")
        .contains("/promotion-log-entry");

    // A retried step gets the same answer; a run that pinned the old head has lost.
    assertThat(registry.promotions("moving").append(request(Kind.PROMOTE, pinned, 2, "run-2")))
        .isEqualTo(second);
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> log.append(request(Kind.PROMOTE, pinned, 1, "run-3")))
        .satisfies(e -> {
          assertThat(e.exitCode()).isEqualTo(ExitCode.CHAMPION_MOVED);
          assertThat(e.getMessage()).contains("SLU-5020", "entry 2", "version 2", "run-2");
        });

    log.append(request(Kind.ROLLBACK, log.head(), 1, ""));
    PromotionLog.Inspection seen = registry.promotions("moving").inspect();
    assertThat(seen.alias()).contains(1);
    assertThat(seen.production()).containsExactly(1);
    assertThat(seen.relation()).isEqualTo(Projections.Relation.AGREE);
    assertThat(seen.entries())
        .extracting(PromotionLog.Entry::kind)
        .containsExactly(Kind.PROMOTE, Kind.PROMOTE, Kind.ROLLBACK);
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> log.append(request(Kind.OVERRIDE, log.head(), 99, "")))
        .satisfies(e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5012"));
  }

  @Test
  void mlflowsOwnClientLoadsTheChampion(@TempDir Path folder) throws IOException {
    Path python = RealServer.venv().resolve("bin/python");
    Path here = Path.of(System.getProperty("sluice.root"), "src/mlflow/test/io/sluice/mlflow");
    Path bundle = folder.resolve("bundle");
    RealServer.run(List.of(python + "", here.resolve("bundle.py") + "", bundle + ""));
    List<FileContent> files;
    try (var walk = Files.walk(bundle)) {
      files =
          walk.filter(Files::isRegularFile)
              .map(p -> {
                try {
                  return new FileContent(
                      bundle.relativize(p).toString(),
                      Files.size(p),
                      () -> Files.newInputStream(p));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              })
              .toList();
    }
    registry.register(
        new Registration(
            "line", "r", "k", Map.of(), Map.of(), Map.of(), Optional.empty(), files, List.of()));
    PromotionLog log = registry.promotions("line");
    log.append(request(Kind.PROMOTE, log.head(), 1, "run-1"));

    String said =
        RealServer.run(
            List.of(
                python + "",
                here.resolve("load.py") + "",
                RealServer.shared().uri() + "",
                "models:/line@champion"));

    assertThat(said).contains("y = 7.0");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() ->
            RealServer.run(
                List.of(
                    python + "",
                    here.resolve("load.py") + "",
                    RealServer.shared().uri() + "",
                    "models:/line.promotions/1")))
        .as("an entry of the log is not taken for a model")
        .withMessageContaining("promotion-log-entry");
  }

  @Test
  void whatTheLogRecordedOfFilesHoldsAgainstChangedFilesAndTags() {
    Version version = registry.register(candidate("recorded", "k"));
    Digest files = hashed(version);
    PromotionLog log = registry.promotions("recorded");
    log.append(
        new PromotionLog.Request(
            Kind.PROMOTE, log.head(), 1, "ci", "better", "run-1", Optional.of(files)));
    List<PromotionLog.Entry> entries = registry.promotions("recorded").entries();
    assertThat(PromotionLog.bundle(entries, 1)).contains(files);
    BundleEvidence sound = BundleEvidence.look(registry, version, entries);
    assertThat(sound.files()).contains(files);
    assertThat(sound.contradiction()).isEmpty();

    registry.tag(version, "sluice.bundle", Digest.of("another bundle").toString());
    Version tagged = registry.version("recorded", 1).orElseThrow();
    assertThat(BundleEvidence.look(registry, tagged, entries).contradiction().orElseThrow())
        .contains("its tag sluice.bundle says " + Digest.of("another bundle"));

    registry.tag(version, "sluice.bundle", "");
    registry.attach(version, file("model/MLmodel", "flavors: { other: 1 }"));
    Version changed = registry.version("recorded", 1).orElseThrow();
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> BundleEvidence.look(registry, changed, entries).sound())
        .satisfies(e -> {
          assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5026");
          assertThat(e.getMessage()).contains("the promotion log recorded " + files);
        });
    assertThatExceptionOfType(SluiceException.class)
        .as("only the champion is confirmed")
        .isThrownBy(() ->
            log.append(
                new PromotionLog.Request(
                    Kind.CONFIRM, log.head(), 2, "ann", "seen", "", Optional.of(files))))
        .satisfies(e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-5010"));
  }

  private static Digest hashed(Version version) {
    try {
      return VersionBundle.hashed(registry, version).digest();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static PromotionLog.Request request(Kind kind, PromotionLog.Head from, int to, String run) {
    return new PromotionLog.Request(
        kind, from, to, "tester", "because a test says so", run, Optional.empty());
  }

  static Registration candidate(String model, String key) {
    return new Registration(
        model,
        key,
        key,
        Map.of("eta", "0.1"),
        Map.of("loss", 1.0),
        Map.of("sluice.run", key),
        Optional.empty(),
        List.of(file("MLmodel", "flavors: {}")),
        List.of());
  }

  static FileContent file(String path, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    return new FileContent(path, bytes.length, () -> new ByteArrayInputStream(bytes));
  }

  private static String read(Version v, String path) throws IOException {
    try (InputStream in = registry.open(v, path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static List<String> statuses(String experiment) {
    MlflowClient client = new MlflowClient(RealServer.shared().uri().toString());
    return client
        .searchRuns(
            List.of(client.getExperimentByName(experiment).get().getExperimentId()),
            "",
            ViewType.ACTIVE_ONLY,
            100)
        .getItems()
        .stream()
        .map(r -> r.getInfo().getStatus().name())
        .toList();
  }

  private static int runs(String experiment) {
    MlflowClient client = new MlflowClient(RealServer.shared().uri().toString());
    return client
        .searchRuns(
            List.of(client.getExperimentByName(experiment).get().getExperimentId()),
            "",
            ViewType.ACTIVE_ONLY,
            100)
        .getPageSize();
  }
}
