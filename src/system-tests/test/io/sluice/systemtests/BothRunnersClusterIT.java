package io.sluice.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.cli.LineDiff;
import io.sluice.cluster.TestCluster;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Small pipelines that between them use all that the compiler emits, each on this machine and on
 * the cluster, started by the same command line as the account that docs/cluster.md makes: the same
 * exit code, statuses, results, records and verdict.
 */
@Timeout(3600)
@ExtendWith(TestCluster.Starter.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BothRunnersClusterIT {

  /** Of what ran where, so that it differs. */
  private static final Pattern KEY = Pattern.compile(" key [0-9a-f]{12}");

  /** Tekton does not say which signal ended a program; a shell does. */
  private static final Pattern SIGNAL =
      Pattern.compile("(exit code |failed:|ends |\"exitCode\" : )(137|139|255|-1)( \\([^)]*\\))?");

  /**
   * Stages whose outputs hold ids of runs or of the registry, or the seconds that trials took: of
   * what they give the names are compared.
   */
  private static final Pattern OWN =
      Pattern.compile("resolve|register|promote|record|drift|tune(-.*)?");

  /** Tekton tells nothing of sidecars. */
  private static final Pattern SIDECAR = Pattern.compile("\n  \\(the sidecar had ended.*");

  /** A pod that is taken away may be gone before a step that said nothing could be read. */
  private static final Pattern UNREAD = Pattern.compile("\n[^ \n]+\n  \\(lines until [^\n]*");

  private static final List<String> VOLATILE =
      List.of("started", "finished", "commit", "head", "key", "environment", "image", "seconds");

  /** Models of a cluster that was up already are others. */
  private final String era = Long.toString(System.currentTimeMillis(), 36);

  /** Two nodes on two cores: more at once would only wait for each other. */
  private final ExecutorService some = Executors.newFixedThreadPool(3);

  private Path folder;

  private Path logs;
  private TestCluster cluster;
  private PreparedNamespace namespace;

  @BeforeAll
  void prepare(TestCluster cluster, @TempDir Path temporary) throws Exception {
    this.cluster = cluster;
    folder = temporary;
    namespace = new PreparedNamespace(cluster, "models", folder);
    logs =
        Files.createDirectories(
            ForkedSluice.root().resolve("src/system-tests/target/both-runners"));
  }

  @AfterAll
  void end() {
    some.shutdownNow();
  }

  @TestFactory
  Stream<DynamicTest> bothSayTheSame() {
    Map<Case, Future<Pair>> pairs = new LinkedHashMap<>();
    for (Case each : Cases.ALL) {
      pairs.put(each, some.submit(() -> pair(each)));
    }
    return pairs.entrySet().stream()
        .map(e -> DynamicTest.dynamicTest(e.getKey().name(), () -> same(e.getValue().get())));
  }

  /** A pipeline and the arguments of its runs, one after the other. */
  record Case(String name, Shape shape, List<List<String>> runs) {}

  /** How a case differs from the pipeline that is promoted. */
  interface Shape {
    void apply(TinyPipeline pipeline) throws IOException;
  }

  private record Pair(List<Told> here, List<Told> there) {}

  /** What a run came to, without what is anybody's own: times, ids, images. */
  private record Told(String lines, Path log) {}

  private Pair pair(Case each) throws Exception {
    return new Pair(tell(each, false), tell(each, true));
  }

  private List<Told> tell(Case each, boolean onCluster) throws Exception {
    String side = onCluster ? "there" : "here";
    Path home = folder.resolve(each.name()).resolve(side);
    TinyPipeline pipeline = new TinyPipeline(home.resolve("pipeline"));
    String model = "agree-" + each.name() + "-" + side + "-" + era;
    pipeline.model(model);
    each.shape().apply(pipeline);
    // All cases share the cluster's store: none may hit what another one made.
    Files.writeString(pipeline.file("src/case"), each.name() + era);
    namespace.target(pipeline, "");
    ForkedSluice sluice = namespace.sluice(home.resolve("state"));
    List<Told> told = new ArrayList<>();
    for (List<String> arguments : each.runs()) {
      String id = "%s-%s-%s-%d".formatted(each.name(), side, era, told.size());
      List<String> all = new ArrayList<>(List.of("run", pipeline.path(), "--run-id", id, "--json"));
      all.addAll(List.of("--as-of", TinyPipeline.AS_OF));
      all.addAll(arguments);
      if (onCluster) {
        all.addAll(List.of("--on", "cluster"));
      }
      ForkedSluice.Ended run = sluice.run(all.toArray(String[]::new));
      String record = onCluster ? namespace.record(id) : recordHere(sluice, id);
      String lines =
          lines(run, record)
              .transform(l -> SIGNAL.matcher(l).replaceAll("$1a signal"))
              .transform(l -> SIDECAR.matcher(l).replaceAll(""))
              .transform(l -> UNREAD.matcher(l).replaceAll(""))
              .replace(model, "MODEL")
              .replace(id, "RUN")
              .replace(cluster.mlflowInPods().toString(), cluster.mlflow().toString());
      Path log = logs.resolve(id + ".txt");
      Files.writeString(log, lines + "\n\n" + run.shown() + "\n" + record);
      told.add(new Told(lines, log));
    }
    return told;
  }

  /** Digests of manifests that hold ids of the run or of the registry, with words for them. */
  private static Map<String, String> own(List<JsonNode> events) {
    Map<String, String> digests = new TreeMap<>();
    for (JsonNode e : events) {
      String digest = e.path("results").path("outputs").asText();
      String stage = e.path("stage").asText();
      if (digest.startsWith("sha256:") && OWN.matcher(stage).matches()) {
        digests.put(digest, "the manifest of " + stage);
      }
    }
    return digests;
  }

  private static String recordHere(ForkedSluice sluice, String run) throws IOException {
    Path record = sluice.state().resolve("store/runs").resolve(run).resolve("record/0000.json");
    return Files.exists(record) ? Files.readString(record) : "";
  }

  private static String lines(ForkedSluice.Ended run, String record) {
    List<JsonNode> events = ForkedSluice.json(run.out());
    Map<String, String> own = own(events);
    Map<String, String> stages = new TreeMap<>();
    Map<String, StringBuilder> steps = new TreeMap<>();
    StringBuilder end = new StringBuilder();
    for (JsonNode e : events) {
      String stage = e.path("stage").asText();
      switch (e.path("event").asText()) {
        case "stageFinished" ->
            stages.put(stage + " " + e.path("attempt").asInt(), finished(stage, e));
        case "stepFinished" -> said(steps, e).append("  ends ").append(e.path("exitCode"));
        case "logLine" ->
            said(steps, e).append("  ").append(KEY.matcher(e.path("text").asText()).replaceAll(""));
        case "runFinished" ->
            end.append(e.path("status")).append(' ').append(e.path("reason")).append('\n');
        case "report" -> end.append(clean(e.path("report"), own.keySet()).toPrettyString());
        default -> {
          continue;
        }
      }
    }
    String all = "exit %d\n%s\n%s\n".formatted(run.code(), end, String.join("\n", stages.values()));
    for (var step : steps.entrySet()) {
      all += step.getKey() + step.getValue() + "\n";
    }
    all +=
        record.isEmpty()
            ? "no record"
            : clean(Json.parse(record.getBytes(UTF_8)), own.keySet()).toPrettyString();
    for (Map.Entry<String, String> digest : own.entrySet()) {
      all = all.replace(digest.getKey(), digest.getValue());
    }
    return all;
  }

  private static StringBuilder said(Map<String, StringBuilder> steps, JsonNode e) {
    String step = e.path("stage").asText() + "." + e.path("step").asText();
    return steps.computeIfAbsent(step, s -> new StringBuilder()).append('\n');
  }

  private static String finished(String stage, JsonNode e) {
    Map<String, String> results = new TreeMap<>();
    e.path("results")
        .fields()
        .forEachRemaining(f -> results.put(f.getKey(), f.getValue().asText()));
    return "%s %d %s%s %s %s"
        .formatted(
            stage,
            e.path("attempt").asInt(),
            e.path("status").asText(),
            e.path("cached").asBoolean() ? " cached" : "",
            OWN.matcher(stage).matches() ? results.keySet() : results,
            e.path("reason").asText());
  }

  /** Without times, images and what is derived from them, or from these manifests. */
  private static JsonNode clean(JsonNode node, Set<String> own) {
    if (node instanceof ObjectNode object) {
      ObjectNode out = object.deepCopy();
      out.remove(VOLATILE);
      if (OWN.matcher(out.path("stage").asText()).matches()) {
        out.remove(List.of("outputs", "artifacts"));
      }
      if (own.contains(out.path("manifest").asText())) {
        out.remove("artifact");
      }
      out.properties().forEach(p -> p.setValue(clean(p.getValue(), own)));
      return out;
    }
    if (node instanceof ArrayNode array) {
      ArrayNode out = array.arrayNode();
      array.forEach(e -> out.add(clean(e, own)));
      return out;
    }
    return node;
  }

  private static void same(Pair pair) {
    for (int i = 0; i < pair.here().size(); i++) {
      Told here = pair.here().get(i);
      Told there = pair.there().get(i);
      if (!there.lines().equals(here.lines())) {
        throw new AssertionError(
            "here and on the cluster (all of it: %s, %s):\n%s"
                .formatted(
                    here.log(),
                    there.log(),
                    LineDiff.unified(
                        here.log().getFileName().toString(), here.lines(), there.lines())));
      }
    }
  }
}
