package io.sluice.store;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Carries files and folders between a file system and a store, as manifest entries. What goes in is
 * somebody's untrusted output: links, special files and names that are not plain are refused.
 */
public final class Trees {
  private Trees() {}

  /**
   * Stores a file or every file below a folder; empty folders leave no trace.
   *
   * @param name path of the first segment(s) in the manifest: a file becomes {@code name}, a file
   *     in a folder {@code name/<path>}; empty puts a folder's files at the top
   * @throws SluiceException {@code SLU-4012} for a link, a special file or an unsafe name
   */
  public static List<Manifest.Entry> put(ArtifactStore store, Path source, String name)
      throws IOException {
    List<Manifest.Entry> entries = new ArrayList<>();
    collect(store, source, name, entries);
    return List.copyOf(entries);
  }

  private static void collect(
      ArtifactStore store, Path path, String name, List<Manifest.Entry> into) throws IOException {
    var attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (attributes.isDirectory()) {
      List<Path> children;
      try (var list = Files.list(path)) {
        children = list.sorted().toList();
      }
      for (Path child : children) {
        String segment = String.valueOf(child.getFileName());
        collect(store, child, name.isEmpty() ? segment : name + "/" + segment, into);
      }
      return;
    }
    if (!attributes.isRegularFile()) {
      throw refused(
          printable(name) + (attributes.isSymbolicLink() ? " is a link" : " is a special file"));
    }
    if (!plain(name)) {
      throw refused("the file name " + printable(name) + " holds control characters or a \\");
    }
    boolean executable =
        Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS)
            .contains(PosixFilePermission.OWNER_EXECUTE);
    var counter = new long[1];
    Digest digest;
    try (InputStream in =
        Files.newInputStream(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      digest = store.put(new CountingStream(in, counter));
    }
    into.add(new Manifest.Entry(name, executable, counter[0], digest));
  }

  /**
   * Writes the files of a manifest below a folder: private copies, never links into the store, so
   * that a command may write to them. Content is verified on the way.
   *
   * @param target must not hold any of the files yet
   */
  public static void lay(ArtifactStore store, Manifest manifest, Path target) throws IOException {
    Files.createDirectories(target);
    for (Manifest.Entry e : manifest.entries()) {
      layFile(store, e, target.resolve(e.path()));
    }
  }

  /** Writes one file of a manifest; see {@link #lay}. */
  public static void layFile(ArtifactStore store, Manifest.Entry entry, Path file)
      throws IOException {
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    try (InputStream in = store.open(entry.digest())) {
      Files.copy(in, file);
    }
    Files.setPosixFilePermissions(
        file, PosixFilePermissions.fromString(entry.executable() ? "rwxr-xr-x" : "rw-r--r--"));
  }

  private static boolean plain(String name) {
    return name.codePoints().noneMatch(c -> Character.isISOControl(c) || c == '\\' || c == '\uFFFD')
        && !name.isEmpty();
  }

  private static String printable(String name) {
    StringBuilder out = new StringBuilder();
    name.codePoints()
        .forEach(c -> {
          if (Character.isISOControl(c)) {
            out.append(String.format("\\x%02x", c));
          } else {
            out.appendCodePoint(c);
          }
        });
    return out.toString();
  }

  private static SluiceException refused(String what) {
    return new SluiceException(
        ExitCode.RUN_FAILED,
        Diagnostic.of(
            "SLU-4012",
            what + ", which is not kept",
            "write plain files and folders with plain names below SLUICE_OUTPUTS"));
  }

  private static final class CountingStream extends java.io.FilterInputStream {
    private final long[] count;

    CountingStream(InputStream in, long[] count) {
      super(in);
      this.count = count;
    }

    @Override
    public int read() throws IOException {
      int b = super.read();
      count[0] += b < 0 ? 0 : 1;
      return b;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int n = super.read(buffer, offset, length);
      count[0] += Math.max(n, 0);
      return n;
    }
  }
}
