package io.sluice.tekton.lower;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.SourceFile;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.WorkspaceDeclaration;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What stands beside a task says what the task is: the tables of its README come from its YAML, its
 * sample gives it what it declares. To write the READMEs anew: {@code mvn -q -Pquick -pl src/tekton
 * -am test -Dtest=CatalogDocumentsTest -Dsurefire.failIfNoSpecifiedTests=false -Dgoldens=write};
 * what follows the heading "Usage" is written by hand and stays.
 */
class CatalogDocumentsTest {
  private static final Path FOLDER = Path.of(System.getProperty("sluice.root"), "tekton-tasks");
  private static final String USAGE = "## Usage\n";

  static List<String> names() {
    return Catalog.NAMES;
  }

  @Tag("golden")
  @ParameterizedTest
  @MethodSource("names")
  void theReadmeSaysWhatTheTaskDeclares(String name) throws IOException {
    Path readme = FOLDER.resolve(name).resolve("README.md");
    String text = Files.readString(readme);
    int usage = text.indexOf(USAGE);
    assertThat(usage).as("a heading Usage in %s", readme).isPositive();
    String wanted = head(name, Catalog.task(name)) + text.substring(usage);
    if ("write".equals(System.getProperty("goldens"))) {
      Files.writeString(readme, wanted);
      text = wanted;
    }
    assertThat(text).isEqualTo(wanted);
  }

  private static String head(String name, Task task) {
    StringBuilder out = new StringBuilder();
    out.append("# ").append(name).append('\n');
    // a sentence a line, as in all Markdown here
    String description = task.spec().description().orElseThrow().replaceAll("\\. (?=[A-Z])", ".\n");
    out.append(description).append("\n\n");
    out.append("```\nkubectl apply -f tekton-tasks/")
        .append(name + "/" + name + ".yaml\n```\n\n## Parameters\n");
    out.append("| name | type | default | what |\n|---|---|---|---|\n");
    for (ParamSpec p : task.spec().params()) {
      row(
          out,
          code(p.name()),
          p.effectiveType().name().toLowerCase(java.util.Locale.ROOT),
          p.fallback().map(CatalogDocumentsTest::shown).orElse("required"),
          p.description().orElse(""));
    }
    out.append("\n## Workspaces\n| name | what |\n|---|---|\n");
    for (WorkspaceDeclaration w : task.spec().workspaces()) {
      String kind =
          (w.optional().orElse(false) ? ", optional" : "")
              + (w.readOnly().orElse(false) ? ", read only" : "");
      row(out, code(w.name()) + kind, w.description().orElse(""));
    }
    if (!task.spec().results().isEmpty()) {
      out.append("\n## Results\n| name | what |\n|---|---|\n");
      task.spec().results().forEach(r -> row(out, code(r.name()), r.description().orElse("")));
    }
    out.append("\n## Platforms\n")
        .append(task.metadata().annotations().get("tekton.dev/platforms"))
        .append("; Tekton ")
        .append(task.metadata().annotations().get("tekton.dev/pipelines.minVersion"))
        .append(" or newer.\n\n");
    return out.toString();
  }

  private static void row(StringBuilder out, String... cells) {
    for (String cell : cells) {
      out.append("| ").append(cell.replace("|", "\\|")).append(' ');
    }
    out.append("|\n");
  }

  private static String code(String text) {
    return "`" + text + "`";
  }

  private static String shown(ParamValue value) {
    return switch (value) {
      case ParamValue.Text text -> text.value().isEmpty() ? "empty" : code(text.value());
      case ParamValue.Array array ->
          array.values().isEmpty() ? "none" : code(String.join(" ", array.values()));
    };
  }

  @ParameterizedTest
  @MethodSource("names")
  void theSampleGivesEachTaskWhatItDeclaresAndNothingElse(String name) throws IOException {
    Path file = FOLDER.resolve(name).resolve("samples/run.yaml");
    List<io.sluice.tekton.v1.TektonObject> objects =
        TektonYaml.parse(new SourceFile(file.toString(), Files.readString(file)));
    assertThat(objects).hasSize(1);
    PipelineRun run = (PipelineRun) objects.getFirst();
    assertThat(run.metadata().generateName()).isPresent();
    assertThat(run.spec().timeouts()).isPresent();
    PipelineSpec pipeline = run.spec().pipelineSpec().orElseThrow();
    assertThat(names(run.spec().params()))
        .isEqualTo(new HashSet<>(pipeline.params().stream().map(ParamSpec::name).toList()));
    assertThat(pipeline.tasks().stream().map(t -> t.taskRef().orElseThrow().name())).contains(name);
    for (PipelineTask use : pipeline.tasks()) {
      Task task = Catalog.task(use.taskRef().orElseThrow().name());
      Set<String> declared = new HashSet<>();
      Set<String> needed = new HashSet<>();
      for (ParamSpec p : task.spec().params()) {
        declared.add(p.name());
        if (p.fallback().isEmpty()) {
          needed.add(p.name());
        }
      }
      assertThat(declared).as("of %s", use.name()).containsAll(names(use.params()));
      assertThat(names(use.params())).as("of %s", use.name()).containsAll(needed);
      Set<String> bound = new HashSet<>();
      use.workspaces().forEach(w -> bound.add(w.name()));
      for (WorkspaceDeclaration w : task.spec().workspaces()) {
        assertThat(bound.remove(w.name()) || w.optional().equals(Optional.of(true)))
            .as("workspace %s of %s", w.name(), use.name())
            .isTrue();
      }
      assertThat(bound).isEmpty();
      checkReferences(use, pipeline);
    }
  }

  private static void checkReferences(PipelineTask use, PipelineSpec pipeline) {
    Matcher reference =
        Pattern.compile("\\$\\((tasks|params)\\.([a-z0-9-]+)(?:\\.results\\.([a-z]+))?\\)")
            .matcher(use.params().toString());
    while (reference.find()) {
      if (reference.group(1).equals("params")) {
        assertThat(pipeline.params())
            .as(reference.group())
            .anyMatch(p -> p.name().equals(reference.group(2)));
      } else {
        PipelineTask producer =
            pipeline.tasks().stream()
                .filter(t -> t.name().equals(reference.group(2)))
                .findFirst()
                .orElseThrow();
        assertThat(Catalog.task(producer.taskRef().orElseThrow().name()).spec().results())
            .as(reference.group())
            .anyMatch(r -> r.name().equals(reference.group(3)));
      }
    }
  }

  private static Set<String> names(List<Param> params) {
    Set<String> names = new HashSet<>();
    params.forEach(p -> names.add(p.name()));
    return names;
  }
}
