package io.sluice.core.check;

/** What the spec names is there. */
final class FileMissingRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.tree().ifPresent(tree -> check(view, tree, findings));
  }

  private static void check(SpecView view, SpecFiles tree, Findings findings) {
    view.globs((glob, at) -> {
      if (PathEscapeRule.isGlob(glob) && !tree.matches(glob)) {
        findings.add(
            "SLU-1032",
            at,
            "no file matches \"" + glob + "\"",
            "globs are relative to the folder of sluice.yaml; ** crosses folders");
      }
    });
    view.files((path, at) -> {
      if (PathEscapeRule.isFile(path) && !tree.exists(path)) {
        findings.add(
            "SLU-1032",
            at,
            "no file \"" + path + "\"",
            "paths are relative to the folder of sluice.yaml");
      }
    });
  }
}
