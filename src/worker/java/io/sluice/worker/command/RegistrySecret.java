package io.sluice.worker.command;

import io.sluice.core.registry.RegistryVariables;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Address and credentials of the registry: from the Secret that {@code --registry} names, or where
 * it is empty from the variables of the process, as on a laptop. Never from both: one server's
 * token must not reach another's address.
 */
public final class RegistrySecret {
  public static final String OPTION = "--registry";

  private static final Set<String> KNOWN = new TreeSet<>(RegistryVariables.ALL);

  private RegistrySecret() {}

  public static Map<String, String> of(Optional<Path> secret, Map<String, String> process)
      throws IOException {
    if (secret.isEmpty()) {
      return process;
    }
    Map<String, String> variables = new TreeMap<>(process);
    variables.keySet().removeIf(name -> name.startsWith(RegistryVariables.PREFIX));
    Set<String> known = new TreeSet<>(KNOWN);
    Map<String, String> files = files(secret.get());
    known.addAll(files.values());
    Map<String, String> entries = MountedSecret.read(secret.get(), known);
    files.forEach((variable, file) -> {
      entries.remove(file);
      entries.put(variable, secret.get().resolve(file).toString());
    });
    variables.putAll(entries);
    return variables;
  }

  /**
   * The certificates that the Secret has itself: a path without a slash is the name of another
   * entry of it, such as {@code ca.pem}.
   */
  private static Map<String, String> files(Path secret) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (String variable : RegistryVariables.PATHS) {
      if (MountedSecret.has(secret, variable)) {
        String file = MountedSecret.text(secret.resolve(variable)).strip();
        if (!file.isEmpty() && !file.contains("/") && !RegistryVariables.ALL.contains(file)) {
          files.put(variable, file);
        }
      }
    }
    return files;
  }
}
