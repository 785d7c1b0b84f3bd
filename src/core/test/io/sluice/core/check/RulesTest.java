package io.sluice.core.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.spec.SpecParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule by itself, on the pairs of files in the folder that is named after it. */
class RulesTest {

  static Stream<Rule> rules() {
    return Checker.RULES.stream();
  }

  @ParameterizedTest
  @MethodSource("rules")
  void aRuleHasABadSpecInItsFolder(Rule rule) {
    assertThat(bad(rule)).as(folder(rule).toString()).isNotEmpty();
    assertThat(bad(rule)).anySatisfy(yaml -> assertThat(alone(rule, yaml)).isNotEmpty());
  }

  @ParameterizedTest
  @MethodSource("rules")
  void aRuleIsSilentAboutGoodSpecs(Rule rule) {
    assertThat(Fixtures.all("good")).allSatisfy(yaml -> assertThat(alone(rule, yaml)).isEmpty());
  }

  @Test
  void everyRuleIsAsked() throws Exception {
    try (Stream<Path> classes =
        Files.list(
            Path.of(System.getProperty("sluice.root"), "src/core/java/io/sluice/core/check"))) {
      assertThat(
              classes
                  .map(p -> p.getFileName().toString())
                  .filter(name -> name.endsWith("Rule.java") && !name.equals("Rule.java")))
          .containsExactlyInAnyOrderElementsOf(
              rules().map(r -> r.getClass().getSimpleName() + ".java").toList());
    }
  }

  private static List<Diagnostic> alone(Rule rule, Path yaml) {
    var parsed = SpecParser.parse(Fixtures.source(yaml));
    return parsed.value().isEmpty()
        ? List.of()
        : Checker.check(parsed, Optional.of(Fixtures.TREE), List.of(rule));
  }

  private static List<Path> bad(Rule rule) {
    return Fixtures.all("bad").stream().filter(p -> p.getParent().equals(folder(rule))).toList();
  }

  /** {@code PathEscapeRule} has {@code bad/path-escape}. */
  private static Path folder(Rule rule) {
    String name =
        rule.getClass().getSimpleName().replaceAll("Rule$", "").replaceAll("(?<=.)([A-Z])", "-$1");
    return Fixtures.SPECS.resolve("bad").resolve(name.toLowerCase(Locale.ROOT));
  }
}
