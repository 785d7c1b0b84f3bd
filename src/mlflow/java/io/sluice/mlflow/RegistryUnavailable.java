package io.sluice.mlflow;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.RegistryVariables;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** No usable answer came. Unless the server was never reached, the call may have taken effect. */
final class RegistryUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final String INTERRUPTED = "SLU-5008";

  /** What may have become of the call. */
  private enum Effect {
    NONE,
    UNKNOWN
  }

  private final String id;
  private final String hint;
  private final boolean worthRetrying;
  private final Effect effect;

  private RegistryUnavailable(
      String id,
      String message,
      String hint,
      boolean worthRetrying,
      Effect effect,
      @Nullable Throwable cause) {
    super(message, cause);
    this.id = id;
    this.hint = hint;
    this.worthRetrying = worthRetrying;
    this.effect = effect;
  }

  static RegistryUnavailable unreachable(MlflowConfig config, String call, Throwable cause) {
    String by = config.route().proxy().map(p -> " by " + p.shown()).orElse("");
    return new RegistryUnavailable(
        "SLU-5001",
        "the registry cannot be reached" + by + ": " + call + ": " + why(cause),
        (config.route().proxy().isPresent()
                ? "Check the proxy, or name the registry's host in NO_PROXY"
                : config.route().named().contains(RegistryVariables.URI)
                    ? "Check MLFLOW_TRACKING_URI and that the server runs"
                    : "Check that the server runs at " + config.uri())
            + ". Nothing was changed by this call.",
        true,
        Effect.NONE,
        cause);
  }

  static RegistryUnavailable connectionBroke(String call, Throwable cause) {
    return new RegistryUnavailable(
        "SLU-5001",
        "the connection to the registry broke: " + call + ": " + why(cause),
        "Look at the server and what stands before it, then run the command again.",
        true,
        Effect.UNKNOWN,
        cause);
  }

  static RegistryUnavailable timedOut(String call, Duration limit) {
    return new RegistryUnavailable(
        "SLU-5002",
        "the registry did not answer within " + limit.toMillis() / 1000.0 + " s: " + call,
        "Look at the load of the server and its database, then run the command again.",
        true,
        Effect.UNKNOWN,
        null);
  }

  static RegistryUnavailable failed(String call, int status, Optional<ApiError.Body> error) {
    return new RegistryUnavailable(
        "SLU-5003",
        "the registry fails with status "
            + status
            + error.map(e -> " (" + e.code() + ": " + e.message() + ")").orElse("")
            + ": "
            + call,
        "Look at the server's log, then run the command again.",
        true,
        Effect.UNKNOWN,
        null);
  }

  static RegistryUnavailable notMlflow(
      String call, String found, String expected, boolean worthRetrying) {
    return new RegistryUnavailable(
        "SLU-5004",
        "what answers is not the registry: " + call + " gave " + found + ", expected " + expected,
        "Check that MLFLOW_TRACKING_URI is the server itself, not a login page or a proxy's error.",
        worthRetrying,
        Effect.UNKNOWN,
        null);
  }

  /** The answer is JSON, but not as MLflow's client reads it. */
  static RegistryUnavailable unreadable(URI server, Throwable cause) {
    return new RegistryUnavailable(
        "SLU-5004",
        "what answers at " + server + " is not the registry: its client cannot read the answer",
        "Check that MLFLOW_TRACKING_URI is an MLflow server, version 3.",
        true,
        Effect.UNKNOWN,
        cause);
  }

  /** The caller stopped waiting. The call was sent all the same. */
  static RegistryUnavailable interrupted(String call) {
    return new RegistryUnavailable(
        INTERRUPTED, "waiting for the registry: " + call, "", false, Effect.UNKNOWN, null);
  }

  /** Whether the same call may succeed a little later. */
  boolean worthRetrying() {
    return worthRetrying;
  }

  boolean mayHaveTakenEffect() {
    return effect == Effect.UNKNOWN;
  }

  /** The error that the user sees. */
  SluiceException toSluice() {
    if (id.equals(INTERRUPTED)) {
      return RegistryErrors.interrupted(String.valueOf(getMessage()), this);
    }
    return new SluiceException(
        ExitCode.UNREACHABLE, List.of(Diagnostic.of(id, String.valueOf(getMessage()), hint)), this);
  }

  private static String why(Throwable cause) {
    return cause.getMessage() == null
        ? cause.getClass().getSimpleName()
        : ForeignText.oneLine(cause.getMessage());
  }
}
