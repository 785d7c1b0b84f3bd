package io.sluice.worker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The layout of the stage workspace, which fetch, run, store and the tuner share. */
record Workspace(Path root) {
  /** Of the file by which the tuner says that it lives, and of its draft. */
  private static final String ALIVE = "alive";

  Path env() {
    return root.resolve("env");
  }

  Path params() {
    return root.resolve("params.json");
  }

  Path context() {
    return root.resolve("context.json");
  }

  Path inputs() {
    return root.resolve("inputs");
  }

  Path outputs() {
    return root.resolve("outputs");
  }

  Path results() {
    return root.resolve("results");
  }

  Path code() {
    return root.resolve("code");
  }

  Path tmp() {
    return root.resolve("tmp");
  }

  /** The exchange of a predict command with its loop. */
  Path predict() {
    return root.resolve("predict");
  }

  Path tuner() {
    return root.resolve("tuner");
  }

  /** Leaves an empty layout, whatever an earlier, killed attempt put there. */
  void clear() throws IOException {
    Files.createDirectories(root);
    for (Path p : new Path[] {env(), params(), context(), root.resolve("late")}) {
      Files.deleteIfExists(p);
    }
    for (Path p : new Path[] {inputs(), outputs(), results(), code(), tmp(), predict()}) {
      delete(p);
      Files.createDirectory(p);
    }
    clearTuner();
  }

  /**
   * Removes what an earlier attempt left of the exchange, but not the tuner's sign of life: its
   * sidecar starts beside fetch, and is there already.
   */
  private void clearTuner() throws IOException {
    Files.createDirectories(tuner());
    try (DirectoryStream<Path> left = Files.newDirectoryStream(tuner())) {
      for (Path p : left) {
        if (!p.getFileName().toString().startsWith(ALIVE)) {
          delete(p);
        }
      }
    }
  }

  /**
   * Writes the variables as lines that any POSIX shell reads back as the same values. Last of all,
   * by rename: who sees the file sees a finished workspace.
   */
  void writeEnv(Map<String, String> variables) throws IOException {
    StringBuilder text = new StringBuilder();
    variables.forEach((name, value) ->
        text.append("export ").append(name).append('=').append(quoted(value)).append('\n'));
    Path temp = root.resolve("env.tmp");
    Files.writeString(temp, text, StandardCharsets.UTF_8);
    Files.move(temp, env(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** A word of the POSIX shell that expands to exactly this text. */
  static String quoted(String value) {
    if (value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("no variable can hold a NUL");
    }
    return "'" + value.replace("'", "'\\''") + "'";
  }

  static void delete(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** The folders in a folder, by name; none when it is not there. */
  static Map<String, Path> folders(Path parent) throws IOException {
    Map<String, Path> folders = new TreeMap<>();
    try (var list = Files.list(parent)) {
      list.filter(Files::isDirectory).forEach(p -> folders.put(String.valueOf(p.getFileName()), p));
    } catch (NoSuchFileException e) {
      return Map.of();
    }
    return folders;
  }
}
