package io.sluice.serving.follow;

import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.registry.VersionBundle;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The service's own copies of bundles, each in a folder that is named by the digest of its files. A
 * folder appears under that name as a whole and on the disk, or not at all; what it holds is read
 * and compared again before it is served.
 */
final class BundleCache {
  /** How many bundles stay: the served one, and those that a rollback may want at once. */
  static final int KEPT = 5;

  /** What an ended process left half done is younger than this while another one is at it. */
  private static final Duration ABANDONED = Duration.ofDays(1);

  private final Path folder;
  private final Path incoming;

  BundleCache(Path folder) {
    this.folder = folder;
    this.incoming = folder.resolve("incoming");
  }

  /**
   * A bundle that was read from the registry and is not in the cache yet.
   *
   * @param folder where its files lie
   * @param digest of its files
   */
  record Fetched(Path folder, Digest digest) implements AutoCloseable {
    /** Removes it, unless the cache kept it. */
    @Override
    public void close() throws IOException {
      delete(folder);
    }
  }

  /**
   * The folder of a bundle, if it is here and still is what its name says. A broken one stays until
   * a whole one takes its place: what cannot be read now may be readable at the next try.
   */
  Optional<Path> find(Digest digest) {
    Path bundle = folder.resolve(digest.hex());
    return whole(bundle, digest) ? Optional.of(bundle) : Optional.empty();
  }

  /** Reads the files of a version into a folder that nobody serves from. */
  Fetched fetch(ModelRegistry registry, Version version) throws IOException {
    Files.createDirectories(incoming);
    Path into = Files.createTempDirectory(incoming, "v" + version.version() + "-");
    try {
      VersionBundle bundle = VersionBundle.read(registry, version, path -> file(into, path));
      syncFolders(into);
      return new Fetched(into, bundle.digest());
    } catch (IOException | RuntimeException | Error e) {
      try {
        delete(into);
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  /**
   * Gives a fetched bundle its name, under which it is served. What lies there already is used if
   * it is whole, and goes if it is broken.
   */
  Path keep(Fetched fetched, Instant now) throws IOException {
    Path bundle = folder.resolve(fetched.digest().hex());
    try {
      Files.move(fetched.folder(), bundle, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      // Another version has the same files, another process of this folder was faster, or the
      // service ended before it wrote down that they are here.
      if (!whole(bundle, fetched.digest())) {
        delete(bundle);
        Files.move(fetched.folder(), bundle, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    Files.setLastModifiedTime(bundle, FileTime.from(now));
    sync(folder);
    return bundle;
  }

  /** Removes what is not among the latest, and what ended processes left half done. */
  void prune(Digest served, Instant now) throws IOException {
    Path bundle = folder.resolve(served.hex());
    Files.setLastModifiedTime(bundle, FileTime.from(now));
    List<Path> rest = new ArrayList<>(children(folder));
    rest.remove(incoming);
    rest.remove(bundle);
    rest.sort(Comparator.comparing(BundleCache::modified).reversed());
    for (Path old : rest.subList(Math.min(KEPT - 1, rest.size()), rest.size())) {
      delete(old);
    }
    for (Path half : children(incoming)) {
      if (modified(half).toInstant().isBefore(now.minus(ABANDONED))) {
        delete(half);
      }
    }
  }

  private static FileTime modified(Path path) {
    try {
      return Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      return FileTime.fromMillis(0); // it went meanwhile
    }
  }

  private static List<Path> children(Path of) throws IOException {
    try (Stream<Path> list = Files.list(of)) {
      return list.toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** A tree and all that is in it; no link is followed. */
  private static List<Path> walked(Path top) throws IOException {
    try (Stream<Path> walk = Files.walk(top)) {
      return walk.toList();
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Whether a folder has the files of a digest, and nothing but regular files that can be read. */
  private static boolean whole(Path bundle, Digest digest) {
    if (!Files.isDirectory(bundle, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try {
      return hashed(bundle).equals(digest);
    } catch (IOException | IllegalArgumentException e) {
      return false; // unreadable, a link, or a name that no bundle has: a broken one like any other
    }
  }

  private static Digest hashed(Path bundle) throws IOException {
    List<Manifest.Entry> entries = new ArrayList<>();
    for (Path file : walked(bundle)) {
      if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(file + " is not a file"); // opening a pipe would wait for ever
      }
      MessageDigest sha = Digest.sha256();
      long size;
      try (InputStream in =
          new DigestInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), sha)) {
        size = in.transferTo(OutputStream.nullOutputStream());
      }
      entries.add(
          new Manifest.Entry(
              bundle.relativize(file).toString(),
              false,
              size,
              new Digest(HexFormat.of().formatHex(sha.digest()))));
    }
    return new VersionBundle(entries).digest();
  }

  /** A new file that is on the disk when it is closed. */
  private static OutputStream file(Path into, String path) throws IOException {
    Path file = into.resolve(path).normalize();
    if (!file.startsWith(into) || file.equals(into)) {
      throw new IOException("the registry names a file outside of the bundle: " + path);
    }
    Files.createDirectories(file.getParent());
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    return new FilterOutputStream(Channels.newOutputStream(channel)) {
      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
      }

      @Override
      public void close() throws IOException {
        try (channel) {
          if (channel.isOpen()) {
            channel.force(true);
          }
        }
      }
    };
  }

  private static void syncFolders(Path top) throws IOException {
    for (Path each : walked(top)) {
      if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)) {
        sync(each);
      }
    }
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    for (Path each : walked(tree).reversed()) { // what is inside of a folder goes before it
      Files.deleteIfExists(each);
    }
  }
}
