package io.sluice.platform;

import io.sluice.app.CodeSelection;
import io.sluice.app.SourceTree;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A pipeline's folder on this machine's disk. Links are not followed: a link could make files from
 * outside the folder part of the code.
 */
public final class LocalSourceTree implements SourceTree {
  private static final int GIT_SECONDS = 20;

  private final Path folder;
  private final String name;

  public LocalSourceTree(Path folder) {
    // resolved paths are held against it, and "./a" normalizes to "a", which does not start with
    // "."
    this.folder = folder.toAbsolutePath().normalize();
    this.name = folder.toString();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Optional<byte[]> read(String path) {
    Path file = folder.resolve(path).normalize();
    if (!file.startsWith(folder) || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  @Override
  public List<CodeFile> files() {
    List<CodeFile> out = new ArrayList<>();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
              boolean ignored =
                  !dir.equals(folder) && CodeSelection.isLeftByTools(dir.getFileName().toString());
              return ignored ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (attributes.isRegularFile() && !file.toString().endsWith(".pyc")) {
                String relative = folder.relativize(file).toString().replace('\\', '/');
                out.add(new CodeFile(relative, Files.isExecutable(file)));
              }
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    out.sort(Comparator.comparing(CodeFile::path));
    return out;
  }

  @Override
  public Optional<Commit> commit() {
    Optional<String> head = git("rev-parse", "HEAD");
    if (head.isEmpty() || !head.get().matches("[0-9a-f]{40,64}")) {
      return Optional.empty();
    }
    boolean dirty = git("status", "--porcelain", "--", ".").map(s -> !s.isEmpty()).orElse(true);
    return Optional.of(new Commit(head.get(), dirty));
  }

  /** The output of git, stripped; empty without git, without a repository, or after a timeout. */
  private Optional<String> git(String... arguments) {
    List<String> command = new ArrayList<>(List.of("git", "--no-optional-locks"));
    command.addAll(List.of(arguments));
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      // Without git on this machine the run is recorded without a commit.
      return Optional.empty();
    }
    // Ends the read below too when git hangs in a hook or on a dead disk.
    var unused =
        process
            .onExit()
            .orTimeout(GIT_SECONDS, TimeUnit.SECONDS)
            .exceptionally(late -> process.destroyForcibly());
    try (InputStream out = process.getInputStream()) {
      process.getOutputStream().close();
      String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? Optional.of(text.strip()) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      // The next call that blocks throws the interrupt.
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static SluiceException unreadable(Path file, IOException e) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        List.of(
            Diagnostic.of(
                "SLU-9011",
                "cannot read " + file + ": " + e.getMessage(),
                "check its permissions")),
        e);
  }
}
