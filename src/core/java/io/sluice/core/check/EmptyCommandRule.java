package io.sluice.core.check;

import io.sluice.core.diag.Location;
import io.sluice.core.spec.Spec;

/** A command that can never run: a list whose program has no name, a script without a command. */
final class EmptyCommandRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.commands((command, at) -> check(command, at, findings));
  }

  private static void check(Spec.Command command, Location at, Findings findings) {
    switch (command) {
      case Spec.Command.Exec exec -> {
        if (exec.argv().getFirst().isBlank()) {
          findings.add(
              "SLU-1702",
              at,
              "the first word of a command is its program, and this one is empty",
              "name the program first: [python, -m, module]");
        }
      }
      case Spec.Command.Script script -> {
        if (script
            .text()
            .lines()
            .map(String::strip)
            .allMatch(l -> l.isEmpty() || l.startsWith("#"))) {
          findings.add(
              "SLU-1702", at, "a script without a command", "write what the stage shall do");
        }
      }
    }
  }
}
