package io.sluice.tekton.lower;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.SourceFile;
import io.sluice.tekton.v1.Quantity;
import io.sluice.tekton.v1.ResultSpec;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the compiler relies on in the tasks of the catalog; {@link CatalogRules} has the rest. */
class CatalogTest {
  private static final Path FOLDER = Path.of(System.getProperty("sluice.root"), "tekton-tasks");

  private static final Set<String> NEED_THE_REGISTRY =
      Set.of("sluice-resolve", "sluice-register", "sluice-promote", "sluice-record");

  static List<String> names() {
    return Catalog.NAMES;
  }

  @Test
  void holdsEveryFolder() throws IOException {
    try (Stream<Path> folders = Files.list(FOLDER)) {
      assertThat(folders.filter(Files::isDirectory).map(f -> f.getFileName().toString()).sorted())
          .isEqualTo(Catalog.NAMES);
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void survivesBeingWritten(String name) {
    Task task = Catalog.task(name);
    assertThat(TektonYaml.parse(new SourceFile(name, TektonYaml.write(task))))
        .containsExactly(task);
  }

  /** A pod that asks for nothing is the last to run on a busy node, and the first to go. */
  @ParameterizedTest
  @MethodSource("names")
  void everyContainerAsksForCpuAndMemory(String name) {
    Task task = Catalog.task(name);
    assertThat(task.spec().stepTemplate().orElseThrow().computeResources().orElseThrow().requests())
        .containsEntry("cpu", new Quantity("100m"))
        .containsEntry("memory", new Quantity("128Mi"));
    Stream.concat(
            task.spec().steps().stream().flatMap(s -> s.computeResources().stream()),
            task.spec().sidecars().stream().map(s -> s.computeResources().orElseThrow()))
        .forEach(r -> assertThat(r.requests()).containsKeys("cpu", "memory"));
  }

  /**
   * Kubernetes keeps 12 KiB of termination messages for all containers of a pod, Tekton's own two
   * included, and drops what is more without a word. The longest value of each result is known:
   * digests, ids, words, an image.
   */
  @ParameterizedTest
  @MethodSource("names")
  void hasResultsThatFitIntoAPodsMessages(String name) {
    Task task = Catalog.task(name);
    int containers = task.spec().steps().size() + task.spec().sidecars().size() + 2;
    int share = 12 * 1024 / containers;
    int bytes = 0;
    for (ResultSpec result : task.spec().results()) {
      bytes += message(result);
    }
    for (Step step : task.spec().steps()) {
      for (ResultSpec result : step.results()) {
        bytes += message(result);
      }
    }
    // all of them in one container would still fit twice
    assertThat(bytes * 2).isLessThan(share);
  }

  private static int message(ResultSpec result) {
    int longest =
        switch (result.name()) {
          case "outputs", "code", "call" -> "sha256:".length() + 64;
          case "head" -> 20 + "@sha256:".length() + 64;
          case "commit", "tree" -> 64;
          // as registries have it: a name, a tag, a digest
          case "champion-image" -> 255 + ":".length() + 128 + "@sha256:".length() + 64;
          case "verdict", "hit" -> "upstream-failed".length();
          default -> throw new AssertionError("how long can " + result.name() + " be?");
        };
    return "{\"key\":\"\",\"value\":\"\",\"type\":1},".length() + result.name().length() + longest;
  }

  @ParameterizedTest
  @MethodSource("names")
  void tellsFetchAloneAndStoreWhereToReadIt(String name) {
    List<Step> steps = Catalog.task(name).spec().steps();
    if (steps.size() == 3) {
      assertThat(steps.getFirst().args())
          .containsSubsequence(List.of("--result-call", "$(step.results.call.path)"))
          .contains("--run", "--with", "--command");
      assertThat(steps.getLast().args())
          .containsSubsequence(List.of("--call", "$(steps.fetch.results.call)"))
          .allSatisfy(a -> assertThat(a).doesNotContain("params."));
      String whole = TektonYaml.write(Catalog.task(name));
      for (String once : List.of("$(params.command[*])", "$(params.with)", "$(params.inputs[*])")) {
        assertThat(whole.split(Pattern.quote(once), -1)).as(once).hasSizeLessThanOrEqualTo(2);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void givesCredentialsToTheOneStepThatTalksToTheRegistry(String name) {
    Task task = Catalog.task(name);
    boolean needs = NEED_THE_REGISTRY.contains(name);
    assertThat(TektonYaml.write(task)).doesNotContain("secretKeyRef");
    assertThat(
            task.spec().workspaces().stream()
                .filter(w -> w.name().equals("registry"))
                .map(w -> List.of(w.optional(), w.readOnly())))
        .isEqualTo(needs ? List.of(List.of(Optional.of(true), Optional.of(true))) : List.of());
    List<Step> holders =
        task.spec().steps().stream()
            .filter(s -> s.workspaces().stream().anyMatch(w -> w.name().equals("registry")))
            .toList();
    assertThat(holders).hasSize(needs ? 1 : 0);
    assertThat(holders)
        .allSatisfy(s -> {
          assertThat(s.image()).contains("$(params.worker-image)");
          assertThat(s.args())
              .containsSubsequence(List.of("--registry", "$(workspaces.registry.path)"));
        });
  }
}
