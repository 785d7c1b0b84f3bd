package io.sluice.mlflow;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow_project.google.protobuf.InvalidProtocolBufferException;
import org.mlflow_project.google.protobuf.Message;
import org.mlflow_project.google.protobuf.MessageOrBuilder;
import org.mlflow_project.google.protobuf.util.JsonFormat;

/**
 * MLflow's protobuf messages as the JSON that its server speaks, for the calls that its client does
 * not have. Fields that a newer server adds are ignored, as the client does.
 */
final class ProtoJson {
  private ProtoJson() {}

  static String write(MessageOrBuilder message) {
    try {
      return JsonFormat.printer().preservingProtoFieldNames().print(message);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a message that cannot be written", e);
    }
  }

  /**
   * Reads an answer.
   *
   * @throws MlflowClientException when a field has another type than MLflow gives it
   */
  static <B extends Message.Builder> B read(String json, B into) {
    try {
      JsonFormat.parser().ignoringUnknownFields().merge(json, into);
      return into;
    } catch (InvalidProtocolBufferException e) {
      throw new MlflowClientException(e);
    }
  }

  /** MLflow's list of tags, of whichever kind, as a map. */
  static <T> Map<String, String> map(
      List<T> tags, Function<T, String> key, Function<T, String> value) {
    TreeMap<String, String> map = new TreeMap<>();
    tags.forEach(tag -> map.put(key.apply(tag), value.apply(tag)));
    return map;
  }

  /** A map as MLflow's list of tags, of whichever kind. */
  static <T> List<T> list(Map<String, String> map, BiFunction<String, String, T> tag) {
    return map.entrySet().stream().map(e -> tag.apply(e.getKey(), e.getValue())).toList();
  }
}
