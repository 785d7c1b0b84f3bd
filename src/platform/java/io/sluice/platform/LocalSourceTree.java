package io.sluice.platform;

import io.sluice.app.CodeSelection;
import io.sluice.app.SourceTree;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A pipeline's folder on this machine's disk. Links are followed as far as {@link Reach} goes; what
 * leads further is in the listing, and refused when it is read.
 */
public final class LocalSourceTree implements SourceTree {
  /** Links between folders can double what there is with each of them. */
  private static final int MOST_FOLDERS = 100_000;

  private final Path folder;
  private final String name;
  private final Reach reach;

  public LocalSourceTree(Path folder) {
    // the folder itself may be a link: a person named it
    this.folder = Reach.real(folder);
    this.name = folder.toString();
    this.reach = Reach.of(folder);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Optional<byte[]> read(String path) {
    Path file = folder.resolve(path).normalize();
    if (!file.startsWith(folder)) {
      return Optional.empty();
    }
    reach.check(folder, file);
    if (!Files.isRegularFile(file)) {
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
    return listing().files();
  }

  @Override
  public void requireFollowed(String path) {
    reach.check(folder, folder.resolve(path));
  }

  @Override
  public Listing listing() {
    Listing out = new Listing(new ArrayList<>(), new ArrayList<>());
    try {
      Files.walkFileTree(
          folder, Set.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new Walk(out));
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    out.files().sort(Comparator.comparing(CodeFile::path));
    return out;
  }

  private final class Walk extends SimpleFileVisitor<Path> {
    private final Listing out;
    private int folders;

    Walk(Listing out) {
      this.out = out;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
      if (dir.equals(folder)) {
        return FileVisitResult.CONTINUE;
      }
      if (CodeSelection.isLeftByTools(dir.getFileName().toString())) {
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (leadsOut(dir)) {
        out.closed().add(relative(dir));
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (++folders > MOST_FOLDERS) {
        throw unreadable(
            dir,
            new IOException(
                "more than " + MOST_FOLDERS + " folders; do links lead from folder to folder?"));
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if ((attributes.isRegularFile() || leadsOut(file)) && !file.toString().endsWith(".pyc")) {
        out.files().add(new CodeFile(relative(file), Files.isExecutable(file)));
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof FileSystemLoopException) {
        return FileVisitResult.CONTINUE; // a link to a folder that it lies in: seen already
      }
      throw e;
    }

    private boolean leadsOut(Path path) {
      return Files.isSymbolicLink(path) && reach.trouble(folder, path).isPresent();
    }

    private String relative(Path path) {
      return folder.relativize(path).toString().replace('\\', '/');
    }
  }

  @Override
  public Optional<Commit> commit() {
    return git().commit();
  }

  @Override
  public Optional<String> commitTrouble() {
    return git().trouble();
  }

  private Checkout git() {
    return Checkout.of(folder);
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
