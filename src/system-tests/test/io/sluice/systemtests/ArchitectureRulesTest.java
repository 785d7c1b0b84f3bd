package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Shows of the rules in {@link ArchitectureTest} that classes which break them are found. */
class ArchitectureRulesTest {
  private static final JavaClasses FORBIDDEN =
      new ClassFileImporter()
          .importPackages(
              "io.sluice.store.forbidden",
              "io.sluice.cli.forbidden",
              "io.sluice.app.forbidden",
              "io.sluice.core.forbidden");

  static List<Arguments> rules() {
    return List.of(
        Arguments.of("NamesAnotherAdapter", ArchitectureTest.storeKnowsNoOtherAdapter),
        Arguments.of("NamesAnAdapter", ArchitectureTest.entryPointsNameNoAdapter),
        Arguments.of("app.forbidden.inner", ArchitectureTest.packagesHaveNoCycles),
        Arguments.of("IteratesAHashMap", ArchitectureTest.hashCollectionsAreOnlyLookedUpIn));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void findsTheClassThatBreaksTheRule(String name, ArchRule rule) {
    assertThat(rule.evaluate(FORBIDDEN).getFailureReport().getDetails())
        .anyMatch(line -> line.contains(name));
  }
}
