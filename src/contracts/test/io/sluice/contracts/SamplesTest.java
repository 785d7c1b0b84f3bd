package io.sluice.contracts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Schema;
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

/** Every schema accepts its valid samples and refuses its invalid ones; Python's suite does too. */
class SamplesTest {
  private static final Path CONTRACTS =
      Path.of(System.getProperty("sluice.root"), "src/contracts/resources/contracts");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TestFactory
  Stream<DynamicTest> validSamplesAreAccepted() throws IOException {
    return samples("valid")
        .map(sample ->
            DynamicTest.dynamicTest(name(sample), () -> assertThat(problems(sample)).isEmpty()));
  }

  @TestFactory
  Stream<DynamicTest> invalidSamplesAreRefused() throws IOException {
    return samples("invalid")
        .map(sample ->
            DynamicTest.dynamicTest(name(sample), () -> assertThat(problems(sample)).isNotEmpty()));
  }

  @Test
  void everySchemaHasSamplesOfBothKinds() throws IOException {
    try (Stream<Path> files = Files.list(CONTRACTS)) {
      List<String> names =
          files
              .map(f -> f.getFileName().toString())
              .filter(f -> f.endsWith(".schema.json"))
              .map(f -> f.substring(0, f.length() - ".schema.json".length()))
              .toList();
      assertThat(names).isNotEmpty();
      for (String name : names) {
        for (String kind : List.of("valid", "invalid")) {
          assertThat(CONTRACTS.resolve("samples").resolve(name).resolve(kind))
              .isNotEmptyDirectory();
        }
      }
    }
  }

  private static Stream<Path> samples(String kind) throws IOException {
    try (Stream<Path> files = Files.walk(CONTRACTS.resolve("samples"))) {
      return files
          .filter(f -> f.toString().endsWith(".json"))
          .filter(f -> f.getParent().endsWith(kind))
          .sorted()
          .toList()
          .stream();
    }
  }

  private static String name(Path sample) {
    return CONTRACTS.resolve("samples").relativize(sample).toString();
  }

  private static List<?> problems(Path sample) throws IOException {
    String contract = sample.getParent().getParent().getFileName().toString();
    JsonNode schema = JSON.readTree(CONTRACTS.resolve(contract + ".schema.json").toFile());
    Schema checker =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(schema);
    return checker.validate(JSON.readTree(sample.toFile()));
  }
}
