package io.sluice.worker.workspace;

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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The layout of the stage workspace, which fetch, run, store and the tuner share. */
public record Workspace(Path root) {
  /** Prefix of the name of the tuner's sign of life, and of its draft. */
  private static final String ALIVE = "alive";

  public Path env() {
    return root.resolve("env");
  }

  /** The words of the user's command, for the shell that runs it. */
  public Path command() {
    return root.resolve("command");
  }

  /** The argument vector of fetch, for store. */
  public Path call() {
    return root.resolve("call.json");
  }

  public Path params() {
    return root.resolve("params.json");
  }

  public Path context() {
    return root.resolve("context.json");
  }

  public Path inputs() {
    return root.resolve("inputs");
  }

  public Path outputs() {
    return root.resolve("outputs");
  }

  public Path results() {
    return root.resolve("results");
  }

  public Path code() {
    return root.resolve("code");
  }

  public Path tmp() {
    return root.resolve("tmp");
  }

  /** The exchange of a predict command with its loop. */
  public Path predict() {
    return root.resolve("predict");
  }

  public Path tuner() {
    return root.resolve("tuner");
  }

  /** Empties the layout of everything that an earlier, killed attempt put there. */
  public void clear() throws IOException {
    Files.createDirectories(root);
    for (Path p : new Path[] {env(), command(), params(), context(), root.resolve("late")}) {
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
   * by rename: a process that sees the file sees a finished workspace.
   */
  public void writeEnv(Map<String, String> variables) throws IOException {
    StringBuilder text = new StringBuilder();
    variables.forEach((name, value) ->
        text.append("export ").append(name).append('=').append(quoted(value)).append('\n'));
    Path temp = root.resolve("env.tmp");
    Files.writeString(temp, text, StandardCharsets.UTF_8);
    Files.move(temp, env(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Writes a command as a line that gives the words to the POSIX shell that reads it. */
  public static void writeCommand(Path file, List<String> words) throws IOException {
    StringBuilder text = new StringBuilder("set --");
    words.forEach(w -> text.append(' ').append(quoted(w)));
    Files.writeString(file, text.append('\n').toString());
  }

  /** A word of the POSIX shell that expands to exactly this text. */
  public static String quoted(String value) {
    if (value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("no variable can hold a NUL");
    }
    return "'" + value.replace("'", "'\\''") + "'";
  }

  public static void delete(Path tree) throws IOException {
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
  public static Map<String, Path> folders(Path parent) throws IOException {
    Map<String, Path> folders = new TreeMap<>();
    try (var list = Files.list(parent)) {
      list.filter(Files::isDirectory).forEach(p -> folders.put(String.valueOf(p.getFileName()), p));
    } catch (NoSuchFileException e) {
      return Map.of();
    }
    return folders;
  }
}
