package io.sluice.app;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.Set;

/**
 * Which files of a tree are code: what the globs of {@code code.include} take, {@code *} within a
 * name, {@code **} across folders, as {@link java.nio.file.FileSystem#getPathMatcher} reads them;
 * never what tools leave behind. One answer for a laptop's folder and for an archive in a pod, so
 * that both give the code the same digest.
 */
public final class CodeSelection {
  private static final Set<String> LEAVINGS =
      Set.of(
          ".git", ".sluice", "__pycache__", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache");

  private final List<String> globs;
  private final List<PathMatcher> matchers;

  /**
   * @throws java.util.regex.PatternSyntaxException for a text that is not a glob
   */
  public CodeSelection(List<String> globs) {
    this.globs = List.copyOf(globs);
    this.matchers =
        globs.stream().map(g -> FileSystems.getDefault().getPathMatcher("glob:" + g)).toList();
  }

  /** Whether a folder of this name holds no code, however deep it lies. */
  public static boolean isLeftByTools(String folder) {
    return LEAVINGS.contains(folder);
  }

  /**
   * @param path of a file, relative to the pipeline's folder
   */
  public boolean takes(String path) {
    Path relative = Path.of(path);
    for (Path segment : relative) {
      if (isLeftByTools(segment.toString()) && !segment.equals(relative.getFileName())) {
        return false;
      }
    }
    return !path.endsWith(".pyc") && matchers.stream().anyMatch(m -> m.matches(relative));
  }

  /**
   * Whether files below a folder that cannot be looked into may be code: whether a glob names the
   * folder, or takes any file in it.
   */
  public boolean reaches(String folder) {
    return globs.stream().anyMatch(g -> g.startsWith(folder + "/")) || takes(folder + "/x");
  }
}
