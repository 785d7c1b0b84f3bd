package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.app.run.RunSummary;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.mlflow.FaultProxy;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run that was cut off at one of its calls to the registry, killed or refused, and is started
 * again under its id: console, exit code, promotion log, alias, tag, version and record tell one
 * story. {@code mvn verify} takes a sample of the calls; {@code -Dsluice.sweep=all} takes all,
 * {@code -Dsluice.sweep=FIRST-LAST} those of a range, and {@code -Dsluice.sweep.cuts=KILL,REFUSE}
 * those ways to cut.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunAgainIT {
  private static final String RUN = "again";

  private static final String REFUSAL =
      "{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"not you\"}";

  /** What happens to a run at a call. */
  private enum Cut {
    /** The process is killed before the server sees the call. */
    KILL,
    /** The server does what was asked, and the process is killed before it knows. */
    KILL_AFTER,
    /** The server refuses this call, and no other. */
    REFUSE,
    /** The server does what was asked; a proxy before it answers that it refuses. */
    REFUSE_AFTER,
    /** The server does what was asked; the answer gets lost, and the client asks again. */
    LOSE;

    FaultProxy.Fault fault(Supplier<Process> process) {
      return switch (this) {
        case KILL -> {
          kill(process.get());
          yield FaultProxy.CUT_BEFORE;
        }
        case KILL_AFTER ->
            new FaultProxy.Fault.Instead(
                () -> kill(process.get()), 500, "application/json", REFUSAL);
        case REFUSE -> FaultProxy.answer(403, "application/json", REFUSAL);
        case REFUSE_AFTER ->
            new FaultProxy.Fault.Instead(() -> {}, 403, "application/json", REFUSAL);
        case LOSE -> FaultProxy.CUT_AFTER;
      };
    }

    /** Returns when it is gone: an answer must not reach it. */
    private static void kill(Process process) {
      process.destroyForcibly().onExit().join();
    }
  }

  private Path folder;
  private RegistrySession server;

  /** Keeps the models of one sweep from those of others, where they share a server. */
  private String suffix;

  @BeforeAll
  void start(@TempDir Path temporary) {
    folder = temporary;
    suffix = "-" + Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    server = RegistrySessions.ofThisProcess().open(folder.resolve("server"), event -> {});
  }

  @AfterAll
  void end() {
    server.close();
  }

  @Test
  void aRunThatIsCutOffAnywhereTellsOneStoryWhenItIsStartedAgain() throws Exception {
    List<FaultProxy.Request> calls = calls();
    List<String> wrong = new ArrayList<>();
    StringBuilder table = new StringBuilder("calls of a run: " + calls.size() + "\n");
    for (int call : chosen(calls)) {
      for (Cut cut : cuts(call, calls.get(call - 1))) {
        String found = story(cut, call);
        String what =
            String.format(
                "%-12s %3d %-6s %-62s %s%n",
                cut,
                call,
                calls.get(call - 1).method(),
                calls.get(call - 1).path().replaceFirst("\\?.*", ""),
                found.isEmpty() ? "one story" : found);
        table.append(what);
        System.out.print(what);
        if (!found.isEmpty()) {
          wrong.add(what);
        }
      }
    }
    assertThat(wrong).as(table.toString()).isEmpty();
  }

  /** The calls of a run that nothing happens to. */
  private List<FaultProxy.Request> calls() throws Exception {
    List<FaultProxy.Request> calls = new ArrayList<>();
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("whole")).model("whole" + suffix);
    try (FaultProxy proxy =
        new FaultProxy(
            URI.create(server.address()),
            request -> {
              synchronized (calls) {
                calls.add(request);
              }
              return FaultProxy.NONE;
            })) {
      ForkedSluice.Ended run = sluice("whole", proxy.uri().toString()).run(arguments(pipeline));
      assertThat(run.out()).as(run.shown()).contains("PROMOTED whole" + suffix + " version 1");
    }
    return calls;
  }

  /**
   * How a call is cut off: in every way in a sweep, where a call that only reads has no "after"; in
   * a sample in one way, the next call in another.
   */
  private static List<Cut> cuts(int call, FaultProxy.Request request) {
    if (System.getProperty("sluice.sweep", "").isEmpty()) {
      return List.of(Cut.values()[call % Cut.values().length]);
    }
    boolean reads = request.method().equals("GET") || request.path().contains("/search");
    String asked = System.getProperty("sluice.sweep.cuts", "");
    return (reads ? List.of(Cut.KILL, Cut.REFUSE) : List.of(Cut.values()))
        .stream()
            .filter(c -> asked.isEmpty() || List.of(asked.split(",")).contains(c.name()))
            .toList();
  }

  /** Where to cut: the writes of the promotion, unless more is asked for. */
  private static List<Integer> chosen(List<FaultProxy.Request> calls) {
    int all = calls.size();
    String asked = System.getProperty("sluice.sweep", "");
    if (asked.equals("all")) {
      return IntStream.rangeClosed(1, all).boxed().toList();
    }
    if (asked.contains("-")) {
      String[] range = asked.split("-");
      return IntStream.rangeClosed(
              Integer.parseInt(range[0]), Math.min(all, Integer.parseInt(range[1])))
          .boxed()
          .toList();
    }
    List<Integer> chosen = new ArrayList<>();
    boolean promoting = false;
    for (int i = 1; i <= all; i++) {
      FaultProxy.Request request = calls.get(i - 1);
      promoting |=
          request.path().endsWith("model-versions/create")
              && request.body().contains(".promotions");
      boolean writes =
          request.path().endsWith("model-versions/create")
              || request.path().endsWith("registered-models/alias")
              || request.path().endsWith("set-tag");
      if (promoting && writes && !request.method().equals("GET")) {
        chosen.add(i);
      }
    }
    assertThat(chosen).as("entry, memory, alias, tag, and that they are written").hasSize(5);
    return chosen;
  }

  /** Cuts a run off, starts it again, and says what does not fit together; empty when all does. */
  private String story(Cut cut, int at) throws Exception {
    String model = (cut + "-" + at + suffix).toLowerCase(Locale.ROOT).replace('_', '-');
    TinyPipeline pipeline = new TinyPipeline(folder.resolve(model)).model(model);
    for (String part : List.of("blobs", "cache")) {
      copy(
          folder.resolve("state-whole/store").resolve(part),
          folder.resolve("state-" + model + "/store").resolve(part));
    }
    AtomicInteger seen = new AtomicInteger();
    AtomicReference<ForkedSluice.Going> process = new AtomicReference<>();
    ForkedSluice.Ended first;
    try (FaultProxy proxy =
        new FaultProxy(
            URI.create(server.address()),
            request -> {
              if (seen.incrementAndGet() != at) {
                return FaultProxy.NONE;
              }
              return cut.fault(() -> process.get().process());
            })) {
      process.set(sluice(model, proxy.uri().toString()).start(arguments(pipeline)));
      first = process.get().await();
    }
    List<String> wrong = new ArrayList<>();
    PromotionLog log = server.registry().promotions(model);
    PromotionLog.Inspection between = log.inspect();
    boolean promoted = between.champion().isPresent();
    if (promoted && first.out().contains("HELD")) {
      wrong.add("the first run says HELD, the log has its entry");
    }
    ForkedSluice sluice = sluice(model, server.address());
    if (promoted && !between.alias().equals(between.champion())) {
      ForkedSluice.Ended history = sluice.run("history", pipeline.path());
      if (!history.out().contains("lag behind the log")) {
        wrong.add("history does not say that the alias lags");
      }
    }

    Path record = folder.resolve(model + ".json");
    ForkedSluice.Ended again = sluice.run(arguments(pipeline, "--record", record.toString()));
    if (again.code() != 0) {
      wrong.add("exit code " + again.code() + ": " + again.shown());
    }
    if (!again.out().contains("PROMOTED " + model + " version 1")) {
      wrong.add("the console says " + again.out().lines().filter(l -> l.contains(model)).toList());
    }
    PromotionLog.Inspection end = log.inspect();
    List<Entry> valid = end.entries().stream().filter(Entry::valid).toList();
    if (valid.size() != 1 || !valid.getFirst().run().equals(RUN) || valid.getFirst().to() != 1) {
      wrong.add("the log has " + valid);
    }
    if (!end.alias().equals(Optional.of(1)) || !end.production().equals(List.of(1))) {
      wrong.add("alias " + end.alias() + ", stage " + end.production());
    }
    List<Version> versions = server.registry().versions(model);
    if (versions.size() != 1
        || !"PROMOTE".equals(versions.getFirst().tags().get("sluice.verdict"))) {
      wrong.add("versions " + versions);
    }
    List<RunSummary> records =
        server.registry().recordedRuns(model, 10).stream().map(RunSummary::of).toList();
    if (records.size() != 1
        || !records.getFirst().status().equals("succeeded")
        || !records.getFirst().verdict().equals(Optional.of("PROMOTE"))
        || !records.getFirst().promoted().equals(Optional.of(1))) {
      wrong.add(
          "the record says "
              + records.stream()
                  .map(r -> r.status() + " " + r.verdict() + " " + r.promoted())
                  .toList());
    }
    return String.join("; ", wrong);
  }

  /** What the stages before the registry's came to is known: only what follows is cut off. */
  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  @Test
  void aFinishedRunIsRepeatedAndSaysWhatBecameOfItsPromotion() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("finished")).model("finished");
    ForkedSluice sluice = sluice("finished", server.address());
    // Without --as-of: the second time pins what the first one did.
    String[] run = {"run", pipeline.path(), "--run-id", RUN};
    ForkedSluice.Ended first = sluice.run(run);
    assertThat(first.out()).as(first.shown()).contains("PROMOTED finished version 1");

    ForkedSluice.Ended again = sluice.run(run);
    assertThat(again.code()).as(again.shown()).isEqualTo(0);
    assertThat(again.out())
        .contains("PROMOTED finished version 1")
        .contains("version 1 is champion (entry 1 of the promotion log, by an earlier attempt");

    pipeline.data("cp src/weeks \"$SLUICE_OUTPUTS/weeks\"; echo changed >&2");
    ForkedSluice.Ended other = sluice.run(run);
    assertThat(other.code()).as(other.shown()).isEqualTo(0);
    assertThat(sluice.run("override", pipeline.path(), "1", "--reason", "none").code())
        .as("it is the champion")
        .isEqualTo(2);

    // Another version becomes champion: the run says so, and changes nothing.
    pipeline.train("cp -r src/model \"$SLUICE_OUTPUTS/model\"; true").firstRun("hold");
    ForkedSluice.Ended next =
        sluice.run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "next");
    assertThat(next.out()).as(next.shown()).contains("HELD finished version 2");
    ForkedSluice.Ended override =
        sluice.run("override", pipeline.path(), "2", "--reason", "we need it");
    assertThat(override.code()).as(override.shown()).isEqualTo(0);
    assertThat(sluice.run("override", pipeline.path(), "2", "--reason", "we need it").code())
        .as("the same decision again")
        .isEqualTo(0);
    pipeline.train("cp -r src/model \"$SLUICE_OUTPUTS/model\"").firstRun("beatsNaive");
    ForkedSluice.Ended late = sluice.run(run);
    assertThat(late.code()).as(late.shown()).isEqualTo(0);
    assertThat(late.out())
        .contains("PROMOTED finished version 1", "version 1 became champion (entry 1")
        .contains("since then version 2 is champion (entry 2, override by ");
    assertThat(log("finished").entries()).hasSize(2);
    assertThat(log("finished").alias()).contains(2);

    ForkedSluice.Ended moved =
        sluice.run("run", pipeline.path(), "--run-id", RUN, "--as-of", "2026-02-01");
    assertThat(moved.code()).as(moved.shown()).isEqualTo(2);
    assertThat(moved.shown()).contains("SLU-4048", "promoted version 1", "2026-02-01");
  }

  @Test
  void aRollbackThatIsMadeAgainIsTheSameRollback() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("rollback")).model("rollback");
    ForkedSluice sluice = sluice("rollback", server.address());
    assertThat(sluice.run(arguments(pipeline)).out()).contains("PROMOTED rollback version 1");
    Version one = server.registry().version("rollback", 1).orElseThrow();
    assertThat(one.version()).isEqualTo(1);
    pipeline.train("cp -r src/model \"$SLUICE_OUTPUTS/model\"; true");
    sluice.run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "second");
    assertThat(sluice.run("override", pipeline.path(), "2", "--reason", "try it").code()).isZero();

    String[] rollback = {"rollback", pipeline.path(), "--reason", "it doubled"};
    ForkedSluice.Ended first = sluice.run(rollback);
    assertThat(first.out()).as(first.shown()).contains("version 1 is champion again (entry 3)");
    ForkedSluice.Ended again = sluice.run(rollback);
    assertThat(again.out())
        .as(again.shown())
        .contains("version 1 is champion again already", "(entry 3, ", "nothing was changed");
    assertThat(log("rollback").entries()).hasSize(3);
    ForkedSluice.Ended further = sluice.run("rollback", pipeline.path(), "--reason", "and more");
    assertThat(further.code()).as(further.shown()).isEqualTo(2);
    assertThat(further.err())
        .contains("SLU-9020", "no champion before version 1", "--to names one of them (2)");
    JsonNode history =
        Json.parse(
            sluice
                .run("history", pipeline.path(), "--json")
                .out()
                .getBytes(StandardCharsets.UTF_8));
    assertThat(history.path("projections").path("relation").asText()).isEqualTo("agree");

    HttpRequest change =
        HttpRequest.newBuilder(
                URI.create(server.address() + "/api/2.0/mlflow/model-versions/set-tag"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"name\":\"rollback.promotions\",\"version\":\"2\",\"key\":\"why\","
                        + "\"value\":\"other words\"}"))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      assertThat(client.send(change, HttpResponse.BodyHandlers.discarding()).statusCode())
          .isEqualTo(200);
    }
    ForkedSluice.Ended damaged = sluice.run("history", pipeline.path());
    assertThat(damaged.code()).as(damaged.shown()).isEqualTo(1);
    assertThat(damaged.out())
        .containsPattern("1 +promote +version 1")
        .contains("! damaged: entry 2 was changed");
  }

  private PromotionLog.Inspection log(String model) {
    return server.registry().promotions(model).inspect();
  }

  private ForkedSluice sluice(String state, String registry) {
    return new ForkedSluice(folder.resolve("state-" + state))
        .with("MLFLOW_TRACKING_URI", registry)
        .with("MLFLOW_HTTP_REQUEST_TIMEOUT", "5");
  }

  private static String[] arguments(TinyPipeline pipeline, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", RUN));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
