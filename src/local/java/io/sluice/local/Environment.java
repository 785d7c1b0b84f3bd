package io.sluice.local;

import io.sluice.core.run.ExitWords;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What an image means on this machine: the variables that a step starts with. Nothing of the
 * caller's own environment is in it (no {@code PYTHONPATH}, no credentials).
 *
 * @param name for messages
 * @param variables the whole of it, {@code PATH} among them
 * @param broken why it could not be set up: a step in it says so and fails with {@link
 *     ExitWords#NO_ENVIRONMENT}; empty when it is there
 */
public record Environment(String name, Map<String, String> variables, Optional<String> broken) {
  /** Says why on the log and, for the record, as the result {@code failure} of the stage. */
  private static final String TELL =
      """
      printf '%s\\n' "$1" >&2
      if [ -d "${SLUICE_WORKSPACE:-}/results" ]; then
        printf '%s\\n' "$1" >"$SLUICE_WORKSPACE/results/failure"
      fi
      exit "$2"
      """;

  private static final String SYSTEM_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /**
   * MLflow, ONNX Runtime and Evidently report home unless told not to; what a step does is its
   * owner's.
   */
  private static final Map<String, String> NO_TELEMETRY =
      Map.of("DO_NOT_TRACK", "1", "MLFLOW_DISABLE_TELEMETRY", "true", "ORT_DISABLE_TELEMETRY", "1");

  public Environment {
    Map<String, String> all = new TreeMap<>(NO_TELEMETRY);
    all.putAll(variables);
    variables = java.util.Collections.unmodifiableMap(all);
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
            "1"),
        Optional.empty());
  }

  /** The machine's own programs and nothing else: for commands that need no Python of ours. */
  public static Environment machine(String name) {
    return machine(name, List.of());
  }

  /** The machine's own programs, preceded by these folders of programs. */
  public static Environment machine(String name, List<Path> programs) {
    StringBuilder path = new StringBuilder();
    programs.forEach(p -> path.append(p).append(':'));
    return new Environment(
        name, Map.of("PATH", path + SYSTEM_PATH, "LANG", "C.UTF-8"), Optional.empty());
  }

  /** One that could not be set up, where the run can go on without what runs in it. */
  public static Environment broken(String name, String why) {
    return new Environment(name, machine(name).variables(), Optional.of(why));
  }

  /** What a step runs here that wants to run {@code argv}. */
  List<String> argv(List<String> argv) {
    return broken
        .map(why ->
            List.of(
                "/bin/sh",
                "-c",
                TELL,
                "sluice",
                "the environment " + name + " could not be set up: " + why,
                Integer.toString(ExitWords.NO_ENVIRONMENT)))
        .orElse(argv);
  }
}
