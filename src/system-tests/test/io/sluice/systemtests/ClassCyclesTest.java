package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import io.sluice.systemtests.cycles.First;
import io.sluice.systemtests.cycles.Second;
import io.sluice.systemtests.cycles.Third;
import io.sluice.systemtests.cycles.Uses;
import org.junit.jupiter.api.Test;

class ClassCyclesTest {
  private static final JavaClasses CYCLE = new ClassFileImporter().importPackagesOf(First.class);

  @Test
  void findsClassesThatNeedEachOtherAndCountsNestedOnesWithTheClassAroundThem() {
    assertThat(ClassCycles.in(CYCLE))
        .singleElement()
        .asList()
        .containsExactly(First.class.getName(), Second.class.getName(), Third.class.getName())
        .doesNotContain(Uses.class.getName());
  }

  @Test
  void allowsACycleOfTheGivenSize() {
    ArchRuleDefinition.classes().should(ClassCycles.haveAtMost(3)).check(CYCLE);
  }

  @Test
  void failsForALargerCycleAndListsItsClasses() {
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(
            () -> ArchRuleDefinition.classes().should(ClassCycles.haveAtMost(2)).check(CYCLE))
        .withMessageContaining("3 classes need each other: ")
        .withMessageContaining(Second.class.getName());
  }
}
