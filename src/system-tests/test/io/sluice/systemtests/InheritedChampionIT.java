package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.serving.FollowStatus;
import io.sluice.core.serving.VersionState;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import io.sluice.serving.follow.FollowEvents;
import io.sluice.serving.follow.FollowSettings;
import io.sluice.serving.follow.FollowedVersions;
import io.sluice.serving.predict.Lease;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A model that was in production before Sluice, and one whose alias a person moved. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InheritedChampionIT {
  private Path folder;
  private RegistrySession server;

  @BeforeAll
  void start(@TempDir Path temporary) {
    folder = temporary;
    server = RegistrySessions.ofThisProcess().open(folder.resolve("server"), event -> {});
  }

  @AfterAll
  void end() {
    server.close();
  }

  @Test
  void aChampionOfAnOlderJobHoldsTheFirstPromotionUntilAPersonDecides() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("older")).model("older");
    ForkedSluice sluice = sluice("older");
    leftByAnOlderJob("older");

    ForkedSluice.Ended doctor = sluice.run("doctor", pipeline.path());
    assertThat(doctor.code()).as(doctor.shown()).isEqualTo(1);
    assertThat(doctor.out())
        .containsPattern("WRONG +alias and tag")
        .contains("the alias champion names version 2, stage=Production is on version 2")
        .contains("`sluice adopt VERSION --reason ..`");
    assertThat(sluice.run("doctor", pipeline.path(), "--fix").code())
        .as("there is nothing to fix it by")
        .isEqualTo(1);

    ForkedSluice.Ended held = sluice.run(run(pipeline, "first"));
    assertThat(held.code()).as(held.shown()).isEqualTo(0);
    assertThat(held.out())
        .contains("HELD older version 4")
        .contains("Why: others set a champion that the promotion log does not know")
        .contains("sluice adopt 2 --reason");
    untouched("older");
    heldIsExplainedForEver(sluice, pipeline);
    assertThat(sluice.run(run(pipeline, "again", "--fail-on-hold")).code()).isEqualTo(5);

    ForkedSluice.Ended other = sluice.run("adopt", pipeline.path(), "3", "--reason", "I mistyped");
    assertThat(other.code()).as(other.shown()).isEqualTo(2);
    assertThat(other.err()).contains("SLU-9028", "version 3 is not what others set");
    ForkedSluice.Ended adopted =
        sluice.run(
            "adopt", pipeline.path(), "2", "--reason", "in production since March", "--json");
    assertThat(adopted.code()).as(adopted.shown()).isEqualTo(0);
    JsonNode json = Json.parse(adopted.out().getBytes(StandardCharsets.UTF_8));
    assertThat(json.path("champion").asInt()).isEqualTo(2);
    assertThat(json.path("scorable").asBoolean(true)).isFalse();
    assertThat(json.path("why").asText()).contains("model.onnx");
    assertThat(sluice.run("history", pipeline.path()).out())
        .containsPattern("1  adopt +version 2 .*in production since March  \\[champion\\]");
    assertThat(sluice.run("doctor", pipeline.path()).code()).isZero();

    // It cannot be scored: nothing takes its place unasked.
    ForkedSluice.Ended unscored = sluice.run(run(pipeline, "unscored"));
    assertThat(unscored.code()).as(unscored.shown()).isEqualTo(0);
    assertThat(unscored.out())
        .contains("HELD older version")
        .contains("the champion, version 2, was not made by Sluice and cannot be scored");
    untouched("older");

    assertThat(sluice.run("override", pipeline.path(), "4", "--reason", "looked at both").code())
        .isZero();
    assertThat(log("older").champion()).contains(4);
    assertThat(log("older").alias()).contains(4);
    assertThat(log("older").production()).containsExactly(4);
    ForkedSluice.Ended met = sluice.run(run(pipeline, "met"));
    assertThat(met.out()).as(met.shown()).contains("HELD").doesNotContain("cannot be scored");
  }

  @Test
  void anEmergencyChangeStaysUntilAPersonSaysWhatItIs() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("moved")).model("moved");
    ForkedSluice sluice = sluice("moved");
    assertThat(sluice.run(run(pipeline, "first")).out()).contains("PROMOTED moved version 1");
    pipeline.tables(31, 1);
    assertThat(sluice.run(run(pipeline, "second")).code()).isZero();
    assertThat(sluice.run("override", pipeline.path(), "2", "--reason", "try it").code()).isZero();
    alias("moved", 1); // at night, by hand

    ForkedSluice.Ended history = sluice.run("history", pipeline.path());
    assertThat(history.out())
        .contains("! others set alias or tag: the alias champion names version 1");
    ForkedSluice.Ended doctor = sluice.run("doctor", pipeline.path());
    assertThat(doctor.code()).as(doctor.shown()).isEqualTo(1);
    assertThat(log("moved").alias()).contains(1);
    ForkedSluice.Ended held = sluice.run(run(pipeline, "third"));
    assertThat(held.out())
        .as(held.shown())
        .contains("HELD", "others set a champion that the promotion log does not know");
    assertThat(log("moved").alias()).contains(1);

    ForkedSluice.Ended fixed = sluice.run("doctor", pipeline.path(), "--fix");
    assertThat(fixed.code()).as(fixed.shown()).isEqualTo(0);
    assertThat(fixed.out()).contains("mended", "alias champion: version 1 -> version 2");
    alias("moved", 1);
    assertThat(sluice.run("adopt", pipeline.path(), "1", "--reason", "it doubled").code()).isZero();
    assertThat(log("moved").champion()).contains(1);
    assertThat(log("moved").production()).containsExactly(1);
    assertThat(sluice.run("doctor", pipeline.path()).out())
        .containsPattern("ok +champion's files +are those of the promotion log");
    aServiceFollowsEachDecision();
    changedFilesAndTagsAreRefused(sluice, pipeline);
    anOlderEntryIsCompletedByAPerson(sluice, pipeline);
  }

  /** By looking alone, with nothing that wakes it. */
  private void aServiceFollowsEachDecision() throws InterruptedException {
    PromotionLog log = server.registry().promotions("moved");
    try (FollowedVersions service = service("following", false)) {
      served(service, log.head().entry(), 1);
      for (int i = 0; i < 10; i++) {
        int to = 2 - i % 2;
        Optional<Digest> files = PromotionLog.bundle(log.entries(), to);
        assertThat(files).isPresent();
        PromotionLog.Kind kind = to == 1 ? PromotionLog.Kind.ROLLBACK : PromotionLog.Kind.OVERRIDE;
        log.append(new PromotionLog.Request(kind, log.head(), to, "ann", "swap " + i, "", files));
        served(service, log.head().entry(), to);
        assertThat(service.status().state()).isEqualTo(FollowStatus.State.CURRENT);
      }
    }
    assertThat(log.champion()).map(PromotionLog.Entry::to).contains(1);
  }

  /** A service with a state folder of its own, which has seen nothing yet. */
  private FollowedVersions service(String state, boolean acceptUnverified) {
    return FollowedVersions.start(
        server.registry(),
        new FollowSettings(
            "moved",
            Duration.ofMillis(100),
            FollowSettings.LONGEST,
            OptionalInt.empty(),
            acceptUnverified,
            folder.resolve("service-" + state)),
        model -> {},
        new FollowEvents() {
          @Override
          public void moved(Instant at, long entry, int version, VersionState state, String why) {}

          @Override
          public void looked(boolean answered) {}

          @Override
          public void trouble(Instant at, String what) {}
        },
        Clock.systemUTC(),
        new Random(1));
  }

  private static void served(FollowedVersions service, long entry, int version)
      throws InterruptedException {
    await(
        service,
        () -> {
          try (Lease lease = service.acquire().orElse(null)) {
            if (lease == null || lease.version().entry() != entry) {
              return false;
            }
            assertThat(lease.version().version()).isEqualTo(version);
            assertThat(lease.version().verified()).isTrue();
            return true;
          }
        });
  }

  /** A service that has nothing refuses the champion, and says why. */
  private void refuses(String state, String why) throws InterruptedException {
    try (FollowedVersions service = service(state, false)) {
      await(service, () -> service.status().why().contains(why));
      assertThat(service.acquire()).isEmpty();
    }
  }

  private static void await(FollowedVersions service, BooleanSupplier reached)
      throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).as(service.status().toString()).isLessThan(until);
      Thread.sleep(20);
    }
  }

  private void changedFilesAndTagsAreRefused(ForkedSluice sluice, TinyPipeline pipeline)
      throws Exception {
    ModelRegistry registry = server.registry();
    Version champion = registry.version("moved", 1).orElseThrow();
    String registered = champion.tags().get("sluice.bundle");
    registry.tag(champion, "sluice.bundle", Digest.of("another").toString());
    ForkedSluice.Ended doctor = sluice.run("doctor", pipeline.path());
    assertThat(doctor.code()).as(doctor.shown()).isEqualTo(1);
    assertThat(doctor.out()).containsPattern("WRONG +champion's files +its tag sluice.bundle says");
    ForkedSluice.Ended refused = sluice.run(run(pipeline, "tagged"));
    assertThat(refused.code()).as(refused.shown()).isEqualTo(1);
    assertThat(refused.shown()).contains("SLU-4043", "its tag sluice.bundle says");
    refuses("tagged", "SLU-9251 version 1 is not what it was: its tag sluice.bundle says");
    registry.tag(champion, "sluice.bundle", String.valueOf(registered));

    Version two = registry.version("moved", 2).orElseThrow();
    byte[] other = "{}".getBytes(StandardCharsets.UTF_8);
    registry.attach(
        two,
        new ModelRegistry.FileContent(
            "model/signature.json", other.length, () -> new ByteArrayInputStream(other)));
    ForkedSluice.Ended back =
        sluice.run("override", pipeline.path(), "2", "--reason", "back to this");
    assertThat(back.code()).as(back.shown()).isEqualTo(1);
    assertThat(back.err()).contains("SLU-5026", "its files in the registry are");
    assertThat(log("moved").champion()).contains(1);

    PromotionLog log = registry.promotions("moved");
    Optional<Digest> promoted = PromotionLog.bundle(log.entries(), 2);
    log.append(
        new PromotionLog.Request(
            PromotionLog.Kind.OVERRIDE, log.head(), 2, "ann", "by hand", "", promoted));
    refuses("files", "SLU-9251 version 2 is not what it was: its files in the registry are");
    try (FollowedVersions service = service("following", false)) {
      served(service, log.head().entry(), 2); // from its cache, where they are what was promoted
    }
  }

  /** An entry as a version of Sluice appended it that did not record files yet. */
  private void anOlderEntryIsCompletedByAPerson(ForkedSluice sluice, TinyPipeline pipeline)
      throws Exception {
    PromotionLog log = server.registry().promotions("moved");
    log.append(
        new PromotionLog.Request(
            PromotionLog.Kind.OVERRIDE,
            log.head(),
            3,
            "ann",
            "by an older Sluice",
            "",
            Optional.empty()));
    ForkedSluice.Ended doctor = sluice.run("doctor", pipeline.path());
    assertThat(doctor.code()).as(doctor.shown()).isZero();
    refuses("older", "SLU-9250 the promotion log does not say which files version 3 has");
    Matcher shown = Pattern.compile("--record-digest (sha256:\\w+)").matcher(doctor.out());
    assertThat(shown.find()).as(doctor.shown()).isTrue();
    ForkedSluice.Ended other =
        sluice.run(
            "doctor",
            pipeline.path(),
            "--record-digest",
            Digest.of("x").toString(),
            "--reason",
            "seen");
    assertThat(other.code()).as(other.shown()).isEqualTo(2);
    assertThat(other.err()).contains("SLU-9043");
    ForkedSluice.Ended recorded =
        sluice.run(
            "doctor", pipeline.path(), "--record-digest", shown.group(1), "--reason", "I looked");
    assertThat(recorded.code()).as(recorded.shown()).isZero();
    assertThat(recorded.out()).containsPattern("ok +champion's files");
    assertThat(sluice.run("history", pipeline.path()).out())
        .containsPattern("confirm +version 3 .*I looked  \\[champion\\]");
    assertThat(PromotionLog.bundle(log("moved").entries(), 3).map(Digest::toString))
        .contains(shown.group(1));
    try (FollowedVersions service = service("older", false)) {
      served(service, log.head().entry(), 3);
    }
  }

  @Test
  void fixAndOnAreNotTakenTogether() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("on"));
    ForkedSluice.Ended both = sluice("on").run("doctor", pipeline.path(), "--on", "x", "--fix");
    assertThat(both.code()).as(both.shown()).isEqualTo(2);
    assertThat(both.err()).contains("SLU-9029");
  }

  /** From the store of this machine, and from the registry once that is gone. */
  private void heldIsExplainedForEver(ForkedSluice sluice, TinyPipeline pipeline) throws Exception {
    String why = "Why: others set a champion that the promotion log does not know";
    ForkedSluice.Ended list = sluice.run("runs", pipeline.path(), "--status", "held");
    assertThat(list.out()).containsPattern("first +older .* held +insufficient; version 4");
    assertThat(sluice.run("show", "first", "--pipeline", pipeline.path()).out())
        .contains("run first of older: held", why, "every line", "events.jsonl");
    Path records = sluice.state().resolve("store/runs/first");
    Path away = sluice.state().resolve("first-away");
    Files.move(records, away);
    ForkedSluice.Ended remote = sluice.run("show", "first", "--pipeline", pipeline.path());
    assertThat(remote.out()).as(remote.shown()).contains(why, "http://127.0.0.1");
    Files.move(away, records);
  }

  private void untouched(String model) {
    assertThat(log(model).alias()).contains(2);
    assertThat(log(model).production()).containsExactly(2);
  }

  private PromotionLog.Inspection log(String model) {
    return server.registry().promotions(model).inspect();
  }

  private ForkedSluice sluice(String state) {
    return new ForkedSluice(folder.resolve("state-" + state))
        .with("MLFLOW_TRACKING_URI", server.address());
  }

  private static String[] run(TinyPipeline pipeline, String id, String... more) {
    String[] all =
        java.util.Arrays.copyOf(
            new String[] {"run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", id},
            6 + more.length);
    System.arraycopy(more, 0, all, 6, more.length);
    return all;
  }

  /** Three versions without files, the alias champion on the second, as old jobs leave them. */
  private void leftByAnOlderJob(String model) throws Exception {
    String experiment =
        post("experiments/create", "{\"name\":\"old-" + model + "\"}")
            .path("experiment_id")
            .asText();
    String run =
        post("runs/create", "{\"experiment_id\":\"" + experiment + "\"}")
            .path("run")
            .path("info")
            .path("run_id")
            .asText();
    post("registered-models/create", "{\"name\":\"" + model + "\"}");
    for (int i = 0; i < 3; i++) {
      post(
          "model-versions/create",
          "{\"name\":\"%s\",\"source\":\"runs:/%s/model\",\"run_id\":\"%s\"}"
              .formatted(model, run, run));
    }
    alias(model, 2);
    post(
        "model-versions/set-tag",
        "{\"name\":\"%s\",\"version\":\"2\",\"key\":\"stage\",\"value\":\"Production\"}"
            .formatted(model));
  }

  private void alias(String model, int version) throws Exception {
    post(
        "registered-models/alias",
        "{\"name\":\"%s\",\"alias\":\"champion\",\"version\":\"%d\"}".formatted(model, version));
  }

  private JsonNode post(String call, String body) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<byte[]> answer =
          http.send(
              HttpRequest.newBuilder(URI.create(server.address() + "/api/2.0/mlflow/" + call))
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());
      assertThat(answer.statusCode()).as(call).isEqualTo(200);
      return Json.parse(answer.body());
    }
  }
}
