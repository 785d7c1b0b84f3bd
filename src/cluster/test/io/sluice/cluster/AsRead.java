package io.sluice.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.tekton.v1.PipelineRun;
import io.fabric8.tekton.v1.TaskRun;
import io.sluice.cluster.fold.Observation;
import io.sluice.cluster.fold.ObservedPod;
import io.sluice.cluster.fold.ObservedRun;
import io.sluice.cluster.fold.ObservedTaskRun;

/** Reads the JSON of a cluster's objects as {@link ClusterRunner} does, by the library's model. */
public final class AsRead {
  private static final KubernetesSerialization CLIENT =
      new KubernetesSerialization(new ObjectMapper(), /* searchClassloaders= */ false);

  /** JSON as tests write it: quotes may be single, names go without. */
  private static final ObjectMapper SHORT =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
          .enable(JsonReadFeature.ALLOW_UNQUOTED_FIELD_NAMES)
          .build();

  private AsRead() {}

  public static ObservedRun run(String json) {
    return Observations.of(read(json, PipelineRun.class));
  }

  public static ObservedTaskRun taskRun(String json) {
    return Observations.of(read(json, TaskRun.class));
  }

  public static ObservedPod pod(String json) {
    return Observations.of(read(json, GenericKubernetesResource.class));
  }

  /** An object of whichever of the three kinds. */
  public static Observation any(String json) {
    String kind = read(json, GenericKubernetesResource.class).getKind();
    return switch (kind) {
      case "PipelineRun" -> run(json);
      case "TaskRun" -> taskRun(json);
      case "Pod" -> pod(json);
      default -> throw new AssertionError(kind);
    };
  }

  private static <T> T read(String json, Class<T> type) {
    try {
      return CLIENT.unmarshal(SHORT.writeValueAsString(SHORT.readTree(json)), type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
