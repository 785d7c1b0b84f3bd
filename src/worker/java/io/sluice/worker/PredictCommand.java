package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.inference.BundleParts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a bundle forecasts by a command, {@code predict/predict.json} (schema {@code
 * predict.schema.json}): everything that is needed to run it for as long as its version reigns,
 * whatever today's spec says. The code and the lock lie beside it.
 *
 * @param command argument vector, run in {@link #CODE}
 * @param environment name in the spec of its run
 * @param digest of the environment, as its run's cache keys had it
 * @param image that its family trained in
 * @param python version of the interpreter, when there is a lock
 * @param locked whether {@link #LOCK} is there
 * @param executable files of the code that may be run as programs: a registry keeps no mode bits
 */
record PredictCommand(
    List<String> command,
    String environment,
    Optional<Digest> digest,
    String image,
    Optional<String> python,
    boolean locked,
    List<String> executable) {
  static final String API_VERSION = "sluice.io/predict/v1";

  /** The folder of a bundle that Sluice writes and its author does not. */
  static final String FOLDER = "predict";

  static final String FILE = BundleParts.PREDICT;
  static final String CODE = FOLDER + "/code";
  static final String LOCK = FOLDER + "/environment.lock";

  ObjectNode json() {
    ObjectNode root = Json.object();
    root.put("apiVersion", API_VERSION);
    command.forEach(root.putArray("command")::add);
    ObjectNode node = root.putObject("environment");
    node.put("name", environment);
    digest.ifPresent(d -> node.put("digest", d.toString()));
    node.put("image", image);
    python.ifPresent(p -> node.put("python", p));
    if (locked) {
      node.put("lock", LOCK);
    }
    executable.forEach(root.putArray("executable")::add);
    return root;
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws SluiceException SLU-6310
   */
  static PredictCommand parse(byte[] bytes) {
    try {
      JsonNode root = Json.parse(bytes);
      if (!API_VERSION.equals(root.path("apiVersion").asText())) {
        throw new IllegalArgumentException("not a " + API_VERSION);
      }
      List<String> command = texts(root.path("command"));
      if (command.isEmpty()) {
        throw new IllegalArgumentException("no command");
      }
      JsonNode environment = root.path("environment");
      return new PredictCommand(
          command,
          environment.path("name").asText(),
          Optional.ofNullable(environment.get("digest")).map(d -> Digest.parse(d.asText())),
          environment.path("image").asText(),
          Optional.ofNullable(environment.get("python")).map(JsonNode::asText),
          environment.has("lock"),
          texts(root.path("executable")));
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          List.of(
              Diagnostic.of(
                  "SLU-6310",
                  FILE + " of a bundle cannot be read: " + e.getMessage(),
                  "train@1 writes it: look at who changed the files of this version")),
          e);
    }
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    for (JsonNode text : list) {
      if (!text.isTextual()) {
        throw new IllegalArgumentException("no text: " + text);
      }
      texts.add(text.asText());
    }
    return List.copyOf(texts);
  }
}
