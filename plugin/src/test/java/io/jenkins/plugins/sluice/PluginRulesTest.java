package io.jenkins.plugins.sluice;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.beAnnotatedWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.stapler.verb.POST;

/** What a reviewer of plugins looks for, and this project's rule for entry points. */
@AnalyzeClasses(
    packages = "io.jenkins.plugins.sluice",
    importOptions = ImportOption.DoNotIncludeTests.class)
class PluginRulesTest {
  @ArchTest
  static final ArchRule wiringAloneNamesAdapters =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.jenkins.plugins.sluice.connect..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.sluice.cluster..", "io.sluice.mlflow..", "io.fabric8.."))
          .because("one class picks adapters");

  @ArchTest
  static final ArchRule nothingElseOfSluice =
      noClasses()
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "io.sluice.local..",
                  "io.sluice.worker..",
                  "io.sluice.store..",
                  "io.sluice.inference..",
                  "io.sluice.cli.."))
          .because("the plugin ships without them");

  @ArchTest
  static final ArchRule formsTakePostOnly =
      methods()
          .that()
          .haveNameMatching("do(Check|Test).*|doFill.*CredentialsIdItems")
          .should(beAnnotatedWith(POST.class))
          .because("what a form asks may cost something, and must not be had by a link");

  @ArchTest
  static final ArchRule noLibraryClassIsSavedWithAStep =
      noFields()
          .that()
          .areDeclaredInClassesThat()
          .areAssignableTo(StepExecution.class)
          .and()
          .areNotStatic()
          .and()
          .doNotHaveModifier(com.tngtech.archunit.core.domain.JavaModifier.TRANSIENT)
          .should()
          .haveRawType(resideInAnyPackage("io.sluice.."))
          .because("a controller refuses to read back what it does not know (JEP-200)");

  @ArchTest
  static final ArchRule noRecordIsSaved =
      classes()
          .that()
          .areRecords()
          .should()
          .notBeAssignableTo(java.io.Serializable.class)
          .because("records are not read back where a controller saves");
}
