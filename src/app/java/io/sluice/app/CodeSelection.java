package io.sluice.app;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;

/**
 * Which files of a tree the globs of {@code code.include} take: {@code *} within a name, {@code **}
 * across folders, as {@link java.nio.file.FileSystem#getPathMatcher} reads them.
 */
final class CodeSelection {
  private final List<PathMatcher> matchers;

  CodeSelection(List<String> globs) {
    this.matchers =
        globs.stream().map(g -> FileSystems.getDefault().getPathMatcher("glob:" + g)).toList();
  }

  boolean takes(String path) {
    Path relative = Path.of(path);
    return matchers.stream().anyMatch(m -> m.matches(relative));
  }
}
