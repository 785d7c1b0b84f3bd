package io.sluice.cli;

import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import java.util.List;

/** Two texts as a unified diff, as git and patch write it. */
public final class LineDiff {
  private static final int CONTEXT = 3;

  private LineDiff() {}

  public static String unified(String name, String before, String after) {
    List<String> was = before.lines().toList();
    List<String> is = after.lines().toList();
    List<String> lines =
        UnifiedDiffUtils.generateUnifiedDiff(
            "a/" + name, "b/" + name, was, DiffUtils.diff(was, is), CONTEXT);
    return String.join("\n", lines) + "\n";
  }
}
