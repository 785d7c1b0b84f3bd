package io.sluice.systemtests;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The files of this repository, without what builds and tools leave in it. */
final class RepositoryFiles {
  static final Path ROOT = Path.of(System.getProperty("sluice.root"));

  private static final Set<String> NOT_OURS =
      Set.of("target", ".git", ".venv", ".sluice", ".idea", ".vscode", "node_modules", "work");

  private RepositoryFiles() {}

  /** The files whose names match as a whole, sorted. */
  static List<Path> named(Pattern name) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            // the clone itself may have any name
            return NOT_OURS.contains(folder.getFileName().toString()) && !folder.equals(ROOT)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (name.matcher(file.getFileName().toString()).matches()) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return found.stream().sorted().toList();
  }
}
