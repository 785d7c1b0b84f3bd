package io.sluice.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import java.util.Optional;

/**
 * MLflow understood a call and refused it, with an error code. What the refusal means is for the
 * caller to decide.
 */
final class ApiError extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final String code;
  private final int status;

  /**
   * The body of an answer that is an error.
   *
   * @param code MLflow's name of the error, such as {@code RESOURCE_DOES_NOT_EXIST}
   * @param message MLflow's explanation, one line
   */
  record Body(String code, String message) {
    /** Empty when the bytes are not an error of MLflow. Its client has no message for errors. */
    static Optional<Body> of(byte[] answer) {
      try {
        JsonNode json = Json.parse(answer);
        String code = json.path("error_code").asText("");
        return code.isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Body(
                    ForeignText.oneLine(code),
                    ForeignText.oneLine(json.path("message").asText(""))));
      } catch (IllegalArgumentException e) {
        return Optional.empty();
      }
    }
  }

  ApiError(String call, int status, Body body) {
    super(call + ": " + body.code() + ": " + body.message());
    this.code = body.code();
    this.status = status;
  }

  boolean is(String code) {
    return this.code.equals(code);
  }

  /**
   * Whether nothing has that name. MLflow reports a missing alias as a wrong parameter instead; see
   * {@link ModelVersions#byAlias}.
   */
  boolean absent() {
    return is("RESOURCE_DOES_NOT_EXIST") || status == 404;
  }
}
