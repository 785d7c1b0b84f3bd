package io.sluice.core.spec;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.sluice.core.check.Fixtures;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The schema says of specs what the parser says, as far as a schema can. */
class SpecSchemaTest {
  private final Schema schema =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(SpecSchema.json(), InputFormat.JSON);

  static Stream<Path> good() {
    return Fixtures.all("good").stream();
  }

  private boolean accepts(Path yaml) throws Exception {
    Object tree =
        new Yaml(new SafeConstructor(new LoaderOptions())).load(Fixtures.source(yaml).text());
    String json = new com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(tree);
    return schema.validate(json, InputFormat.JSON).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("good")
  void acceptsWhatTheParserReads(Path yaml) throws Exception {
    assertThat(accepts(yaml)).isTrue();
  }

  @Test
  void refusesWhatIsWrongInForm() throws Exception {
    Set<String> formal =
        Set.of(
            "unknown-key",
            "missing-key",
            "wrong-type",
            "bad-value",
            "version",
            "unknown-task",
            "bad-name");
    Set<String> wronglyAccepted = new TreeSet<>();
    int refused = 0;
    for (Path yaml : Fixtures.all("bad")) {
      String rule = String.valueOf(yaml.getParent().getFileName());
      if (!formal.contains(rule)) {
        continue;
      }
      if (accepts(yaml)) {
        wronglyAccepted.add(rule + "/" + yaml.getFileName());
      } else {
        refused++;
      }
    }
    assertThat(wronglyAccepted)
        .as("a schema knows no percentages' bounds, and nothing of a profile's stages")
        .isSubsetOf(Set.copyOf(List.of("wrong-type/ambiguous-number.yaml")));
    assertThat(refused).isGreaterThan(20);
  }

  @Test
  void everyKeyIsDocumented() {
    assertThat(SpecSchema.json()).startsWith("{\n").endsWith("}\n").isEqualTo(SpecSchema.json());
    SpecSchema.tree()
        .get("properties")
        .properties()
        .forEach(
            e -> assertThat(e.getValue().path("description").asText()).as(e.getKey()).isNotEmpty());
  }
}
