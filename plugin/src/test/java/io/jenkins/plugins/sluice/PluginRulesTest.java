package io.jenkins.plugins.sluice;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.beAnnotatedWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.stapler.verb.POST;

/** What a reviewer of plugins looks for, and the architecture's rules for an entry point. */
@AnalyzeClasses(
    packages = "io.jenkins.plugins.sluice",
    importOptions = ImportOption.DoNotIncludeTests.class)
class PluginRulesTest {
  private static final String ROOT = "io.jenkins.plugins.sluice";

  @ArchTest
  static final ArchRule connectionsAloneNameAdapters =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.jenkins.plugins.sluice.connect..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.sluice.cluster..", "io.sluice.mlflow..", "io.fabric8.."))
          .because(
              "one package picks adapters, so that the others can be tested and changed without them");

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
  static final ArchRule nothingButErrorsIsForOthers =
      classes()
          .that()
          .arePublic()
          .and()
          .areTopLevelClasses()
          .and()
          .resideOutsideOfPackage("io.jenkins.plugins.sluice.failure..")
          .and()
          .haveSimpleNameNotEndingWith("Test")
          .should()
          .beAnnotatedWith(Restricted.class)
          .because("what other plugins compile against cannot be changed any more");

  @ArchTest
  static final ArchRule noRecordIsSaved =
      classes()
          .that()
          .areRecords()
          .should()
          .notBeAssignableTo(java.io.Serializable.class)
          .because("records are not read back where a controller saves");

  @ArchTest
  static final ArchRule noPackageCycles =
      slices()
          .matching("io.jenkins.plugins.sluice.(*)..")
          .should()
          .beFreeOfCycles()
          .because("a package that needs another one and is needed by it is one package with it");

  @ArchTest
  static void packagesDependDownwards(JavaClasses classes) {
    List<String> downwards =
        List.of(
            "step",
            "newdata",
            "run",
            "page",
            "record",
            "agent",
            "pipeline",
            "config",
            "connect",
            "form",
            "failure");
    for (JavaClass from : classes) {
      if (from.getPackageName().equals(ROOT)) {
        continue; // holds the description of the packages and no class
      }
      for (Dependency d : from.getDirectDependenciesFromSelf()) {
        JavaClass to = d.getTargetClass().getBaseComponentType();
        if (to.getPackageName().startsWith(ROOT + ".")) {
          assertThat(downwards.indexOf(part(to)))
              .as("package-info lists the packages in this order: %s", d.getDescription())
              .isGreaterThanOrEqualTo(downwards.indexOf(part(from)));
        }
      }
    }
  }

  private static String part(JavaClass c) {
    return c.getPackageName().substring(ROOT.length() + 1);
  }

  /** Classes that need each other are read together, and more than five are too many to read. */
  @ArchTest
  static void classesThatNeedEachOtherAreFew(JavaClasses classes) {
    Map<String, Set<String>> needs = new TreeMap<>();
    for (JavaClass from : classes) {
      Set<String> of = needs.computeIfAbsent(outer(from), k -> new TreeSet<>());
      for (Dependency d : from.getDirectDependenciesFromSelf()) {
        JavaClass to = d.getTargetClass().getBaseComponentType();
        if (to.getPackageName().equals(from.getPackageName())) {
          of.add(outer(to));
        }
      }
    }
    Map<String, Set<String>> reached = new TreeMap<>();
    needs.keySet().forEach(c -> reached.put(c, reach(c, needs)));
    for (String c : needs.keySet()) {
      assertThat(reached.get(c).stream().filter(other -> reached.get(other).contains(c)).toList())
          .as("classes that need %s and are needed by it", c)
          .hasSizeLessThanOrEqualTo(5);
    }
  }

  private static String outer(JavaClass c) {
    return c.getName().replaceFirst("\\$.*", "");
  }

  private static Set<String> reach(String from, Map<String, Set<String>> needs) {
    Set<String> out = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>(needs.getOrDefault(from, Set.of()));
    while (!open.isEmpty()) {
      String next = open.pop();
      if (out.add(next)) {
        open.addAll(needs.getOrDefault(next, Set.of()));
      }
    }
    return out;
  }
}
