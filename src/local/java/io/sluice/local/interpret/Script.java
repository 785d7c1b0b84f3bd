package io.sluice.local.interpret;

import java.util.List;

/** How a step's script is run. */
final class Script {
  private Script() {}

  /**
   * The program that its first line names, with its one argument if it has one; the shell, stopping
   * at the first error, when there is no such line, as Tekton documents it. Run explicitly rather
   * than by the kernel: a file that was just written may still be open for writing in a process
   * being forked at the same moment, which the kernel refuses to execute.
   */
  static List<String> interpreter(String script) {
    if (!script.startsWith("#!")) {
      return List.of("/bin/sh", "-e");
    }
    String first = script.lines().findFirst().orElse("").substring(2).strip();
    if (first.isEmpty()) {
      return List.of("/bin/sh", "-e");
    }
    return List.of(first.split("\\s+", 2));
  }
}
