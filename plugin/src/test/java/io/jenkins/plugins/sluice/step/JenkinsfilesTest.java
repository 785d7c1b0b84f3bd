package io.jenkins.plugins.sluice.step;

import static java.util.Map.entry;
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
      List.of("pipeline", "spec", "cluster", "profile", "set", "asOf", "runner", "tool");
  private static final Map<String, List<String>> STEPS =
      Map.ofEntries(
          entry("mlRetrain", Stream.concat(RUN.stream(), Stream.of("onHold")).toList()),
          entry("mlPipeline", RUN),
          entry("mlPreprocess", List.of("set")),
          entry("mlDrift", List.of("set")),
          entry("mlTune", List.of("set", "trials")),
          entry("mlTrain", List.of("set")),
          entry("mlEvaluate", List.of("set", "onHold")),
          entry("mlPromote", List.of("set")),
          entry("mlStage", List.of("name", "set")),
          entry("mlRollback", List.of("model", "reason", "to", "registry")),
          entry("mlNewData", List.of("spec", "schedule", "source", "cluster", "profile")));

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
