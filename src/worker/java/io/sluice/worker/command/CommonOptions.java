package io.sluice.worker.command;

import java.util.List;
import java.util.Set;

/** Options that several commands of the worker have, read alike. */
public final class CommonOptions {
  private CommonOptions() {}

  /** Whether the run is of a pull request: its cache and its records are kept apart. */
  public static boolean untrusted(Arguments arguments) {
    return switch (arguments.nonEmpty("--untrusted").orElse("no")) {
      case "yes" -> true;
      case "no" -> false;
      default -> throw Arguments.wrong("--untrusted is neither yes nor no");
    };
  }

  /** How often the step was tried before; 0 where the task does not say. */
  public static int attempt(Arguments arguments) {
    return arguments.nonEmpty("--attempt").isPresent()
        ? arguments.as("--attempt", CommonOptions::attempt)
        : 0;
  }

  /**
   * The number of earlier tries, as Tekton writes it.
   *
   * @throws IllegalArgumentException when the text is not a number from 0 on
   */
  public static int attempt(String text) {
    int attempt = Integer.parseInt(text);
    if (attempt < 0) {
      throw new IllegalArgumentException(text);
    }
    return attempt;
  }

  /** The arguments of a command in a stage workspace, with options of its own. */
  public static Arguments inWorkspace(WorkerContext context, List<String> argv, Set<String> own) {
    var grammar = new Arguments.Grammar(Set.of("--workspace"), own, Set.of(), false);
    return Arguments.read(argv, grammar, context.cwd());
  }
}
