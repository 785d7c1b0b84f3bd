package io.sluice.tekton.lower;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.SourceFile;
import io.sluice.tekton.v1.SecurityContext;
import io.sluice.tekton.v1.Sidecar;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.WorkspaceUsage;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every task of the catalog promises. */
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

  @ParameterizedTest
  @MethodSource("names")
  void givesNoContainerMoreThanItNeeds(String name) {
    Task task = Catalog.task(name);
    SecurityContext c = task.spec().stepTemplate().orElseThrow().securityContext().orElseThrow();
    assertThat(c.runAsUser()).contains(65532L);
    assertThat(c.runAsNonRoot()).contains(true);
    assertThat(c.readOnlyRootFilesystem()).contains(true);
    assertThat(c.allowPrivilegeEscalation()).contains(false);
    assertThat(c.capabilities().orElseThrow().drop()).containsExactly("ALL");
    assertThat(c.seccompProfile().orElseThrow().type()).isEqualTo("RuntimeDefault");
    for (Step step : task.spec().steps()) {
      assertThat(step.securityContext()).isEmpty();
    }
    for (Sidecar sidecar : task.spec().sidecars()) {
      assertThat(sidecar.securityContext()).contains(c);
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void keepsTheStoreFromStepsOfUsers(String name) {
    Task task = Catalog.task(name);
    for (Step step : task.spec().steps()) {
      boolean hasStore =
          step.workspaces().stream().map(WorkspaceUsage::name).anyMatch("store"::equals);
      assertThat(hasStore)
          .as(step.name().orElseThrow())
          .isEqualTo(!step.name().equals(Optional.of("run")));
    }
    for (Sidecar sidecar : task.spec().sidecars()) {
      assertThat(sidecar.workspaces()).isEmpty();
      assertThat(sidecar.volumeMounts()).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void putsNoVariableOfTektonIntoAScript(String name) {
    for (Step step : Catalog.task(name).spec().steps()) {
      assertThat(step.script().orElse("")).doesNotContainPattern("\\$\\([a-z]+[.\\[]");
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void usesEveryParameterItDeclaresAndDeclaresEveryOneItUses(String name) {
    Task task = Catalog.task(name);
    Set<String> declared = new HashSet<>();
    task.spec().params().forEach(p -> declared.add(p.name()));
    Set<String> used = new HashSet<>();
    Pattern.compile("\\$\\(params\\.([a-z-]+)(\\[\\*])?\\)")
        .matcher(TektonYaml.write(task))
        .results()
        .forEach(m -> used.add(m.group(1)));
    assertThat(used).isEqualTo(declared);
  }

  @ParameterizedTest
  @MethodSource("names")
  void givesFetchAndStoreTheSameArguments(String name) {
    List<Step> steps = Catalog.task(name).spec().steps();
    if (steps.size() == 3) {
      List<String> fetch = steps.getFirst().args();
      List<String> store = steps.getLast().args();
      assertThat(fetch.subList(fetch.indexOf("--run"), fetch.size()))
          .isEqualTo(store.subList(store.indexOf("--run"), store.size()));
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
