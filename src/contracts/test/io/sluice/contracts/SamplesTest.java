package io.sluice.contracts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The schema {@code contracts/<name>.schema.json} accepts every file of {@code
 * contracts/samples/<name>/valid} and refuses every file of {@code .../invalid}. Python's suite
 * walks the same files.
 */
class SamplesTest {
  private static final Path CONTRACTS =
      Path.of(System.getProperty("sluice.root"), "src/contracts/resources/contracts");
  private static final Path SAMPLES = CONTRACTS.resolve("samples");
  private static final String SUFFIX = ".schema.json";
  private static final SpecificationVersion DRAFT = SpecificationVersion.DRAFT_2020_12;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TestFactory
  Stream<DynamicTest> everySchemaIsASchema() throws IOException {
    return each(
        schemas(),
        file -> {
          JsonNode schema = JSON.readTree(file.toFile());
          assertThat(schema.path("$schema").asText())
              .as("%s says which draft it is written in", file.getFileName())
              .isEqualTo(DRAFT.getDialectId());
          assertThat(problemsOfSchema(schema))
              .as("%s is itself a valid schema of that draft", file.getFileName())
              .isEmpty();
        });
  }

  @Test
  void aMisspeltSchemaWouldBeNoticed() throws IOException {
    assertThat(problemsOfSchema(JSON.readTree("{\"type\": \"objekt\"}"))).isNotEmpty();
    assertThat(problemsOfSchema(JSON.readTree("{\"required\": \"all\"}"))).isNotEmpty();
  }

  @TestFactory
  Stream<DynamicTest> everySchemaHasSamplesOfBothKinds() throws IOException {
    return each(
        schemas(),
        file -> {
          for (String kind : List.of("valid", "invalid")) {
            Path folder = SAMPLES.resolve(contract(file)).resolve(kind);
            assertThat(json(folder))
                .as(
                    "add a file <what it shows>.json to %s: %s lacks a sample that is %s",
                    relative(folder), file.getFileName(), kind)
                .isNotEmpty();
          }
        });
  }

  @Test
  void everySampleBelongsToASchema() throws IOException {
    List<String> contracts = schemas().stream().map(SamplesTest::contract).toList();
    try (Stream<Path> walk = Files.walk(SAMPLES)) {
      assertThat(walk.filter(Files::isRegularFile).map(SAMPLES::relativize))
          .allSatisfy(sample -> {
            assertThat(sample.getNameCount())
                .as("%s is <contract>/<valid or invalid>/<name>.json", sample)
                .isEqualTo(3);
            assertThat(contracts)
                .as("there is a schema for %s", sample)
                .contains(sample.getName(0).toString());
            assertThat(sample.getName(1).toString())
                .as("%s says whether it is valid", sample)
                .isIn("valid", "invalid");
            assertThat(sample.toString()).endsWith(".json");
          });
    }
  }

  @TestFactory
  Stream<DynamicTest> validSamplesAreAccepted() throws IOException {
    return each(
        samples("valid"),
        sample ->
            assertThat(problems(sample))
                .as(
                    "%s shows a document that %s accepts; it says",
                    relative(sample), schemaOf(sample).getFileName())
                .isEmpty());
  }

  @TestFactory
  Stream<DynamicTest> invalidSamplesAreRefused() throws IOException {
    return each(
        samples("invalid"),
        sample ->
            assertThat(problems(sample))
                .as(
                    "%s shows a mistake (its name says which) that %s must refuse, but it was"
                        + " accepted",
                    relative(sample), schemaOf(sample).getFileName())
                .isNotEmpty());
  }

  @FunctionalInterface
  private interface Check {
    void of(Path file) throws IOException;
  }

  private static Stream<DynamicTest> each(List<Path> files, Check check) {
    assertThat(files).as("files to look at below %s", relative(CONTRACTS)).isNotEmpty();
    return files.stream()
        .map(f -> DynamicTest.dynamicTest(CONTRACTS.relativize(f).toString(), () -> check.of(f)));
  }

  private static List<Path> schemas() throws IOException {
    try (Stream<Path> list = Files.list(CONTRACTS)) {
      return list.filter(f -> f.toString().endsWith(SUFFIX)).sorted().toList();
    }
  }

  private static List<Path> samples(String kind) throws IOException {
    try (Stream<Path> walk = Files.walk(SAMPLES)) {
      return walk.filter(f -> f.toString().endsWith(".json") && f.getParent().endsWith(kind))
          .sorted()
          .toList();
    }
  }

  private static List<Path> json(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.filter(f -> f.toString().endsWith(".json")).toList();
    }
  }

  private static String contract(Path schema) {
    String name = schema.getFileName().toString();
    return name.substring(0, name.length() - SUFFIX.length());
  }

  private static Path schemaOf(Path sample) {
    return CONTRACTS.resolve(sample.getParent().getParent().getFileName() + SUFFIX);
  }

  private static String relative(Path file) {
    return Path.of(System.getProperty("sluice.root")).relativize(file).toString();
  }

  private static List<Error> problems(Path sample) throws IOException {
    JsonNode schema = JSON.readTree(schemaOf(sample).toFile());
    Schema checker = SchemaRegistry.withDefaultDialect(DRAFT).getSchema(schema);
    return checker.validate(JSON.readTree(sample.toFile()));
  }

  private static List<Error> problemsOfSchema(JsonNode schema) {
    return SchemaRegistry.withDefaultDialect(DRAFT)
        .getSchema(SchemaLocation.of(DRAFT.getDialectId()))
        .validate(schema);
  }
}
