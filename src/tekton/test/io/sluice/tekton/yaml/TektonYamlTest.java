package io.sluice.tekton.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class TektonYamlTest {
  private static final String TASK = "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\n";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e3",
        "0o7",
        "0x1F",
        "2001-01-01",
        "1:30",
        "1_000",
        "yes",
        "No",
        "~",
        "null",
        "",
        " ",
        "-",
        "---",
        "...",
        ".5",
        ".inf",
        "a: b",
        "a #b",
        "#",
        "a:",
        "\n",
        "\na",
        "\ta",
        "a\n\tb",
        "a\n",
        "a\n\n",
        "a\n \nb",
        "a \nb",
        "a\n  ",
        " a\nb",
        "\u0085",
        "a\u2028b",
        "\ufeffx",
        "\u0000",
        "{a",
        "[a",
        "a, b",
        "*x",
        "&x",
        "!x",
        "%x",
        "@x",
        "`x",
        "'",
        "\"",
        "\\",
        "=",
        "<<",
        "on",
        "30m",
        "4Gi",
        "$(params.x)",
        "$$",
        "\ud83d\ude00\nx",
        "é\nü",
        "a\r\nb",
        "0",
        "-m",
        "--",
        "-1"
      })
  void textThatParsersDisagreeAboutIsReadBackAsItWas(String text) {
    roundTrip(text);
  }

  /** Seeded: the same values every time. */
  @Test
  void anyValueIsReadBackAsItWas() {
    Random random = new Random(20261123);
    for (int i = 0; i < 5_000; i++) {
      roundTrip(Values.text(random));
    }
    for (int i = 0; i < 500; i++) {
      Map<String, Object> tree = Values.tree(random, 4);
      assertThat((Object) load(YamlWriter.write(tree))).isEqualTo(tree);
    }
  }

  @Test
  void scriptsAreBlocksAndShortListsStandOnOneLine() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("script", "#!/bin/sh\necho a\n");
    tree.put("command", List.of("python", "-m", "a.b"));
    tree.put("cpu", "2");
    tree.put("steps", List.of(Map.of("name", "run")));
    assertThat(YamlWriter.write(tree))
        .isEqualTo(
            """
            script: |
              #!/bin/sh
              echo a
            command: [python, -m, a.b]
            cpu: "2"
            steps:
            - name: run
            """);
  }

  @Test
  void halfACharacterIsRefused() {
    assertThatThrownBy(() -> YamlWriter.write(Map.of("a", "\ud800")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everythingWrongIsSaidInOneGoWithItsPlace() {
    List<Diagnostic> found =
        problems(
            TASK
                + """
                spec:
                  steps:
                  - name: a
                    image: i
                    comand: [x]
                    env:
                    - name: N
                      value: 5
                    args: one
                  - name: b
                    name: c
                    timeout: soon
                """);
    assertThat(found)
        .extracting(d -> d.id() + " " + d.location().orElseThrow().line())
        .containsExactly("SLU-2002 8", "SLU-2003 11", "SLU-2003 12", "SLU-2005 14", "SLU-2003 15");
    assertThat(found.getFirst().hint().orElseThrow()).contains("command");
  }

  @Test
  void objectsOfOtherKindsAreRefused() {
    assertThat(problems("apiVersion: v1\nkind: Pod\n"))
        .extracting(Diagnostic::id)
        .containsExactly("SLU-2004");
    assertThat(problems("- a\n")).extracting(Diagnostic::id).containsExactly("SLU-2003");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a: [", "a: b: c", "\tb", "a: *nowhere", "a: &x [*x, *x]\n: {"})
  void whatIsNotYamlIsSaidWithItsPlace(String text) {
    assertThat(problems(text))
        .singleElement()
        .satisfies(d -> {
          assertThat(d.id()).isEqualTo("SLU-2001");
          assertThat(d.location()).isPresent();
        });
  }

  @Test
  void bombsAreRefused() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++) {
      bomb.append("a%d: &a%d [".formatted(i, i))
          .append(("*a" + (i - 1) + ", ").repeat(10))
          .append("]\n");
    }
    assertThat(problems(bomb.toString())).isNotEmpty();
    assertThat(problems("a: " + "[".repeat(100_000)))
        .extracting(Diagnostic::id)
        .containsExactly("SLU-2001");
  }

  private static List<Diagnostic> problems(String text) {
    try {
      TektonYaml.parse(new SourceFile("t.yaml", text));
    } catch (SluiceException e) {
      return e.diagnostics();
    }
    throw new AssertionError("was accepted: " + text);
  }

  private static void roundTrip(String text) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("in-map", text);
    tree.put("in-list", List.of(text, "x"));
    List<Object> nested = new ArrayList<>();
    nested.add(Map.of("deep", text));
    nested.add(List.of(text));
    tree.put("nested", nested);
    tree.put("after", "y");
    assertThat((Object) load(YamlWriter.write(tree))).isEqualTo(tree);
  }

  private static Object load(String text) {
    return new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
  }
}
