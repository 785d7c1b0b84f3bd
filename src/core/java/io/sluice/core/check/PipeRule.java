package io.sluice.core.check;

import io.sluice.core.diag.Location;
import io.sluice.core.spec.Spec;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A pipe in a script that a list hands to a shell without {@code pipefail}: the failure of its
 * first part would pass. A text gets such a shell by itself; a list is executed as it is.
 */
final class PipeRule implements Rule {
  private static final Set<String> SHELLS = Set.of("sh", "bash", "dash", "ash", "ksh", "zsh");
  private static final Pattern OPTIONS_WITH_SCRIPT = Pattern.compile("-[a-zA-Z]*c[a-zA-Z]*");

  @Override
  public void check(SpecView view, Findings findings) {
    view.commands((command, at) -> check(command, at, findings));
  }

  private static void check(Spec.Command command, Location at, Findings findings) {
    if (command instanceof Spec.Command.Exec exec
        && script(exec.argv()).filter(Spec.Command.Script::hasPipe).isPresent()) {
      findings.add(
          "SLU-1701",
          at,
          "a pipe in a shell that does not tell when its first part fails",
          "write the script as a text, or add [-o, pipefail] before -c for a shell that has it");
    }
  }

  /** Whether a word of a command is a shell, by its name. */
  static boolean isShell(String word) {
    return SHELLS.contains(word.substring(word.lastIndexOf('/') + 1));
  }

  /**
   * The script of {@code [.., sh, -c, script]}, also behind {@code env}, {@code timeout} and the
   * like, where nothing in the list asks for pipefail.
   */
  private static Optional<String> script(List<String> argv) {
    if (argv.stream().anyMatch(a -> a.contains("pipefail"))) {
      return Optional.empty();
    }
    boolean shell = false;
    for (int i = 0; i + 1 < argv.size(); i++) {
      shell |= isShell(argv.get(i));
      if (shell && OPTIONS_WITH_SCRIPT.matcher(argv.get(i)).matches()) {
        return Optional.of(argv.get(i + 1));
      }
    }
    return Optional.empty();
  }
}
