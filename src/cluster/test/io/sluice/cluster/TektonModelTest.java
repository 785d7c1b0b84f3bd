package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import io.fabric8.kubernetes.api.model.Duration;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.tekton.v1.ParamValue;
import io.fabric8.tekton.v1.Pipeline;
import io.fabric8.tekton.v1.PipelineRun;
import io.fabric8.tekton.v1.Step;
import io.fabric8.tekton.v1.Task;
import io.fabric8.tekton.v1.TaskRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What the library's Tekton model keeps of what the compiler writes, and what it loses of what
 * Tekton has. A field that is named here must not be read by the model.
 */
class TektonModelTest {
  private static final Path ROOT = Path.of(System.getProperty("sluice.root"));
  private static final Map<String, Class<?>> KINDS =
      Map.of("Task", Task.class, "Pipeline", Pipeline.class, "PipelineRun", PipelineRun.class);

  /** The model as the runner has it. */
  private static final KubernetesSerialization MODEL =
      new KubernetesSerialization(new ObjectMapper(), /* searchClassloaders= */ false);

  /** Writes what the model has properties for, without the fields that it keeps aside. */
  private static final KubernetesSerialization KNOWN =
      new KubernetesSerialization(
          new ObjectMapper()
              .setAnnotationIntrospector(
                  new JacksonAnnotationIntrospector() {
                    @Override
                    public Boolean hasAnyGetter(Annotated a) {
                      return false;
                    }
                  }),
          /* searchClassloaders= */ false);

  /** Nothing of what the compiler writes is lost; times come back in other units. */
  @Test
  void theModelKeepsEveryFieldOfTheGoldens() throws IOException {
    Set<String> lost = new TreeSet<>();
    int read = 0;
    for (JsonNode golden : goldens()) {
      String kind = golden.path("kind").asText();
      Object model = MODEL.unmarshal(golden.toString(), KINDS.get(kind));
      compare(kind, golden, new ObjectMapper().readTree(KNOWN.asJson(model)), lost);
      read++;
    }
    assertThat(read).isGreaterThan(40);
    assertThat(lost).isEmpty();
  }

  /** The entries of an object are gone; its parameter reads as the empty string. */
  @Test
  void anObjectParamIsLost() {
    ParamValue value = MODEL.unmarshal("{\"a\":\"b\"}", ParamValue.class);
    assertThat(value.getType()).isEqualTo("string");
    assertThat(value.getStringVal()).isEmpty();
    assertThat(value.getObjectVal()).isNull();
    assertThat(value.getAdditionalProperties()).isEmpty();
  }

  /** They are kept, but only as text: the model has no property for them. */
  @Test
  void fieldsThatAreNewerThanTheModelAreKeptAside() {
    PipelineRun run =
        MODEL.unmarshal(
            "{\"kind\":\"PipelineRun\",\"spec\":{\"managedBy\":\"kueue\","
                + "\"taskRunSpecs\":[{\"pipelineTaskName\":\"a\",\"timeout\":\"1m\"}]}}",
            PipelineRun.class);
    assertThat(run.getSpec().getAdditionalProperties()).containsEntry("managedBy", "kueue");
    assertThat(run.getSpec().getTaskRunSpecs().getFirst().getAdditionalProperties())
        .containsEntry("timeout", "1m");
    Step step = MODEL.unmarshal("{\"name\":\"a\",\"displayName\":\"An A\"}", Step.class);
    assertThat(step.getAdditionalProperties()).containsEntry("displayName", "An A");
  }

  /** Why the runner never writes an object of the model: the compiler's records are sent. */
  @Test
  void anObjectWithSuchAFieldCannotBeWritten() {
    Step step = MODEL.unmarshal("{\"name\":\"a\",\"displayName\":\"An A\"}", Step.class);
    assertThatThrownBy(() -> MODEL.asJson(step)).isInstanceOf(KubernetesClientException.class);
  }

  /**
   * A status of today's Tekton that has parts which the model does not know is read all the same.
   */
  @Test
  void anUnknownPartOfAStatusDoesNotStopTheReading() {
    TaskRun taskRun =
        MODEL.unmarshal(
            "{\"kind\":\"TaskRun\",\"metadata\":{\"name\":\"r-a\",\"managedFields\":[{\"fieldsV1\":"
                + "{\"f:metadata\":{}}}]},\"status\":{\"podName\":\"p\",\"novelty\":{\"a\":[1]}}}",
            TaskRun.class);
    assertThat(taskRun.getStatus().getPodName()).isEqualTo("p");
  }

  private static List<JsonNode> goldens() throws IOException {
    List<JsonNode> out = new ArrayList<>();
    for (String folder : List.of("src/tekton/test/goldens", "pipelines", "tekton-tasks")) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList()) {
          for (String document : Files.readString(file).split("(?m)^---$")) {
            if (document.contains("apiVersion: tekton.dev/v1\n")) {
              out.add(MODEL.unmarshal(document, JsonNode.class));
            }
          }
        }
      }
    }
    return out;
  }

  /** Adds the paths at which one tree has something that the other has not. */
  private static void compare(String path, JsonNode written, JsonNode read, Set<String> lost) {
    if (written.isObject()) {
      written
          .properties()
          .forEach(e -> {
            String below = path + "." + e.getKey();
            JsonNode value = read.get(e.getKey());
            if (value == null) {
              lost.add(below);
            } else {
              compare(below, e.getValue(), value, lost);
            }
          });
    } else if (written.isArray() && read.isArray() && written.size() == read.size()) {
      for (int i = 0; i < written.size(); i++) {
        compare(path, written.get(i), read.get(i), lost);
      }
    } else if (!written.equals(read) && !isSameTime(written, read)) {
      lost.add(path + ": " + written + " -> " + read);
    }
  }

  private static boolean isSameTime(JsonNode written, JsonNode read) {
    try {
      return Duration.parse(written.asText()).equals(Duration.parse(read.asText()));
    } catch (ParseException e) {
      return false;
    }
  }
}
