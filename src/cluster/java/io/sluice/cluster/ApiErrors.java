package io.sluice.cluster;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.sluice.core.diag.Brief;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.util.ArrayList;
import java.util.List;

/** Turns failed requests to an API server into diagnostics. */
final class ApiErrors {
  private static final int DEEPEST = 20;
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;

  /** How much is shown of an answer of another service, which may be a whole page. */
  private static final int MAX_SHOWN = 200;

  private ApiErrors() {}

  /**
   * The diagnostic of a request that failed.
   *
   * @param verb what was asked for, as RBAC names it
   * @param resource of what, in the plural
   */
  static SluiceException toException(
      KubernetesClientException e, String verb, String resource, Cluster cluster) {
    String said = message(e);
    String what = verb + " " + resource + " in namespace " + cluster.namespace();
    return switch (e.getCode()) {
      case UNAUTHORIZED ->
          unreachable(
              e,
              "SLU-3704",
              "the API server does not accept our credentials (" + said + ")",
              "log in again, or renew the token in the kubeconfig; `kubectl auth whoami` tells who"
                  + " you are");
      case FORBIDDEN -> forbidden(e, said, verb, resource, cluster);
      case 404 -> notFound(e, said, what, resource, cluster);
      case 400, 409, 413, 422 ->
          wrong(
              e,
              "SLU-3708",
              "the cluster refuses to " + what + ": " + said,
              "if an admission webhook or a policy says so, its owner knows why; else the objects"
                  + " and this Tekton do not fit, see `sluice doctor --on`");
      default ->
          unreachable(
              e,
              "SLU-3703",
              "the cluster at " + cluster.address() + " does not answer: " + said,
              "is it up, is the network, and is the context the right one?");
    };
  }

  /** Whether the request was refused to us: our login does not count, or has not the right. */
  static boolean isRefused(KubernetesClientException e) {
    return e.getCode() == UNAUTHORIZED || e.getCode() == FORBIDDEN;
  }

  /** Whether a Kubernetes API server denied the request for lack of a right. */
  static boolean isForbidden(KubernetesClientException e) {
    return e.getCode() == FORBIDDEN && inKubernetesWords(e);
  }

  /**
   * Whether an answer is a {@code Status} as API servers give it. They always say Failure, also for
   * their webhooks; what proxies and other services answer does not, and the client says nothing
   * there either when it makes a status of such an answer.
   */
  private static boolean inKubernetesWords(KubernetesClientException e) {
    return e.getStatus() != null && "Failure".equals(e.getStatus().getStatus());
  }

  /** The diagnostic of an answer that does not come from a Kubernetes API server. */
  static SluiceException notKubernetes(Exception e, String said, String what, Cluster cluster) {
    return unreachable(
        e,
        "SLU-3713",
        "what answers at "
            + cluster.address()
            + " does not speak as a Kubernetes API server does; to "
            + what
            + " it says: "
            + said,
        "is that the address of the cluster's API, and not that of another service or of a proxy"
            + " that wants a login of its own? With a kubeconfig, `kubectl version` tells");
  }

  private static SluiceException forbidden(
      KubernetesClientException e, String said, String verb, String resource, Cluster cluster) {
    // of an answer to a web socket the client does not always read the words
    boolean read = !verb.equals("watch") && !resource.equals("pods/attach");
    if (read && !inKubernetesWords(e)) {
      return notKubernetes(
          e,
          FORBIDDEN + (said.isEmpty() ? "" : ", " + brief(said)),
          verb + " " + resource,
          cluster);
    }
    if (said.contains("exceeded quota")) {
      return wrong(
          e,
          "SLU-3709",
          "the quota of namespace " + cluster.namespace() + " has no room: " + said,
          "remove what is left there (`sluice gc --on`), wait, or have the quota raised");
    }
    if (!said.contains("cannot " + verb)) {
      return wrong(
          e,
          "SLU-3708",
          "the cluster refuses to "
              + verb
              + " "
              + resource
              + " in namespace "
              + cluster.namespace()
              + ": "
              + said,
          "an admission policy says so: its owner knows why");
    }
    return wrong(
        e,
        "SLU-3705",
        "we may not "
            + verb
            + " "
            + resource
            + " in namespace "
            + cluster.namespace()
            + ": "
            + said,
        "have this applied by someone who may:\n" + Access.role(cluster.namespace()));
  }

  private static SluiceException notFound(
      KubernetesClientException e, String said, String what, String resource, Cluster cluster) {
    if (said.contains("namespaces \"") || resource.equals("namespaces")) {
      return wrong(
          e,
          "SLU-3706",
          "the cluster has no namespace " + cluster.namespace(),
          "kubectl create namespace " + cluster.namespace() + ", or name another in the target");
    }
    boolean noSuchKind =
        said.contains("could not find the requested resource") || said.contains("page not found");
    if (Access.TEKTON.contains(resource) && noSuchKind) {
      return wrong(
          e,
          "SLU-3707",
          "the cluster does not have Tekton Pipelines (no " + resource + " of tekton.dev/v1)",
          "install Tekton Pipelines "
              + Access.OLDEST_TEKTON
              + " or newer, or name the context of another cluster in the target");
    }
    return wrong(
        e, "SLU-3708", "the cluster cannot " + what + ": " + said, "see `sluice doctor --on`");
  }

  /** What the server said, or the innermost cause of a request that did not get to it. */
  static String message(KubernetesClientException e) {
    if (e.getStatus() != null && e.getStatus().getMessage() != null) {
      return oneLine(e.getStatus().getMessage());
    }
    List<Throwable> chain = new ArrayList<>();
    for (Throwable t = e.getCause(); t != null && chain.size() < DEEPEST; t = t.getCause()) {
      chain.add(t);
    }
    if (chain.isEmpty()) {
      return oneLine(String.valueOf(e.getMessage()));
    }
    Throwable innermost = chain.getLast();
    String name = innermost.getClass().getSimpleName();
    return oneLine(innermost.getMessage() == null ? name : name + ": " + innermost.getMessage());
  }

  static String brief(String text) {
    return Brief.line(oneLine(text), MAX_SHOWN);
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }

  private static SluiceException wrong(Exception e, String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, List.of(Diagnostic.of(id, message, hint)), e);
  }

  private static SluiceException unreachable(Exception e, String id, String message, String hint) {
    return new SluiceException(ExitCode.UNREACHABLE, List.of(Diagnostic.of(id, message, hint)), e);
  }
}
