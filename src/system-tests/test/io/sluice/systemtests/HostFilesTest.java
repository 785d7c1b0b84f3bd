package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The files that a host of repositories reads, {@code .github}: no other test runs them. */
class HostFilesTest {
  private static final Path HOST = Path.of(System.getProperty("sluice.root"), ".github");

  static List<Path> workflows() throws IOException {
    return yaml(HOST.resolve("workflows"));
  }

  @Test
  void allOfThemAreYaml() throws IOException {
    assertThat(yaml(HOST)).hasSizeGreaterThan(2).allSatisfy(f -> assertThat(load(f)).isNotEmpty());
  }

  @ParameterizedTest
  @MethodSource("workflows")
  void aWorkflowCanOnlyReadKnowsNoSecretAndPinsItsActions(Path workflow) throws IOException {
    String text = Files.readString(workflow);
    assertThat(load(workflow)).containsEntry("permissions", Map.of("contents", "read"));
    assertThat(text).doesNotContain("secrets.", "pull_request_target", "write-all");
    assertThat(used(load(workflow)))
        .isNotEmpty()
        .allMatch(a -> a.matches("[\\w-]+/[\\w-]+@(v[0-9]+|[0-9a-f]{40})"), "is pinned");
  }

  @Test
  void aWorkflowRunsWhatAnyoneCanRun() throws IOException {
    assertThat(workflows())
        .anySatisfy(w -> assertThat(Files.readString(w)).contains("- run: .ci/run\n"));
    assertThat(HOST.resolveSibling(".ci/run")).isExecutable();
  }

  /** Values of {@code uses} at any depth. */
  private static List<String> used(Object node) {
    List<String> found = new ArrayList<>();
    if (node instanceof Map<?, ?> map) {
      map.forEach((key, value) -> {
        if ("uses".equals(key)) {
          found.add(String.valueOf(value));
        }
        found.addAll(used(value));
      });
    } else if (node instanceof List<?> list) {
      list.forEach(v -> found.addAll(used(v)));
    }
    return found;
  }

  private static Map<String, Object> load(Path file) throws IOException {
    return new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
  }

  private static List<Path> yaml(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(p -> p.toString().endsWith(".yml")).sorted().toList();
    }
  }
}
