package io.sluice.mlflow;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.registry.RegistryVariables;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The errors of a registry that users see: their ids (SLU-50xx), messages and hints. */
final class RegistryErrors {
  private RegistryErrors() {}

  static SluiceException unauthorized(
      URI server, int status, boolean hadCredentials, Set<String> named) {
    List<String> given =
        Stream.of(RegistryVariables.TOKEN, RegistryVariables.USERNAME, RegistryVariables.PASSWORD)
            .filter(named::contains)
            .toList();
    return problem(
        ExitCode.UNREACHABLE,
        "SLU-5005",
        "the registry at "
            + server
            + " refuses "
            + (hadCredentials ? "these credentials" : "a call without credentials")
            + " (status "
            + status
            + ")",
        (hadCredentials
                ? "Check "
                    + (given.isEmpty()
                        ? "user and password in the address"
                        : String.join(", ", given))
                    + ", and what they may do."
                : "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD.")
            + " A server that does not know its own host name (--allowed-hosts) also answers 403.",
        null);
  }

  /** TLS does not come about, and would not a second later. */
  static SluiceException tlsFails(MlflowConfig config, String call, TlsFailure failure) {
    TlsSettings tls = config.route().tls();
    String trusted =
        tls.authorities()
            .map(a -> "the authorities in " + a.path() + " (" + a.variable() + ")")
            .orElse("the authorities of the Java runtime");
    String set =
        tls.authorities()
            .map(a ->
                "Put the certificate of the authority that signed it into the file that "
                    + a.variable()
                    + " names.")
            .orElse(
                "Set MLFLOW_TRACKING_SERVER_CERT_PATH to a PEM file with the certificate of the"
                    + " authority that signed it.");
    return switch (failure.kind()) {
      case UNTRUSTED ->
          tls(
              "the certificate of the registry at "
                  + config.uri()
                  + " is not trusted by "
                  + trusted
                  + ": "
                  + failure.why(),
              set);
      case OTHER_HOST ->
          tls(
              "the certificate of the registry at "
                  + config.uri()
                  + " is that of another host: "
                  + failure.why(),
              "Name the server as its certificate does, or have one made for this name.");
      case REFUSED ->
          tls(
              "the registry at " + config.uri() + " refuses the TLS of this side: " + failure.why(),
              tls.client()
                  .map(c -> "Check the certificate that " + c.variable() + " names: " + c.path())
                  .orElse(
                      "Does the server ask for a certificate of its clients? Set"
                          + " MLFLOW_TRACKING_CLIENT_CERT_PATH to a PEM file with certificate and key."));
      case NOT_TLS ->
          tls(
              "what answers at " + config.uri() + " does not speak TLS (" + call + ")",
              "Give its address with http://, or the port at which it speaks https.");
    };
  }

  private static SluiceException tls(String message, String hint) {
    return problem(ExitCode.UNREACHABLE, "SLU-5015", message, hint, null);
  }

  static SluiceException proxyRefuses(MlflowConfig config, String call, String answer) {
    String proxy =
        config.route().proxy().map(ProxySettings::shown).orElse("a proxy before the registry");
    return problem(
        ExitCode.UNREACHABLE,
        "SLU-5016",
        proxy + " refuses the call: " + call + ": " + answer,
        config
                .route()
                .proxy()
                .map(p -> "Check " + p.variable() + ", with user and password")
                .orElse("Look at what stands before the server")
            + ", or name the registry's host in NO_PROXY.",
        null);
  }

  /** A refusal that no caller expects. */
  static SluiceException refused(ApiError e) {
    boolean ours = e.is("INVALID_PARAMETER_VALUE") || e.is("RESOURCE_ALREADY_EXISTS");
    return problem(
        ours ? ExitCode.INPUT_WRONG : ExitCode.UNREACHABLE,
        "SLU-5006",
        "the registry refused: " + e.getMessage(),
        "Its words say why; a server older than 3.0 lacks calls that Sluice needs.",
        e);
  }

  static SluiceException unexpected(URI server, String what) {
    return unexpected(server, what, null);
  }

  static SluiceException unexpected(URI server, String what, @Nullable Throwable cause) {
    return problem(
        ExitCode.UNREACHABLE,
        "SLU-5004",
        "what answers at " + server + " is not the registry: " + what,
        "Check that MLFLOW_TRACKING_URI is an MLflow server, version 3.",
        cause);
  }

  static SluiceException broken(URI server, IOException cause) {
    return problem(
        ExitCode.UNREACHABLE,
        "SLU-5001",
        "the connection to the registry broke: a file from " + server + ": " + cause.getMessage(),
        "Look at the server and what stands before it, then run the command again.",
        cause);
  }

  static SluiceException wrongInput(String what) {
    return problem(
        ExitCode.INPUT_WRONG,
        "SLU-5010",
        "cannot be registered: " + what,
        "Mend the name or value that is named.",
        null);
  }

