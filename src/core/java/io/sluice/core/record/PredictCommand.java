package io.sluice.core.record;

import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import java.util.List;
import java.util.Optional;

/**
 * How a bundle forecasts by a command, {@code predict/predict.json}: everything that is needed to
 * run it for as long as its version is champion, whatever today's spec says. The code and the lock
 * lie beside it. Schema: {@code predict.schema.json}.
 *
 * @param command argument vector, run in {@link #CODE}
 * @param environment in which it runs
 * @param executable files of the code that may be run as programs: a registry keeps no mode bits
 */
@Versioned
@JsonTypeName(PredictCommand.API_VERSION)
public record PredictCommand(
    List<String> command, Environment environment, List<String> executable) {
  public static final String API_VERSION = "sluice.io/predict/v1";

  /** The folder of a bundle that Sluice writes and its author does not. */
  public static final String FOLDER = "predict";

  public static final String FILE = FOLDER + "/predict.json";
  public static final String CODE = FOLDER + "/code";
  public static final String LOCK = FOLDER + "/environment.lock";

  /**
   * Where a predict command runs.
   *
   * @param name in the spec of its run
   * @param digest of the environment, as its run's cache keys had it
   * @param image that its family trained in
   * @param python version of the interpreter, when there is a lock
   * @param lock {@link #LOCK}, when it is there
   */
  public record Environment(
      String name,
      Optional<Digest> digest,
      String image,
      Optional<String> python,
      Optional<String> lock) {}

  public PredictCommand {
    if (command.isEmpty()) {
      throw new IllegalArgumentException("no command");
    }
    command = List.copyOf(command);
    executable = List.copyOf(executable);
  }

  /** Whether the bundle has a {@link #LOCK}. */
  public boolean hasLock() {
    return environment.lock().isPresent();
  }

  /** {@code predict/predict.json}. */
  public ObjectNode json() {
    return JsonCodec.write(this);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws SluiceException SLU-6310
   */
  public static PredictCommand parse(byte[] bytes) {
    try {
      return JsonCodec.read(Json.parse(bytes), PredictCommand.class);
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
}
