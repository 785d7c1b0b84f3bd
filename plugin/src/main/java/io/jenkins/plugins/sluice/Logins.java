package io.jenkins.plugins.sluice;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardCredentials;
import com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials;
import hudson.AbortException;
import hudson.model.Item;
import hudson.model.Run;
import hudson.security.ACL;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.plaincredentials.FileCredentials;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jspecify.annotations.Nullable;

/** Turns ids of credentials into what a connection takes. Lives in memory for as long as needed. */
final class Logins {
  private static final int KUBECONFIG_LIMIT_BYTES = 1 << 20;

  /** How a cluster is logged in to. */
  enum Kind {
    KUBECONFIG,
    TOKEN,
    POD
  }

  /**
   * A login to a cluster.
   *
   * @param secret kubeconfig or token; empty in a pod
   */
  record Cluster(Kind kind, String server, Optional<String> authorities, String secret) {
    @Override
    public String toString() {
      return kind + " (secret)";
    }
  }

  /**
   * A login to a registry.
   *
   * @param user empty: {@code secret} is a token, or empty as well
   */
  record Registry(String uri, String user, String secret) {
    /**
     * Texts that are not to be shown: also as a header of HTTP has them. A stored secret may end in
     * a line break that no log shows.
     */
    List<String> secrets() {
      if (secret.isBlank()) {
        return List.of();
      }
      return user.isEmpty()
          ? List.of(secret.strip())
          : List.of(
              secret.strip(),
              Base64.getEncoder()
                  .encodeToString((user + ":" + secret).getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public String toString() {
      return uri + " (secret)";
    }
  }

  private Logins() {}

  /**
   * As whom a cluster is reached.
   *
   * @param item in whose sight credentials are looked for; null: in that of Jenkins
   * @param run for which; empty in forms and when nobody's build is left
   * @throws SluiceException SLU-9610 when there are no such credentials or they are of another kind
   */
  static Cluster cluster(ClusterConfig config, @Nullable Item item, Optional<Run<?, ?>> run) {
    Optional<String> authorities = Optional.of(config.getAuthorities()).filter(a -> !a.isEmpty());
    if (config.getCredentialsId().isEmpty()) {
      return new Cluster(Kind.POD, config.getServer(), authorities, "");
    }
    StandardCredentials found = find(config.getCredentialsId(), item, run);
    if (found instanceof FileCredentials file) {
      return new Cluster(Kind.KUBECONFIG, "", Optional.empty(), text(file));
    }
    if (found instanceof StringCredentials token) {
      if (config.getServer().isEmpty()) {
        throw wrong(
            "cluster " + config.getId() + " is reached by a token, and has no server address",
            "give it one, https://host:port, or use a kubeconfig as a secret file");
      }
      return new Cluster(
          Kind.TOKEN, config.getServer(), authorities, token.getSecret().getPlainText());
    }
    throw wrong(
        "the credentials " + config.getCredentialsId() + " are no secret file and no secret text",
        "a kubeconfig is a secret file, a token a secret text");
  }

  /**
   * The same for a cluster that a folder may have brought: the controller's account is not lent.
   */
  static Cluster cluster(Places.Place place, Item item, Optional<Run<?, ?>> run)
      throws AbortException {
    if (place.ofFolder() && place.cluster().getCredentialsId().isEmpty()) {
      throw new AbortException(
          "cluster " + place.cluster().getId() + " of a folder needs credentials");
    }
    return cluster(place.cluster(), item, run);
  }

  /** As whom a registry is asked; parameters as above. */
  static Registry registry(RegistryConfig config, @Nullable Item item, Optional<Run<?, ?>> run) {
    if (config.getCredentialsId().isEmpty()) {
      return new Registry(config.getUri(), "", "");
    }
    StandardCredentials found = find(config.getCredentialsId(), item, run);
    if (found instanceof StringCredentials token) {
      return new Registry(config.getUri(), "", token.getSecret().getPlainText());
    }
    if (found instanceof StandardUsernamePasswordCredentials pair) {
      return new Registry(config.getUri(), pair.getUsername(), pair.getPassword().getPlainText());
    }
    throw wrong(
        "the credentials " + config.getCredentialsId() + " are no secret text and no user name",
        "a token is a secret text");
  }

  private static StandardCredentials find(String id, @Nullable Item item, Optional<Run<?, ?>> run) {
    @Nullable StandardCredentials found;
    if (run.isPresent()) {
      found = CredentialsProvider.findCredentialById(id, StandardCredentials.class, run.get());
      CredentialsProvider.track(run.get(), found);
    } else if (item != null) {
      found =
          CredentialsProvider.findCredentialByIdInItem(
              id, StandardCredentials.class, item, ACL.SYSTEM2, List.of());
    } else {
      found =
          CredentialsProvider.findCredentialByIdInItemGroup(
              id, StandardCredentials.class, Jenkins.get(), ACL.SYSTEM2, List.of());
    }
    if (found == null) {
      throw wrong(
          "there are no credentials "
              + id
              + " that "
              + (item == null ? "Jenkins" : item.getFullName())
              + " may use",
          "add them to this folder or above it, or name others in the configuration of Sluice");
    }
    return found;
  }

  private static String text(FileCredentials file) {
    try (InputStream in = file.getContent()) {
      return new String(in.readNBytes(KUBECONFIG_LIMIT_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-9610",
                  "the secret file " + file.getId() + " cannot be read: " + e.getMessage(),
                  "save it again")),
          e);
    }
  }

  private static SluiceException wrong(String what, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of("SLU-9610", what, hint));
  }
}
