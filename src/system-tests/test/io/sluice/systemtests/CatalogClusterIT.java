package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.cluster.TestCluster;
import io.sluice.tekton.lower.Catalog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every task of the catalog by {@code kubectl} alone, as its own {@code tests/run.yaml} uses it: a
 * repository in, what the task gives out. Images are those that were built here.
 */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
class CatalogClusterIT {
  private static final String NAMESPACE = "catalog";
  private static final Path TASKS = ForkedSluice.root().resolve("tekton-tasks");
  private static final Map<String, String> IMAGES = new LinkedHashMap<>();

  @BeforeAll
  static void tasksAndImages(TestCluster cluster, @TempDir Path folder) throws Exception {
    PreparedNamespace prepared = new PreparedNamespace(cluster, NAMESPACE, folder);
    for (String task : Catalog.NAMES) {
      String unused =
          prepared.kubectl("apply", "-f", TASKS.resolve(task).resolve(task + ".yaml").toString());
    }
    IMAGES.put("git:2.52", cluster.toolsImage());
    IMAGES.put("python:3.11-slim", cluster.toolsImage());
    for (String own : List.of("worker", "tuner", "drift")) {
      IMAGES.put("sluice-" + own + ":0.1.0", cluster.image(own));
    }
  }

  static List<String> tasks() {
    return Catalog.NAMES;
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void aTaskPassesItsTest(String task, TestCluster cluster) throws Exception {
    String run = Files.readString(TASKS.resolve(task).resolve("tests/run.yaml"));
    for (Map.Entry<String, String> image : IMAGES.entrySet()) {
      run = run.replace("value: " + image.getKey(), "value: \"" + image.getValue() + "\"");
    }
    String created =
        cluster
            .kubectlWith(run, "-n", NAMESPACE, "create", "-f", "-", "-o", "name")
            .orFail()
            .strip();
    String unused =
        kubectl(
            cluster, "wait", created, "--for=jsonpath={.status.completionTime}", "--timeout=850s");
    assertThat(kubectl(cluster, "get", created, "-o", "jsonpath={.status.conditions[0].status}"))
        .as(() -> kubectl(cluster, "get", created, "-o", "yaml"))
        .isEqualTo("True");
  }

  private static String kubectl(TestCluster cluster, String... arguments) {
    return cluster
        .kubectl(
            Stream.concat(Stream.of("-n", NAMESPACE), Stream.of(arguments)).toArray(String[]::new))
        .orFail();
  }
}
