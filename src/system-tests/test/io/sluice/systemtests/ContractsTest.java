package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.drift.DriftReport;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.OwnRows;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutKeys;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import io.sluice.core.record.ChampionData;
import io.sluice.core.record.Deliveries;
import io.sluice.core.record.FilesBundle;
import io.sluice.core.record.PastRun;
import io.sluice.core.record.PredictCommand;
import io.sluice.core.record.Registered;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.RunRecord;
import io.sluice.core.record.SearchRequest;
import io.sluice.core.record.StageRecord;
import io.sluice.core.record.Study;
import io.sluice.core.table.TableFormat;
import io.sluice.serving.follow.Remembered;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Executable;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every format that Java binds to a record has the same fields in the record and in the schema, the
 * same ones of them required, in nested objects too; and every valid sample is read and written
 * back as the same value. A field renamed on one side alone fails here.
 */
class ContractsTest {
  private static final Path CONTRACTS =
      Path.of(System.getProperty("sluice.root"), "src/contracts/resources/contracts");
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * The record of each contract; of {@code gates} and {@code deliveries}, of an element of the
   * list.
   */
  private static final Map<String, Class<? extends Record>> RECORDS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("champion-data", ChampionData.class),
              Map.entry("deliveries", Deliveries.Past.class),
              Map.entry("drift", DriftReport.class),
              Map.entry("evaluation", EvaluationReport.class),
              Map.entry("files-bundle", FilesBundle.class),
              Map.entry("gates", History.PastGate.class),
              Map.entry("manifest", Manifest.class),
              Map.entry("own-rows", OwnRows.class),
              Map.entry("predict", PredictCommand.class),
              Map.entry("registered", Registered.class),
              Map.entry("remembered-version", Remembered.class),
              Map.entry("resolved", Resolved.class),
              Map.entry("run-record", RunRecord.class),
              Map.entry("search", SearchRequest.class),
              Map.entry("stage-record", StageRecord.class),
              Map.entry("table", TableFormat.class),
              Map.entry("verdict", Verdict.class)));

  /** Contracts that Java does not bind to a record, and why. */
  private static final Map<String, String> UNBOUND =
      Map.of(
          "bundle-signature",
          "authors write it: inference reads it key by key, with messages for them",
          "panel",
          "authors write it: inference reads it key by key, with messages for them",
          "probe",
          "numbers by the name of a graph input, whose shapes the signature says",
          "events",
          "Java writes it and never reads it; RunEventContractTest holds what it writes",
          "holdout-rows",
          "the rows are CSV; the schema describes one of them",
          "study",
          "Python writes it and Java reads five figures of it; see below");

  @Test
  void everyContractIsBoundOrSaysWhyNot() throws IOException {
    Set<String> declared = new TreeSet<>(RECORDS.keySet());
    declared.addAll(UNBOUND.keySet());
    assertThat(contracts()).containsExactlyInAnyOrderElementsOf(declared);
    assertThat(RECORDS.keySet()).doesNotContainAnyElementsOf(UNBOUND.keySet());
  }

  @TestFactory
  Stream<DynamicTest> recordsAndSchemasHaveTheSameFields() {
    return RECORDS.entrySet().stream()
        .map(e ->
            DynamicTest.dynamicTest(
                e.getKey(),
                () -> assertThat(differences(e.getValue(), schema(e.getKey()))).isEmpty()));
  }

  @TestFactory
  Stream<DynamicTest> validSamplesAreReadAndWrittenBack() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Map.Entry<String, Class<? extends Record>> bound : RECORDS.entrySet()) {
      for (Path sample : samples(bound.getKey())) {
        tests.add(
            DynamicTest.dynamicTest(
                bound.getKey() + "/" + sample.getFileName(),
                () -> {
                  JsonNode json = Json.parse(Files.readAllBytes(sample));
                  JsonNode again =
                      json.isArray()
                          ? JsonCodec.writeList(JsonCodec.readList(json, bound.getValue()))
                          : JsonCodec.write(JsonCodec.read(json, bound.getValue()));
                  assertThat(Json.parse(Json.write(again))).isEqualTo(json);
                }));
      }
    }
    return tests.stream();
  }

  @Test
  void whatJavaReadsOfAStudyIsThere() throws IOException {
    for (Path sample : samples("study")) {
      JsonNode json = Json.parse(Files.readAllBytes(sample));
      Study study = Study.of(json);
      assertThat(study.trials()).contains(json.get("trials").size());
      JsonNode saved = json.get("savings").get("againstCold");
      assertThat(study.againstCold().trials().isPresent()).isEqualTo(saved.isObject());
      JsonNode patient = json.get("savings").get("againstColdWithPatience");
      assertThat(study.againstColdWithPatience().trials().isPresent())
          .isEqualTo(patient.isObject());
    }
  }

  @Test
  void whatLaterGatesReadOfARunRecordIsThere() throws IOException {
    JsonNode fields = schema("run-record").get("properties");
    for (RecordComponent component : PastRun.class.getRecordComponents()) {
      assertThat(fields.has(name(component))).as(component.getName()).isTrue();
    }
    JsonNode verdict = schema("verdict").get("properties");
    for (RecordComponent component : PastRun.PastVerdict.class.getRecordComponents()) {
      assertThat(verdict.has(name(component))).as(component.getName()).isTrue();
    }
  }

  @Test
  void aFieldRenamedInASchemaAloneIsFound() throws IOException {
    ObjectNode schema = (ObjectNode) schema("run-record");
    ObjectNode family = (ObjectNode) schema.at("/properties/families/items/properties");
    family.set("reason", family.remove("cause"));
    assertThat(differences(RunRecord.class, schema))
        .singleElement()
        .asString()
        .contains("families", "cause", "reason");
  }

  record Renamed(String chosenFamily, int version) {}

  @Test
  void aFieldRenamedInJavaAloneIsFound() throws IOException {
    assertThat(differences(Renamed.class, schema("registered")))
        .anySatisfy(d -> assertThat(d).contains("chosenFamily"));
  }

  @Test
  void aFieldThatIsRequiredOnOneSideAloneIsFound() throws IOException {
    ObjectNode schema = (ObjectNode) schema("search");
    schema.putArray("required").add("apiVersion");
    assertThat(differences(SearchRequest.class, schema))
        .singleElement()
        .asString()
        .contains("required", "cold");
  }

  private static List<String> differences(Class<?> type, JsonNode schema) {
    List<String> found = new ArrayList<>();
    boolean list = schema.path("type").asText().equals("array");
    compare("", type, list ? schema.get("items") : schema, schema, found);
    return found;
  }

  private static void compare(
      String where, Type type, JsonNode declared, JsonNode root, List<String> found) {
    JsonNode schema = resolved(declared, root);
    Type plain = unwrapped(type);
    if (plain instanceof ParameterizedType generic) {
      Type last = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      Class<?> raw = (Class<?>) generic.getRawType();
      if (Map.class.isAssignableFrom(raw) && schema.path("additionalProperties").isObject()) {
        compare(where + ".*", last, schema.get("additionalProperties"), root, found);
      } else if (Collection.class.isAssignableFrom(raw) && schema.has("items")) {
        compare(where + "[]", last, schema.get("items"), root, found);
      }
    } else if (plain == Manifest.Entry.class) {
      compare(where, Manifest.Entry.Stored.class, schema, root, found);
    } else if (plain == HoldoutKeys.class) {
      JsonNode cells = schema.path("oneOf").path(0).path("items");
      compare(where + "[]", HoldoutKeys.Cell.class, cells, root, found);
      JsonNode sample = schema.path("oneOf").path(1);
      compare(where, HoldoutKeys.Sample.class, sample, root, found);
    } else if (plain instanceof Class<?> c && c.isEnum()) {
      Set<String> words = new TreeSet<>();
      schema.path("enum").forEach(w -> words.add(w.asText()));
      if (schema.has("const")) {
        return; // narrower than the type, on purpose
      }
      for (Object constant : c.getEnumConstants()) {
        String word = JSON.valueToTree(constant).asText();
        if (!words.remove(word)) {
          found.add(where + ": the schema lacks the word " + word);
        }
      }
      words.remove("running"); // a status that is still empty
      if (!words.isEmpty()) {
        found.add(where + ": Java lacks the words " + words);
      }
    } else if (plain instanceof Class<?> c && c.isRecord() && !isScalar(c)) {
      // an object that the schema leaves open is held where it has a schema of its own
      if (schema.has("properties")) {
        fields(where, c, schema, root, found);
      }
    }
  }

  private static void fields(
      String where, Class<?> type, JsonNode schema, JsonNode root, List<String> found) {
    Set<String> names = new TreeSet<>();
    Set<String> required = new TreeSet<>();
    if (type.isAnnotationPresent(Versioned.class)) {
      names.add("apiVersion");
      required.add("apiVersion");
      String version = schema.path("properties").path("apiVersion").path("const").asText();
      if (!version.equals(type.getAnnotation(JsonTypeName.class).value())) {
        found.add(where + ": the schema's apiVersion is " + version);
      }
    }
    JsonIgnoreProperties derived = type.getAnnotation(JsonIgnoreProperties.class);
    if (derived != null && derived.allowGetters()) {
      names.addAll(List.of(derived.value()));
      required.addAll(List.of(derived.value()));
    }
    for (RecordComponent component : type.getRecordComponents()) {
      String name = name(component);
      names.add(name);
      if (isRequired(component)) {
        required.add(name);
      }
      if (schema.get("properties").has(name)) {
        compare(
            where + "." + name,
            component.getGenericType(),
            schema.get("properties").get(name),
            root,
            found);
      }
    }
    Set<String> declared = new TreeSet<>();
    schema.get("properties").fieldNames().forEachRemaining(declared::add);
    if (!declared.equals(names)) {
      found.add(where + ": the record has " + names + ", the schema " + declared);
      return;
    }
    Set<String> must = new TreeSet<>();
    schema.path("required").forEach(r -> must.add(r.asText()));
    if (!must.equals(required)) {
      found.add(where + ": required by the record " + required + ", by the schema " + must);
    }
  }

  /** Follows a reference, and takes the alternative that is not null. */
  private static JsonNode resolved(JsonNode schema, JsonNode root) {
    if (schema.has("$ref")) {
      return resolved(root.at(schema.get("$ref").asText().substring(1)), root);
    }
    for (String choice : List.of("oneOf", "anyOf")) {
      for (JsonNode alternative : schema.path(choice)) {
        if (alternative.has("properties")) {
          return alternative;
        }
      }
    }
    return schema;
  }

  private static Type unwrapped(Type type) {
    return type instanceof ParameterizedType p && p.getRawType() == Optional.class
        ? unwrapped(p.getActualTypeArguments()[0])
        : type;
  }

  private static boolean isRequired(RecordComponent component) {
    JsonProperty property = annotation(component, JsonProperty.class);
    if (property != null && property.required()) {
      return true;
    }
    JsonSetter setter = annotation(component, JsonSetter.class);
    return component.getType() != Optional.class
        && (setter == null || setter.nulls() != Nulls.AS_EMPTY);
  }

  private static String name(RecordComponent component) {
    JsonProperty property = annotation(component, JsonProperty.class);
    return property == null || property.value().isEmpty() ? component.getName() : property.value();
  }

  private static <A extends Annotation> A annotation(RecordComponent component, Class<A> type) {
    return component.getAccessor().getAnnotation(type);
  }

  /** Whether a record is one JSON value that is not an object, or has a reader of its own. */
  private static boolean isScalar(Class<?> type) {
    return type.isAnnotationPresent(JsonDeserialize.class)
        || Stream.<Executable>concat(
                Arrays.stream(type.getDeclaredMethods()),
                Arrays.stream(type.getDeclaredConstructors()))
            .anyMatch(m ->
                m.isAnnotationPresent(JsonValue.class) || m.isAnnotationPresent(JsonCreator.class));
  }

  private static List<String> contracts() throws IOException {
    try (Stream<Path> files = Files.list(CONTRACTS)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(f -> f.endsWith(".schema.json"))
          .map(f -> f.substring(0, f.length() - ".schema.json".length()))
          .toList();
    }
  }

  private static List<Path> samples(String contract) throws IOException {
    try (Stream<Path> files = Files.list(CONTRACTS.resolve("samples/" + contract + "/valid"))) {
      List<Path> samples = files.sorted().toList();
      assertThat(samples).as("valid samples of " + contract).isNotEmpty();
      return samples;
    }
  }

  private static JsonNode schema(String contract) throws IOException {
    return Json.parse(Files.readAllBytes(CONTRACTS.resolve(contract + ".schema.json")));
  }
}
