package io.sluice.core.check;

import io.sluice.core.diag.Location;
import java.util.Arrays;
import java.util.regex.Pattern;

/** Files and globs stay inside the pipeline's folder and are read the same way everywhere. */
final class PathEscapeRule implements Rule {
  private static final Pattern GLOB_SIGNS = Pattern.compile("[*?\\[\\]{}\\\\]");
  private static final Pattern OTHER_GLOB_SIGNS = Pattern.compile("[\\[\\]{}]");

  @Override
  public void check(SpecView view, Findings findings) {
    view.globs((glob, at) -> {
      if (!inside(glob)) {
        outside(glob, at, findings);
      } else if (!isGlob(glob)) {
        findings.add(
            "SLU-1027",
            at,
            "\"" + glob + "\" is not a glob that every program reads the same way",
            "use *, ** and ? only; write several globs instead of brackets and braces");
      }
    });
    view.files((path, at) -> {
      if (!inside(path)) {
        outside(path, at, findings);
      } else if (!isFile(path)) {
        findings.add(
            "SLU-1027", at, "\"" + path + "\" names no single file", "write the path out, no glob");
      }
    });
    view.spec()
        .triggers()
        .pullRequest()
        .ifPresent(p -> {
          for (int i = 0; i < p.paths().size(); i++) {
            if (!inside(p.paths().get(i))) {
              outside(
                  p.paths().get(i),
                  view.spans().value("triggers", "pullRequest", "paths", Integer.toString(i)),
                  findings);
            }
          }
        });
  }

  /** Globs know {@code *}, {@code **} and {@code ?}: what else there is differs by program. */
  static boolean isGlob(String glob) {
    return inside(glob) && !OTHER_GLOB_SIGNS.matcher(glob).find();
  }

  static boolean isFile(String path) {
    return inside(path) && !GLOB_SIGNS.matcher(path).find();
  }

  private static void outside(String path, Location at, Findings findings) {
    findings.add(
        "SLU-1027",
        at,
        "\"" + path + "\" leads outside of the pipeline's folder",
        "name files below the folder of sluice.yaml, with / and without ..");
  }

  private static boolean inside(String path) {
    boolean up = Arrays.asList(path.split("[/\\\\]", -1)).contains("..");
    boolean absolute = path.startsWith("/") || path.startsWith("~") || path.matches("[A-Za-z]:.*");
    boolean odd = path.contains("\\") || path.chars().anyMatch(c -> c < ' ');
    return !(up || absolute || odd);
  }
}
