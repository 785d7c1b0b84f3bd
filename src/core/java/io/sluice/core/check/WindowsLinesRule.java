package io.sluice.core.check;

import io.sluice.core.diag.Location;
import io.sluice.core.spec.Spec;
import java.util.List;

/**
 * A script of the pipeline's folder with Windows line ends, where that breaks it: as a program, for
 * which the kernel looks for what its first line names, carriage return and all, and as what a
 * shell reads, for which the carriage return belongs to the last word of each line. Python and
 * others do not mind.
 */
final class WindowsLinesRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.tree()
        .ifPresent(tree -> view.commands((command, at) -> check(command, at, tree, findings)));
  }

  private static void check(Spec.Command command, Location at, SpecFiles tree, Findings findings) {
    if (!(command instanceof Spec.Command.Exec exec)) {
      return;
    }
    List<String> argv = exec.argv();
    if (argv.getFirst().contains("/")) {
      String first = line(argv.getFirst(), tree);
      if (first.startsWith("#!") && first.endsWith("\r")) {
        add(
            argv.getFirst(),
            "there is no program `"
                + first.substring(2).strip()
                + "\\r`, which its first line names",
            at,
            findings);
        return;
      }
    }
    for (int i = 0; i + 1 < argv.size(); i++) {
      if (PipeRule.isShell(argv.get(i)) && line(argv.get(i + 1), tree).endsWith("\r")) {
        add(argv.get(i + 1), "a shell takes them for a part of its words", at, findings);
        return;
      }
    }
  }

  private static void add(String file, String why, Location at, Findings findings) {
    findings.add(
        "SLU-1703",
        at,
        file + " has Windows line ends (CR LF): " + why,
        "save it with line ends of Unix (`sed -i 's/\\r$//' "
            + file
            + "`); `*.sh text eol=lf` in .gitattributes has git keep them");
  }

  /** The first line of a file with what ends it but its line feed; empty where there is none. */
  private static String line(String path, SpecFiles tree) {
    String beginning = tree.beginning(path.startsWith("./") ? path.substring(2) : path);
    int end = beginning.indexOf('\n');
    return end < 0 ? "" : beginning.substring(0, end);
  }
}
