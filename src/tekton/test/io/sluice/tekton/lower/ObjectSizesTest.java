package io.sluice.tekton.lower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.tekton.lower.ObjectSizes.TooLarge;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.yaml.TektonYaml;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What of a run a cluster could not keep, and that commands grow little on their way to it. */
class ObjectSizesTest {
  /** A run of stages that are a command each, with so many retries. */
  private static PipelineRun run(int retries, List<List<String>> commands) {
    String stages =
        IntStream.range(0, commands.size())
            .mapToObj(i ->
                """
                  - name: s%d
                    taskRef:
                      name: sluice-stage
                    retries: %d
                    params:
                    - name: outputs
                      value: [o]
                    - name: command
                      value: [%s]
                """
                    .formatted(
                        i,
                        retries,
                        commands.get(i).stream()
                            .map(w -> "'" + Escapes.command(w) + "'")
                            .collect(Collectors.joining(", "))))
            .collect(Collectors.joining());
    String text =
        """
        apiVersion: tekton.dev/v1
        kind: Pipeline
        metadata:
          name: p
        spec:
          tasks:
        %s
        ---
        apiVersion: tekton.dev/v1
        kind: PipelineRun
        metadata:
          name: r
        spec:
          pipelineRef:
            name: p
        """
            .formatted(stages);
    var objects = TektonYaml.parse(new SourceFile("test", text));
    return SelfContained.of(
        (PipelineRun) objects.get(1),
        (Pipeline) objects.get(0),
        List.of(Catalog.task("sluice-stage")));
  }

  private static List<String> words(int n, int length) {
    return IntStream.range(0, n).mapToObj(i -> "$(".repeat(length / 2)).toList();
  }

  @Test
  void aLongCommandWithManyDollarsThatAClusterCanKeepIsLetThrough() {
    assertThat(ObjectSizes.find(run(0, List.of(words(1, 60_000))))).isEmpty();
    assertThat(ObjectSizes.find(run(0, List.of(words(4, 40_000))))).isEmpty();
  }

  @Test
  void anArgumentThatLinuxDoesNotTakeIsFound() {
    List<TooLarge> found = ObjectSizes.find(run(0, List.of(words(1, 140_000))));
    assertThat(found)
        .singleElement()
        .satisfies(t -> {
          assertThat(t.id()).isEqualTo("SLU-2031");
          assertThat(t.part()).isEqualTo(ObjectSizes.Part.COMMAND);
          assertThat(t.message()).contains("stage s0").contains("131,071 bytes");
        });
  }

  @Test
  void aTaskRunIsCountedWithTheCopiesThatRetriesLeave() {
    List<List<String>> commands = List.of(List.of("true"), words(2, 50_000));
    assertThat(ObjectSizes.find(run(1, commands))).isEmpty();
    assertThat(ObjectSizes.find(run(9, commands)))
        .singleElement()
        .satisfies(t -> {
          assertThat(t.id()).isEqualTo("SLU-2030");
          assertThat(t.stage().orElseThrow().value()).isEqualTo("s1");
          assertThat(t.message()).contains("with its retries");
        });
  }

  @Test
  void aPipelineRunHoldsAllStagesTwice() {
    List<List<String>> few = IntStream.range(0, 4).mapToObj(i -> words(1, 40_000)).toList();
    assertThat(ObjectSizes.find(run(0, few))).isEmpty();
    List<List<String>> many = IntStream.range(0, 12).mapToObj(i -> words(1, 40_000)).toList();
    assertThat(ObjectSizes.find(run(0, many)))
        .singleElement()
        .satisfies(t -> assertThat(t.stage()).isEmpty());
    assertThatThrownBy(() -> ObjectSizes.check(run(0, many)))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-2030");
  }

  @Test
  void aWordOfACommandGrowsToTwiceItsSizeAtMostUnlessItIsDollarsAlone() {
    for (String word : List.of("$(a)", "$(", "$$(x)", "$HOME $1", "§S", "a§", "plain")) {
      String written = Escapes.command(word);
      assertThat(written).as(word).doesNotContain("$(").doesNotContain("$$");
      assertThat(bytes(written)).as(word).isLessThanOrEqualTo(2 * bytes(word));
    }
    assertThat(Escapes.command("echo $HOME $1 100%")).isEqualTo("echo $HOME $1 100%");
    assertThat(bytes(Escapes.command("$$$$"))).isLessThanOrEqualTo(3 * 4);
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
