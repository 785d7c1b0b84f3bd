package io.sluice.systemtests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.fasterxml.jackson.databind.JsonNode;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.sluice.app.CodeSelection;
import java.util.Map;

/** The rules between modules and packages that docs/architecture.md states. */
@AnalyzeClasses(
    packages = "io.sluice",
    importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {
  /** Leaves out the test classes that modules lend each other as jars. */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(com.tngtech.archunit.core.importer.Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final String[] ADAPTERS = {
    "io.sluice.local..",
    "io.sluice.cluster..",
    "io.sluice.store..",
    "io.sluice.mlflow..",
    "io.sluice.inference..",
    "io.sluice.ledger.."
  };

  private static final DescribedPredicate<JavaClass> TOUCHES_THE_WORLD =
      resideInAnyPackage("java.net..", "java.net.http..", "java.nio.file..", "java.nio.channels..")
          .or(JavaClass.Predicates.belongToAnyOf(java.io.File.class, java.io.FileInputStream.class))
          .or(
              JavaClass.Predicates.belongToAnyOf(
                  java.io.FileOutputStream.class, ProcessBuilder.class))
          .or(JavaClass.Predicates.belongToAnyOf(java.util.Random.class, java.util.UUID.class))
          .or(JavaClass.Predicates.belongToAnyOf(java.security.SecureRandom.class))
          .as("sockets, files, processes, unseeded random sources");

  @ArchTest
  static final ArchRule coreIsPure =
      noClasses()
          .that()
          .resideInAnyPackage("io.sluice.core..", "io.sluice.tekton..")
          .should()
          .dependOnClassesThat(TOUCHES_THE_WORLD)
          .because("the core is given what it needs, so that it is tested without any server");

  @ArchTest
  static final ArchRule coreReadsNoClock =
      noClasses()
          .that()
          .resideInAnyPackage("io.sluice.core..", "io.sluice.tekton..")
          .should()
          .callMethod(java.time.Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "getenv", String.class)
          .orShould()
          .callMethod(System.class, "getenv")
          .orShould()
          .callMethod(Math.class, "random")
          .because("same input, same bytes: clock, seed and variables are passed in");

  @ArchTest
  static final ArchRule coreStandsAlone =
      noClasses()
          .that()
          .resideInAPackage("io.sluice.core..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.sluice..")
                  .and(DescribedPredicate.not(resideInAPackage("io.sluice.core.."))))
          .because("arrows point towards the core");

  @ArchTest
  static final ArchRule tektonKnowsCoreOnly =
      noClasses()
          .that()
          .resideInAPackage("io.sluice.tekton..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.sluice..")
                  .and(
                      DescribedPredicate.not(
                          resideInAnyPackage("io.sluice.core..", "io.sluice.tekton.."))))
          .because("the compiler talks to nobody");

  @ArchTest
  static final ArchRule appSeesPorts =
      noClasses()
          .that()
          .resideInAPackage("io.sluice.app..")
          .should()
          .dependOnClassesThat(resideInAnyPackage(ADAPTERS))
          .orShould()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "io.sluice.state..",
                  "io.sluice.worker..",
                  "io.sluice.platform..",
                  "io.sluice.cli.."))
          .because("use cases serve every entry point and every set of adapters");

  @ArchTest
  static final ArchRule appTakesNoPathAndNoLock =
      noClasses()
          .that()
          .resideInAPackage("io.sluice.app..")
          .and(DescribedPredicate.not(JavaClass.Predicates.type(CodeSelection.class)))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("java.nio.file..", "java.nio.channels..")
                  .or(JavaClass.Predicates.type(java.io.File.class)))
          .because(
              "a controller, a laptop and a test store runs in different ways, behind"
                  + " RunRepository; CodeSelection matches names by the globs of the Java platform"
                  + " and opens no file");

  @ArchTest
  static final ArchRule stateKnowsNoAdapter =
      noClasses()
          .that()
          .resideInAPackage("io.sluice.state..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(ADAPTERS)
                  .or(
                      resideInAnyPackage(
                          "io.sluice.worker..", "io.sluice.platform..", "io.sluice.cli..")))
          .because("the Jenkins plugin has it without the adapters of a laptop");

  @ArchTest static final ArchRule storeKnowsNoOtherAdapter = knowsNoOtherAdapter("store");

  @ArchTest static final ArchRule mlflowKnowsNoOtherAdapter = knowsNoOtherAdapter("mlflow");

  @ArchTest static final ArchRule inferenceKnowsNoOtherAdapter = knowsNoOtherAdapter("inference");

  @ArchTest static final ArchRule ledgerKnowsNoOtherAdapter = knowsNoOtherAdapter("ledger");

  @ArchTest static final ArchRule localKnowsNoOtherAdapter = knowsNoOtherAdapter("local");

  @ArchTest static final ArchRule clusterKnowsNoOtherAdapter = knowsNoOtherAdapter("cluster");

  @ArchTest
  static final ArchRule clusterAloneLoadsItsClient =
      noClasses()
          .that()
          .resideInAPackage("io.sluice..")
          .and(DescribedPredicate.not(resideInAPackage("io.sluice.cluster")))
          .and()
          .haveNameNotMatching("io\\.sluice\\.platform\\.ClusterSessions(\\$.*)?")
          .should()
          .dependOnClassesThat(resideInAPackage("io.fabric8.."))
          .because(
              "the client costs a second of start-up, and the events of a run are decided without"
                  + " it; the platform hands in the HTTP client");

  @ArchTest
  static final ArchRule ledgerAloneSpeaksSql =
      noClasses()
          .that()
          .resideInAPackage("io.sluice..")
          .and(DescribedPredicate.not(resideInAPackage("io.sluice.ledger..")))
          .and(DescribedPredicate.not(resideInAPackage("io.sluice.bench..")))
          .should()
          .dependOnClassesThat(resideInAnyPackage("java.sql..", "org.sqlite..", "org.postgresql.."))
          .because("what a ledger keeps has one form, whichever database has it");

  @ArchTest
  static final ArchRule oneReaderOfTables =
      noClasses()
          .that()
          .resideInAPackage("io.sluice..")
          .and(DescribedPredicate.not(resideInAPackage("io.sluice.inference")))
          .should()
          .dependOnClassesThat(resideInAPackage("de.siegmar.fastcsv.reader.."))
          .because("two readers of one file disagree sooner or later; CsvTable reads all tables");

  @ArchTest
  static final ArchRule gateKnowsNoRegistry =
      noClasses()
          .that()
          .resideInAPackage("io.sluice.core.gate..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.sluice.core.registry..", "io.sluice.core.promotion..")
          .because("a verdict is a function of rows and policy");

  @ArchTest
  static final ArchRule registryKnowsNoMetric =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.sluice.core.registry..", "io.sluice.core.promotion..", "io.sluice.mlflow..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.sluice.core.gate..")
          .because("a registry keeps what it is given");

  @ArchTest
  static final ArchRule entryPointsNameNoAdapter =
      noClasses()
          .that()
          .resideInAPackage("io.sluice.cli..")
          .should()
          .dependOnClassesThat(resideInAnyPackage(ADAPTERS))
          .orShould()
          .dependOnClassesThat(resideInAPackage("io.sluice.worker.."))
          .because("the platform alone picks adapters, for every entry point");

  @ArchTest
  static final ArchRule servingStandsWithoutThePlatform =
      noClasses()
          .that()
          .resideInAPackage("io.sluice.serving..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.sluice..")
                  .and(
                      DescribedPredicate.not(
                          resideInAnyPackage(
                              "io.sluice.core..",
                              "io.sluice.inference..",
                              "io.sluice.mlflow..",
                              "io.sluice.ledger..",
                              "io.sluice.serving.."))))
          .because(
              "a service that only answers is small: no runner, no cluster's client, no store; its"
                  + " entry points hand it a registry");

  @ArchTest
  static final ArchRule servingAloneHasSockets =
      noClasses()
          .that()
          .resideInAPackage("io.sluice..")
          .and(DescribedPredicate.not(resideInAPackage("io.sluice.serving.http..")))
          .and(DescribedPredicate.not(resideInAPackage("io.sluice.bench..")))
          .should()
          .dependOnClassesThat(resideInAPackage("org.eclipse.jetty.."))
          .because("forms of requests and the rest of the service know no server library");

  @ArchTest
  static final ArchRule platformKnowsNoEntryPoint =
      noClasses()
          .that()
          .resideInAnyPackage("io.sluice.platform..", "io.sluice.worker..")
          .should()
          .dependOnClassesThat(resideInAPackage("io.sluice.cli.."))
          .because("what entry points share serves each of them");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices()
          .matching("io.sluice.(**)")
          .should()
          .beFreeOfCycles()
          .because("packages that need each other are one package");

  @ArchTest
  static final ArchRule classesHaveNoLargeCycles =
      classes()
          .that()
          .resideInAPackage("io.sluice..")
          .should(ClassCycles.haveAtMost(5))
          .because("classes that need each other can only be read and changed together");

  @ArchTest
  static final ArchRule hashCollectionsAreOnlyLookedUpIn =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.sluice.core..",
              "io.sluice.tekton..",
              "io.sluice.worker..",
              "io.sluice.inference..",
              "io.sluice.app..")
          .and(DescribedPredicate.not(HashOrder.LOOKS_UP_ONLY))
          .should()
          .accessTargetWhere(HashOrder.MAKES_A_HASH_COLLECTION)
          .because(
              "the same input gives the same bytes: what is iterated on the way to output has an"
                  + " order. A class that only looks up in a hash collection is listed in HashOrder");

  @ArchTest
  static final ArchRule namesSayWhatFor =
      classes()
          .that()
          .haveSimpleNameEndingWith("Util")
          .or()
          .haveSimpleNameEndingWith("Utils")
          .or()
          .haveSimpleNameEndingWith("Helper")
          .or()
          .haveSimpleNameEndingWith("Manager")
          .or()
          .haveSimpleNameEndingWith("Impl")
          .should(
              com.tngtech.archunit.lang.conditions.ArchConditions.not(
                  com.tngtech.archunit.lang.conditions.ArchConditions.resideInAPackage(
                      "io.sluice..")))
          .because("a name says what a class is for")
          .allowEmptyShould(true);

  private static ArchRule knowsNoOtherAdapter(String adapter) {
    String own = "io.sluice." + adapter + "..";
    return noClasses()
        .that()
        .resideInAPackage(own)
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(ADAPTERS).and(DescribedPredicate.not(resideInAPackage(own))))
        .because("the platform puts adapters together, so that each can be replaced alone");
  }

  /** Classes outside the records that read JSON by key, and why each may. */
  private static final Map<String, String> MAY_READ_JSON_BY_KEY =
      Map.ofEntries(
          Map.entry("core.gate.GatePolicy", "settings by the names of their table, not a format"),
          Map.entry("tekton.lower.Lowering", "values of a stage, not a format"),
          Map.entry("tekton.lower.ObjectSizes", "Tekton's objects, of any shape"),
          Map.entry("core.plan.StageValues", "values of a stage under construction, not a format"),
          Map.entry("core.plan.OwnEvaluation", "its key among a stage's values; the rest is bound"),
          Map.entry("core.plan.TableUse", "its key among a stage's values; the rest is bound"),
          Map.entry("app.past.KnownRun", "the id in a record that does not bind"),
          Map.entry("platform.LocalRuns", "the last event of a run that left no record"),
          Map.entry("inference.Fields", "files of authors, with messages that help them"),
          Map.entry(
              "inference.MlflowModel", "a probe, whose keys are the names of a graph's inputs"),
          Map.entry("inference.Probe", "its keys are the names of a graph's inputs"),
          Map.entry("store.S3Settings", "a Secret that people write"),
          Map.entry("worker.step.Fetch", "params of authors' stages"),
          Map.entry("worker.step.Register", "params of authors' bundles"),
          Map.entry(
              "worker.cache.TaskArguments", "the values of a stage, whose shape the spec says"));

  private static final DescribedPredicate<JavaClass> READS_JSON_BY_KEY =
      DescribedPredicate.describe(
          "may read JSON by key",
          (JavaClass c) ->
              MAY_READ_JSON_BY_KEY.keySet().stream()
                  .map(name -> "io.sluice." + name)
                  .anyMatch(
                      name -> c.getName().equals(name) || c.getName().startsWith(name + "$")));

  @ArchTest
  static final ArchRule formatsAreBoundToRecords =
      noClasses()
          .that()
          // the records themselves, and the protocols of others
          .resideOutsideOfPackages(
              "io.sluice.core.json..",
              "io.sluice.core.record..",
              "io.sluice.mlflow..",
              "io.sluice.cluster..",
              "io.sluice.bench..")
          .and(DescribedPredicate.not(READS_JSON_BY_KEY))
          .should()
          .callMethod(JsonNode.class, "path", String.class)
          .orShould()
          .callMethod(JsonNode.class, "at", String.class)
          .orShould()
          .callMethod(JsonNode.class, "get", String.class)
          .because(
              "a missing field reads as an empty text: what is renamed in a format would be silence,"
                  + " where a record's component is a compile error (JsonCodec binds them)");
}
