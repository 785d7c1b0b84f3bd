package io.jenkins.plugins.sluice.connect;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * How to log in to a registry. Kept in memory only.
 *
 * @param user empty: {@code secret} is a token, or empty as well
 */
@Restricted(NoExternalUse.class)
public record RegistryLogin(String uri, String user, String secret) {
  /**
   * The texts that no log may show, among them the header of basic authentication. A stored secret
   * may end in a line break, which no log shows.
   */
  public List<String> secrets() {
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
