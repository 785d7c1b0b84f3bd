package io.sluice.mlflow;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mlflow.api.proto.ModelRegistry.CreateModelVersion;
import org.mlflow.api.proto.ModelRegistry.CreateRegisteredModel;
import org.mlflow.api.proto.ModelRegistry.DeleteModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.GetModelVersionByAlias;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.ModelRegistry.ModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.RegisteredModel;
import org.mlflow.api.proto.ModelRegistry.RegisteredModelTag;
import org.mlflow.api.proto.ModelRegistry.SetModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.SetRegisteredModelAlias;
import org.mlflow.api.proto.ModelRegistry.SetRegisteredModelTag;
import org.mlflow.api.proto.ModelRegistry.UpdateModelVersion;

/** Registered models and their versions: MLflow's model registry, without its runs and files. */
final class ModelVersions {
  /** The most versions that {@link #search} gives. */
  static final int PAGE = 1000;

  private final Rest rest;
  private final BoundedMlflowClient client;

  ModelVersions(Rest rest, BoundedMlflowClient client) {
    this.rest = rest;
    this.client = client;
  }

  Optional<ModelVersion> find(String model, int version) {
    try {
      return Optional.of(client.getModelVersion(model, Integer.toString(version)));
    } catch (ApiError e) {
      if (e.absent()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** At most {@link #PAGE} versions by ascending number. */
  List<ModelVersion> search(String filter) {
    return client.searchModelVersions(filter, PAGE, List.of("version_number ASC")).getItems();
  }

  /** The oldest version of a model that has this value of a tag. */
  Optional<ModelVersion> byTag(String model, String key, String value) {
    return search("name = '" + model + "' and tags.`" + key + "` = '" + value + "'").stream()
        .findFirst();
  }

  /** One attempt; the caller looks for the version before it tries again. */
  ModelVersion create(CreateModelVersion version) {
    return ProtoJson.read(
            client.sendPost("model-versions/create", ProtoJson.write(version)),
            CreateModelVersion.Response.newBuilder())
        .getModelVersion();
  }

  /** What MLflow's pages show of a version. */
  void describe(String model, int version, String description) {
    client.sendPatch(
        "model-versions/update",
        ProtoJson.write(
            UpdateModelVersion.newBuilder()
                .setName(model)
                .setVersion(Integer.toString(version))
                .setDescription(ExperimentRuns.note(description))));
  }

  void setTag(String model, int version, String key, String value) {
    client.sendPost(
        "model-versions/set-tag",
        ProtoJson.write(
            SetModelVersionTag.newBuilder()
                .setName(model)
                .setVersion(Integer.toString(version))
                .setKey(key)
                .setValue(value)));
  }

  /** Removes a tag; one that is not there is well. The client has no DELETE. */
  void deleteTag(String model, int version, String key) {
    try {
      rest.delete(
          "model-versions/delete-tag",
          ProtoJson.write(
              DeleteModelVersionTag.newBuilder()
                  .setName(model)
                  .setVersion(Integer.toString(version))
                  .setKey(key)));
    } catch (ApiError e) {
      if (!e.absent()) {
        throw e;
      }
    }
  }

  /** The version that an alias names. */
  Optional<ModelVersion> byAlias(String model, String alias) {
    try {
      return Optional.of(
          ProtoJson.read(
                  client.sendGet(
                      "registered-models/alias" + Rest.query("name", model, "alias", alias)),
                  GetModelVersionByAlias.Response.newBuilder())
              .getModelVersion());
    } catch (ApiError e) {
      // MLflow reports a missing alias as INVALID_PARAMETER_VALUE.
      if (e.absent() || e.is("INVALID_PARAMETER_VALUE")) {
        return Optional.empty();
      }
      throw e;
    }
  }

  void setAlias(String model, String alias, int version) {
    client.sendPost(
        "registered-models/alias",
        ProtoJson.write(
            SetRegisteredModelAlias.newBuilder()
                .setName(model)
                .setAlias(alias)
                .setVersion(Integer.toString(version))));
  }

  Optional<RegisteredModel> model(String name) {
    try {
      return Optional.of(client.getRegisteredModel(name));
    } catch (ApiError e) {
      if (e.absent()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Creates a registered model with its tags, or leaves the one that is there. */
  void createModel(String name, Map<String, String> tags, String description) {
    try {
      client.sendPost(
          "registered-models/create",
          ProtoJson.write(
              CreateRegisteredModel.newBuilder()
                  .setName(name)
                  .setDescription(description)
                  .addAllTags(
                      ProtoJson.list(
                          tags,
                          (key, value) ->
                              RegisteredModelTag.newBuilder()
                                  .setKey(key)
                                  .setValue(value)
                                  .build()))));
    } catch (ApiError e) {
      if (!e.is("RESOURCE_ALREADY_EXISTS")) {
        throw e;
      }
    }
  }

  void setModelTag(String model, String key, String value) {
    client.sendPost(
        "registered-models/set-tag",
        ProtoJson.write(
            SetRegisteredModelTag.newBuilder().setName(model).setKey(key).setValue(value)));
  }

  int number(ModelVersion version) {
    try {
      return Integer.parseInt(rest.required(version.getVersion(), "version"));
    } catch (NumberFormatException e) {
      throw RegistryErrors.unexpected(rest.uri(), "a version that is not a number", e);
    }
  }

  static Map<String, String> tags(ModelVersion version) {
    return ProtoJson.map(version.getTagsList(), ModelVersionTag::getKey, ModelVersionTag::getValue);
  }

  static Map<String, String> tags(RegisteredModel model) {
    return ProtoJson.map(
        model.getTagsList(), RegisteredModelTag::getKey, RegisteredModelTag::getValue);
  }

  /** Tags for {@link CreateModelVersion}. */
  static List<ModelVersionTag> tags(Map<String, String> tags) {
    return ProtoJson.list(
        tags, (key, value) -> ModelVersionTag.newBuilder().setKey(key).setValue(value).build());
  }
}
