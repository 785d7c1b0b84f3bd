package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The example Jenkinsfiles call steps that there are, with parameters that these have. */
class JenkinsfilesTest {
  private static final Pattern CALL =
      Pattern.compile("\\b(ml[A-Z]\\w*)\\b(?:\\s*\\(|\\s)([^){\\n]*)");
  private static final Pattern PARAMETER = Pattern.compile("\\b(\\w+):");
  private static final List<String> RUN =
      List.of("pipeline", "spec", "cluster", "profile", "set", "asOf");
  private static final Map<String, List<String>> STEPS =
      Map.of(
          "mlRetrain", Stream.concat(RUN.stream(), Stream.of("onHold")).toList(),
          "mlPipeline", RUN,
          "mlPreprocess", List.of("set"),
          "mlDrift", List.of("set"),
          "mlTune", List.of("set", "trials"),
          "mlTrain", List.of("set"),
          "mlEvaluate", List.of("set", "onHold"),
          "mlPromote", List.of("set"),
          "mlStage", List.of("name", "set"),
          "mlRollback", List.of("model", "reason", "to", "registry"));

  @Test
  void everyCallIsOfAStepThatThereIs() throws IOException {
    String root = System.getProperty("sluice.root");
    Assumptions.assumeTrue(root != null, "the examples are in Sluice's own repository");
    TreeSet<String> called = new TreeSet<>();
    try (Stream<Path> files = Files.list(Path.of(root, "pipelines", "jenkins"))) {
      for (Path file :
          (Iterable<Path>) files.filter(f -> f.toString().endsWith("Jenkinsfile"))::iterator) {
        for (String line :
            Files.readString(file).lines().map(l -> l.replaceAll("//.*", "")).toList()) {
          Matcher call = CALL.matcher(line);
          while (call.find()) {
            called.add(call.group(1));
            assertThat(STEPS).as("%s: %s", file, line).containsKey(call.group(1));
            Matcher parameter = PARAMETER.matcher(call.group(2));
            while (parameter.find()) {
              assertThat(STEPS.get(call.group(1)))
                  .as("%s: %s", file, line)
                  .contains(parameter.group(1));
            }
          }
        }
      }
    }
    assertThat(called)
        .contains("mlRetrain", "mlPipeline", "mlTune", "mlEvaluate", "mlPromote", "mlRollback");
  }
}
