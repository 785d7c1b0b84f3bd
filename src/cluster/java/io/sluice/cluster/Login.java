package io.sluice.cluster;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The ways in which a program that serves many people logs in to a cluster. It uses only the
 * credentials that it was given: it reads no file of its own disk and starts no program for them.
 */
public final class Login {
  /** In a user of a kubeconfig: programs to run, files to read. */
  private static final List<String> NOT_OF_USERS =
      List.of("exec", "auth-provider", "tokenFile", "client-certificate", "client-key");

  /** In a cluster of a kubeconfig: files to read. */
  private static final List<String> NOT_OF_CLUSTERS = List.of("certificate-authority");

  /** In a user of a kubeconfig: what lets somebody in. */
  private static final List<String> SECRET = List.of("token", "password", "client-key-data");

  private static final int SHORTEST_KEY_LINE = 16;

  private Login() {}

  /**
   * Logs in by a kubeconfig, in its current context.
   *
   * @throws SluiceException exit code 2: SLU-3731 when the text is not a kubeconfig, or would have
   *     this machine run a program or read a file
   */
  public static Config kubeconfig(String text) {
    Map<?, ?> document = parsed(text);
    refuse(document, "users", "user", NOT_OF_USERS);
    refuse(document, "clusters", "cluster", NOT_OF_CLUSTERS);
    if (!(document.get("current-context") instanceof String context) || context.isEmpty()) {
      throw wrong("it names no current-context", "`kubectl config view --minify --flatten` does");
    }
    try {
      return Config.fromKubeconfig(text);
    } catch (KubernetesClientException | IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()), "try it with kubectl");
    }
  }

  /**
   * The secrets of a kubeconfig that must not be shown: the tokens, passwords and keys of all its
   * users, keys also in decoded form. Empty if the text is not a kubeconfig.
   */
  public static List<String> secrets(String kubeconfig) {
    Map<?, ?> document;
    try {
      document = parsed(kubeconfig);
    } catch (SluiceException e) {
      return List.of(); // nobody logs in by it either
    }
    List<String> out = new ArrayList<>();
    if (document.get("users") instanceof List<?> users) {
      for (Object user : users) {
        if (user instanceof Map<?, ?> named && named.get("user") instanceof Map<?, ?> values) {
          for (String key : SECRET) {
            if (values.get(key) instanceof String secret) {
              out.add(secret);
            }
          }
          if (values.get("client-key-data") instanceof String key) {
            out.addAll(keyLines(key));
          }
        }
      }
    }
    return List.copyOf(out);
  }

  /** The lines of a key in PEM, without those that say that it is one. */
  private static List<String> keyLines(String base64) {
    try {
      String pem = new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.ISO_8859_1);
      return pem.lines()
          .map(String::strip)
          .filter(l -> !l.startsWith("-----"))
          // the last line may be a few letters, which would mask ordinary words
          .filter(l -> l.length() >= SHORTEST_KEY_LINE)
          .toList();
    } catch (IllegalArgumentException e) {
      return List.of();
    }
  }

  /**
   * Logs in by a service account's token.
   *
   * @param server {@code https://host:port}
   * @param authorities PEM certificates that the server's is checked against; empty: the ones that
   *     Java trusts
   */
  public static Config token(String server, String token, Optional<String> authorities) {
    ConfigBuilder builder =
        new ConfigBuilder(Config.empty()).withMasterUrl(server).withOauthToken(token.strip());
    authorities.ifPresent(pem ->
        builder.withCaCertData(
            Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8))));
    return builder.build();
  }

  /** Logs in by the service account of the pod that this program runs in. */
  public static Config pod() {
    return Config.autoConfigure(null);
  }

  private static Map<?, ?> parsed(String text) {
    try {
      Object document = new KubernetesSerialization().unmarshal(text, Map.class);
      if (document instanceof Map<?, ?> map && "Config".equals(map.get("kind"))) {
        return map;
      }
    } catch (RuntimeException e) {
      // Not even YAML, by whichever parser the client has: said below, without a word of the text,
      // which may hold secrets.
    }
    throw wrong("it is not a kubeconfig", "a file with `kind: Config`, as kubectl reads it");
  }

  private static void refuse(Map<?, ?> document, String list, String part, List<String> keys) {
    if (!(document.get(list) instanceof List<?> entries)) {
      throw wrong("it has no " + list, "`kubectl config view --raw --minify --flatten` writes one");
    }
    for (Object entry : entries) {
      if (entry instanceof Map<?, ?> named && named.get(part) instanceof Map<?, ?> values) {
        for (String key : keys) {
          if (values.containsKey(key)) {
            throw wrong(
                "it says " + key + ", which would have the controller run a program or read a file",
                "use a token and certificates within the text: kubectl config view --raw --flatten");
          }
        }
      }
    }
  }

  private static SluiceException wrong(String what, String hint) {
    return new SluiceException(
        ExitCode.INPUT_WRONG, Diagnostic.of("SLU-3731", "the kubeconfig: " + what, hint));
  }
}
