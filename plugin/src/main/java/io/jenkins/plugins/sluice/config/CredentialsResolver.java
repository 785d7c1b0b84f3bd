package io.jenkins.plugins.sluice.config;

import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardCredentials;
import com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials;
import hudson.model.Item;
import hudson.model.Run;
import hudson.security.ACL;
import io.jenkins.plugins.sluice.connect.ClusterLogin;
import io.jenkins.plugins.sluice.connect.RegistryLogin;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.plaincredentials.FileCredentials;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** Turns ids of credentials into what a connection takes. Lives in memory for as long as needed. */
@Restricted(NoExternalUse.class)
public final class CredentialsResolver {
  private static final int KUBECONFIG_LIMIT_BYTES = 1 << 20;

  private CredentialsResolver() {}

  /**
   * As whom a cluster is reached.
   *
   * @param item in whose sight credentials are looked for; null: in that of Jenkins
   * @param run the build that uses the credentials; empty in forms and when the build is gone
   * @throws SluiceException SLU-9610 when there are no such credentials or they are of another kind
   */
  public static ClusterLogin cluster(
      ClusterConfig config, @Nullable Item item, Optional<Run<?, ?>> run) {
    Optional<String> authorities = Optional.of(config.getAuthorities()).filter(a -> !a.isEmpty());
    if (config.getCredentialsId().isEmpty()) {
      return new ClusterLogin(ClusterLogin.Kind.POD, config.getServer(), authorities, "");
    }
    StandardCredentials found = find(config.getCredentialsId(), item, run);
    if (found instanceof FileCredentials file) {
      return new ClusterLogin(ClusterLogin.Kind.KUBECONFIG, "", Optional.empty(), text(file));
    }
    if (found instanceof StringCredentials token) {
      if (config.getServer().isEmpty()) {
        throw wrong(
            "cluster " + config.getId() + " is reached by a token, and has no server address",
            "give it one, https://host:port, or use a kubeconfig as a secret file");
      }
      return new ClusterLogin(
          ClusterLogin.Kind.TOKEN,
          config.getServer(),
          authorities,
          token.getSecret().getPlainText());
    }
    throw wrong(
        "the credentials "
            + config.getCredentialsId()
            + " are neither a secret file nor a secret text",
        "a kubeconfig is a secret file, a token a secret text");
  }

  /** As whom a registry is asked; parameters as above. */
  public static RegistryLogin registry(
      RegistryConfig config, @Nullable Item item, Optional<Run<?, ?>> run) {
    if (config.getCredentialsId().isEmpty()) {
      return new RegistryLogin(config.getUri(), "", "");
    }
    StandardCredentials found = find(config.getCredentialsId(), item, run);
    if (found instanceof StringCredentials token) {
      return new RegistryLogin(config.getUri(), "", token.getSecret().getPlainText());
    }
    if (found instanceof StandardUsernamePasswordCredentials pair) {
      return new RegistryLogin(
          config.getUri(), pair.getUsername(), pair.getPassword().getPlainText());
    }
    throw wrong(
        "the credentials "
            + config.getCredentialsId()
            + " are neither a secret text nor a user name with password",
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
