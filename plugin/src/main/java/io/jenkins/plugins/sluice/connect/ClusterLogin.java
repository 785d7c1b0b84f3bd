package io.jenkins.plugins.sluice.connect;

import java.util.Optional;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * How to log in to a cluster. Kept in memory only.
 *
 * @param server address of the API server; empty for a kubeconfig
 * @param authorities certificates (PEM) to trust; empty: those that Java trusts
 * @param secret kubeconfig or token; empty in a pod
 */
@Restricted(NoExternalUse.class)
public record ClusterLogin(Kind kind, String server, Optional<String> authorities, String secret) {
  /** What the login is made of. */
  public enum Kind {
    KUBECONFIG,
    TOKEN,
    POD
  }

  @Override
  public String toString() {
    return kind + " (secret)";
  }
}
