package io.sluice.core.spec;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.sluice.core.check.Fixtures;
import io.sluice.core.diag.DiagnosticRenderer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Every bad target gets exactly the errors that lie beside it, every good one none. {@code
 * -Dgoldens=write} writes the errors, whose diff is then reviewed.
 */
class TargetFixturesTest {
  private static final Path TARGETS =
      Path.of(System.getProperty("sluice.root"), "test-fixtures", "targets");

  private static List<Path> all(String folder) {
    try (Stream<Path> files = Files.list(TARGETS.resolve(folder))) {
      return files.filter(p -> p.toString().endsWith(".yaml")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Path> good() {
    return all("good");
  }

  static List<Path> bad() {
    return all("bad");
  }

  @Tag("golden")
  @ParameterizedTest
  @MethodSource("bad")
  void aBadTargetGetsTheErrorsBesideIt(Path yaml) throws IOException {
    String rendered =
        DiagnosticRenderer.plain().render(TargetParser.parse(Fixtures.source(yaml)).diagnostics());
    Path errors = Path.of(yaml.toString().replaceAll("\\.yaml$", ".errors"));
    if ("write".equals(System.getProperty("goldens"))) {
      Files.writeString(errors, rendered);
    }
    assertThat(rendered).isNotEmpty().isEqualTo(Files.readString(errors));
  }

  @ParameterizedTest
  @MethodSource("good")
  void aGoodTargetIsReadAndFitsTheSchema(Path yaml) throws IOException {
    Parsed<TargetSpec> parsed = TargetParser.parse(Fixtures.source(yaml));
    assertThat(DiagnosticRenderer.plain().render(parsed.diagnostics())).isEmpty();
    Object tree =
        new Yaml(new SafeConstructor(new LoaderOptions())).load(Fixtures.source(yaml).text());
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(TargetParser.schema(), InputFormat.JSON);
    String json = new com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(tree);
    assertThat(schema.validate(json, InputFormat.JSON)).isEmpty();
  }

  @Test
  void whatATargetDoesNotSayHasDefaults() {
    TargetSpec target =
        TargetParser.parse(Fixtures.source(TARGETS.resolve("good/smallest.yaml"))).orThrow();
    assertThat(target.store()).isEqualTo(new TargetSpec.Store.Claim("sluice-store", false));
    assertThat(target.keep()).isEqualTo(Duration.ofDays(7));
    assertThat(target.registry().read()).isEmpty();
    assertThat(target.context()).isEqualTo(Optional.empty());
  }
}
