package io.sluice.cluster;

import java.util.List;
import java.util.Set;

/** What Sluice's client asks of a cluster: stated once, checked by doctor, printed as a Role. */
final class Access {
  /** The version of Tekton that the tasks are written for. */
  static final String OLDEST_TEKTON = "v1.15.0";

  static final Set<String> TEKTON = Set.of("pipelines", "tasks", "pipelineruns", "taskruns");

  /** Verbs on resources of one API group. */
  record Rule(String group, List<String> resources, List<String> verbs) {}

  /** Everything that running, watching, cancelling, checking and cleaning up takes. */
  static final List<Rule> RULES =
      List.of(
          new Rule(
              "tekton.dev",
              List.of("pipelineruns"),
              List.of("get", "list", "watch", "create", "patch", "delete")),
          new Rule("tekton.dev", List.of("taskruns"), List.of("get", "list", "watch")),
          new Rule("", List.of("pods"), List.of("get", "list", "watch", "create", "delete")),
          new Rule("", List.of("pods/log"), List.of("get")),
          new Rule("", List.of("pods/attach"), List.of("create", "get")),
          new Rule("", List.of("persistentvolumeclaims"), List.of("get")));

  private Access() {}

  /** A Role with these rules, for `kubectl apply`. */
  static String role(String namespace) {
    StringBuilder out = new StringBuilder();
    out.append("apiVersion: rbac.authorization.k8s.io/v1\n")
        .append("kind: Role\n")
        .append("metadata: {name: sluice, namespace: ")
        .append(namespace)
        .append("}\n")
        .append("rules:\n");
    for (Rule rule : RULES) {
      out.append("- {apiGroups: [\"")
          .append(rule.group())
          .append("\"], resources: [")
          .append(String.join(", ", rule.resources()))
          .append("], verbs: [")
          .append(String.join(", ", rule.verbs()))
          .append("]}\n");
    }
    return out.toString();
  }
}
