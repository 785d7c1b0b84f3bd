package io.sluice.local;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an image means on this machine: the variables that a step starts with. Nothing of the
 * caller's own environment is in it (no {@code PYTHONPATH}, no credentials).
 *
 * @param name for messages
 * @param variables the whole of it, {@code PATH} among them
 */
public record Environment(String name, Map<String, String> variables) {
  private static final String SYSTEM_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  public Environment {
    variables = java.util.Collections.unmodifiableMap(new TreeMap<>(variables));
  }

  /** An environment that was built into a folder: its programs come first. */
  public static Environment venv(String name, Path folder) {
    return new Environment(
        name,
        Map.of(
            "PATH",
            folder.resolve("bin") + ":" + SYSTEM_PATH,
            "VIRTUAL_ENV",
            folder.toString(),
            "LANG",
            "C.UTF-8",
            "PYTHONNOUSERSITE",
            "1"));
  }

  /** The machine's own programs and nothing else: for commands that need no Python of ours. */
  public static Environment machine(String name) {
    return machine(name, List.of());
  }

  /** The machine's own programs, preceded by these folders of programs. */
  public static Environment machine(String name, List<Path> programs) {
    StringBuilder path = new StringBuilder();
    programs.forEach(p -> path.append(p).append(':'));
    return new Environment(name, Map.of("PATH", path + SYSTEM_PATH, "LANG", "C.UTF-8"));
  }
}
