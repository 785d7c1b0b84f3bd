package io.sluice.app;

import io.sluice.app.Target.CodeContent;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Planner;
import io.sluice.core.spec.Spec;
import java.util.ArrayList;
import java.util.List;

/** The code of a pipeline as a run takes it along: the files that {@code code.include} selects. */
public final class CodeFiles {
  private CodeFiles() {}

  /**
   * Reads the files.
   *
   * @param wheel digest of the {@code sluice_ml} wheel
   * @return sorted by path
   * @throws SluiceException SLU-9019 when a file vanishes meanwhile
   */
  public static List<CodeContent> of(Pipelines.Opened opened, Digest wheel) {
    return of(opened, opened.base(wheel));
  }

  static List<CodeContent> of(Pipelines.Opened opened, Plan plan) {
    CodeSelection selection = new CodeSelection(plan.codeIncludes());
    List<CodeContent> out = new ArrayList<>();
    for (SourceTree.CodeFile file : opened.tree().files()) {
      if (selection.takes(file.path())) {
        out.add(new CodeContent(file.path(), file.executable(), read(opened.tree(), file.path())));
      }
    }
    return out;
  }

  /**
   * Links in the way of what a run takes along; empty when all can be followed.
   *
   * @param listing of the tree
   */
  static List<Diagnostic> links(SourceTree tree, SourceTree.Listing listing, Spec spec) {
    CodeSelection selection = new CodeSelection(Planner.codeIncludes(spec));
    List<String> paths = new ArrayList<>();
    listing.files().stream()
        .map(SourceTree.CodeFile::path)
        .filter(selection::takes)
        .forEach(paths::add);
    listing.closed().stream().filter(selection::reaches).forEach(paths::add);
    List<Diagnostic> wrong = new ArrayList<>();
    for (String path : paths) {
      try {
        tree.requireFollowed(path);
      } catch (SluiceException e) {
        wrong.addAll(e.diagnostics());
      }
    }
    return wrong;
  }

  private static byte[] read(SourceTree tree, String path) {
    return tree.read(path)
        .orElseThrow(() ->
            new SluiceException(
                ExitCode.INPUT_WRONG,
                Diagnostic.of(
                    "SLU-9019",
                    path + " vanished while the code was read",
                    "is something else writing to the folder?")));
  }
}