  static SluiceException unreadable(@Nullable IOException cause) {
    return problem(
        ExitCode.RUN_FAILED,
        "SLU-5011",
        "a file that was to be uploaded cannot be read: "
            + (cause == null ? "" : cause.getMessage()),
        "Nothing was registered; run the stage again.",
        cause);
  }

  static SluiceException noVersion(String model, int version) {
    return problem(
        ExitCode.INPUT_WRONG,
        "SLU-5012",
        "there is no version " + version + " of " + model,
        "`sluice history` lists the versions that were champion.",
        null);
  }

  static SluiceException deletedExperiment(String name) {
    return problem(
        ExitCode.INPUT_WRONG,
        "SLU-5013",
        "the experiment " + name + " was deleted in the registry",
        "Restore it (mlflow experiments restore), or have its administrator remove it for good.",
        null);
  }

  static SluiceException foreignArtifacts(String uri) {
    int colon = uri.indexOf(':');
    return problem(
        ExitCode.INPUT_WRONG,
        "SLU-5014",
        "the registry does not serve its files: they are at "
            + (colon < 0 ? "a path of its machine" : uri.substring(0, colon) + ":"),
        "Start the server with --serve-artifacts (the default) and --artifacts-destination.",
        null);
  }

  static SluiceException lostRace(String model, Entry winner, long from) {
    return problem(
        ExitCode.CHAMPION_MOVED,
        "SLU-5020",
        "the champion of "
            + model
            + " moved: entry "
            + winner.number()
            + " of its promotion log replaced entry "
            + from
            + " with version "
            + winner.to()
            + " ("
            + winner.kind()
            + " by "
            + winner.who()
            + (winner.run().isEmpty() ? "" : ", run " + winner.run())
            + ", "
            + winner.at()
            + ")",
        "The candidate was tested against a champion that no longer is one: run again.",
        null);
  }

  static SluiceException damaged(String model, List<String> damage) {
    return problem(
        ExitCode.RUN_FAILED,
        "SLU-5021",
        "the promotion log of "
            + model
            + " is damaged, promotions are frozen: "
            + String.join("; ", damage),
        "Find out who changed the registered model "
            + model
            + ".promotions. `sluice doctor` shows the damage; a person accepts it with a reason.",
        null);
  }

  /** Nobody waits for the answer any more: that says nothing about the registry. */
  static SluiceException interrupted(String what, @Nullable Throwable cause) {
    return problem(
        ExitCode.INTERRUPTED,
        "SLU-5008",
        "interrupted while " + what,
        "Run the command again: it finds what is already there.",
        cause);
  }

  static SluiceException outcomeUnknown(String model, SluiceException cause) {
    return problem(
        cause.exitCode() == ExitCode.INTERRUPTED ? ExitCode.INTERRUPTED : ExitCode.UNREACHABLE,
        "SLU-5022",
        "whether the promotion of " + model + " took effect is unknown: " + cause.getMessage(),
        "Run it again when the registry answers: what was written is found, not written twice.",
        cause);
  }

  static SluiceException projectionsBehind(String model, Entry entry, ExitCode exit, String what) {
    return problem(
        exit,
        "SLU-5023",
        "the promotion of "
            + model
            + " stands (entry "
            + entry.number()
            + ": version "
            + entry.to()
            + "), but its alias or tag could not be set: "
            + what,
        "Run the same again, or `sluice doctor --fix`, which sets them. What serves the model"
            + " follows the log, not the alias.",
        null);
  }

  /** Other writers never let the alias be what the log says. */
  static SluiceException alwaysChanged(URI server, String model) {
    return problem(
        ExitCode.UNREACHABLE,
        "SLU-5023",
        "alias and tag of "
            + model
            + " at "
            + server
            + " do not stay as the promotion log says: others kept changing them",
        "Find out what else sets the alias champion or stage=Production, and end it.",
        null);
  }

  static SluiceException foreignChampion(String model, Projections found) {
    return problem(
        ExitCode.CHAMPION_MOVED,
        "SLU-5025",
        "others set the champion of "
            + model
            + " while this run was going: "
            + found.sentence()
            + ", which its promotion log does not know. Nothing was promoted",
        "`sluice adopt VERSION --reason ..` makes it known to the log; `sluice doctor --fix` puts the"
            + " log's champion back. Then run again.",
        null);
  }

  static SluiceException otherDamage(String model, List<String> damage) {
    return problem(
        ExitCode.INPUT_WRONG,
        "SLU-5024",
        damage.isEmpty()
            ? "the promotion log of " + model + " is not damaged: there is nothing to accept"
            : "the damage of "
                + model
                + "'s promotion log is not the one that was to be accepted: "
                + String.join("; ", damage),
        "Look at `sluice doctor` again.",
        null);
  }

  private static SluiceException problem(
      ExitCode exit, String id, String message, String hint, @Nullable Throwable cause) {
    return new SluiceException(exit, List.of(Diagnostic.of(id, message, hint)), cause);
  }
}
