package io.sluice.mlflow;

import java.util.Optional;
import java.util.Set;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.GetExperimentByName;
import org.mlflow.api.proto.Service.GetRun;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/**
 * MLflow's own client, whose calls go over {@link Rest}.
 *
 * <p>The client builds each request from its protobuf messages and reads the answer back into them.
 * Its own HTTP has no time limit and no size limit, follows redirects with the credentials, and
 * repeats whatever fails, calls that create something too: see
 * docs/adr/0230-mlflow-client-over-our-http.md. Most of its calls go by {@link #sendGet} and {@link
 * #sendPost}, which are public and may be overridden. The two calls used here that do not are
 * overridden themselves. Any other call would go to a host that cannot exist.
 */
final class BoundedMlflowClient extends MlflowClient {
  private static final long serialVersionUID = 1L;
  private static final String NOWHERE = "http://not-over-rest.invalid";

  /** Calls that create something on each call: the caller looks before it tries again. */
  private static final Set<String> NEVER_REPEATED =
      Set.of("experiments/create", "runs/create", "model-versions/create");

  private final transient Rest rest;

  BoundedMlflowClient(Rest rest) {
    super(new BasicMlflowHostCreds(NOWHERE));
    this.rest = rest;
  }

  @Override
  public String sendGet(String pathAndQuery) {
    return rest.get(pathAndQuery);
  }

  @Override
  public String sendPost(String path, String json) {
    return NEVER_REPEATED.contains(path) ? rest.postOnce(path, json) : rest.post(path, json);
  }

  @Override
  public String sendPatch(String path, String json) {
    return rest.patch(path, json);
  }

  @Override
  public Run getRun(String id) {
    return ProtoJson.read(
            sendGet("runs/get" + Rest.query("run_id", id)), GetRun.Response.newBuilder())
        .getRun();
  }

  /** Deleted experiments are found too, as the server has it. */
  @Override
  public Optional<Experiment> getExperimentByName(String name) {
    try {
      return Optional.of(
          ProtoJson.read(
                  sendGet("experiments/get-by-name" + Rest.query("experiment_name", name)),
                  GetExperimentByName.Response.newBuilder())
              .getExperiment());
    } catch (ApiError e) {
      if (e.absent()) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
