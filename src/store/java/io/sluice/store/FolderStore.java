package io.sluice.store;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.CacheLookup;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Keeps artifacts in a folder: on a laptop {@code .sluice/store}, in a cluster a shared volume. Any
 * number of processes may write at once, and any of them may die at any moment: a name appears only
 * with its whole, synced content behind it.
 *
 * <pre>
 * blobs/ab/cdef..              read-only content, named by its SHA-256
 * cache/ab/cdef..              output manifest of a cache key
 * runs/RUN/STAGE/ATTEMPT.json  records
 * untrusted/{cache,runs}       the same for runs that nobody vouches for (pull requests)
 * corrupt/                     blobs whose content did not match when read, and what stood in the
 *                              way of a file, moved aside
 * tmp/                         writes under way; leftovers of killed processes
 * </pre>
 *
 * A full disk is a {@link SluiceException} ({@code SLU-4003}). Blobs are shared between the areas:
 * content that names itself cannot lie. See docs/adr/0050-folder-store.md.
 */
public final class FolderStore implements ArtifactStore {
  private final Path root;
  private final Area area;

  /** A trusted view of the store in this folder, which is created at the first write. */
  public FolderStore(Path root) {
    this(root, Area.TRUSTED);
  }

  public FolderStore(Path root, Area area) {
    this.root = root.toAbsolutePath().normalize();
    this.area = area;
  }

  @Override
  public boolean has(Digest digest) {
    return Files.isRegularFile(blob(digest), LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public InputStream open(Digest digest) throws IOException {
    Path file = blob(digest);
    if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new MissingBlobException(
          digest, "the store " + root + ", where a folder is in its place");
    }
    try {
      return new VerifiedStream(
          Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), digest, this::setAside);
    } catch (NoSuchFileException e) {
      var missing = new MissingBlobException(digest, "the store " + root);
      missing.initCause(e);
      throw missing;
    }
  }

  @Override
  public Digest put(InputStream content) throws IOException {
    MessageDigest sha = Digest.sha256();
    Path temp =
        write(out -> {
          var digesting = new DigestOutputStream(out, sha);
          content.transferTo(digesting);
        });
    try {
      Digest digest = new Digest(HexFormat.of().formatHex(sha.digest()));
      Path target = blob(digest);
      // The size tells a truncated blob (a dead disk, a careless copy) from a good one for a stat.
      if (isWhole(digest, Files.size(temp))) {
        return digest;
      }
      Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("r--r--r--"));
      publish(temp, target);
      return digest;
    } finally {
      Files.deleteIfExists(temp);
    }
  }

  @Override
  public CacheLookup lookup(Digest key, Collection<String> outputs) throws IOException {
    return CacheEntry.lookup(area, of -> read(cacheEntry(of, key), outputs));
  }

  @Override
  public void cache(Digest key, Digest manifest) throws IOException {
    if (!has(manifest)) {
      throw new FileNotFoundException(
          "blob " + manifest + " is not in the store, so no cache entry may name it");
    }
    Path entry = cacheEntry(area, key);
    Path temp = write(out -> out.write(CacheEntry.bytes(manifest)));
    try {
      Files.createDirectories(parent(entry));
      // link(2) is the one call that publishes whole content and fails when the name is taken
      Files.createLink(entry, temp);
      sync(parent(entry));
    } catch (FileAlreadyExistsException taken) {
      if (!(read(entry, manifest(manifest).names()) instanceof CacheLookup.Hit)) {
        // What the first writer promised is gone (a blob was lost): this one takes its place.
        publish(temp, entry);
      }
    } finally {
      Files.deleteIfExists(temp);
    }
  }

  @Override
  public void putRecord(RunId run, StageName stage, int attempt, byte[] json) throws IOException {
    if (attempt < 0) {
      throw new IllegalArgumentException("negative attempt: " + attempt);
    }
    Path temp = write(out -> out.write(json));
    try {
      publish(
          temp,
          runFolder(area, run).resolve(stage.value()).resolve(String.format("%04d.json", attempt)));
    } finally {
      Files.deleteIfExists(temp);
    }
  }

  @Override
  public List<byte[]> records(RunId run) throws IOException {
    List<byte[]> records = new ArrayList<>();
    for (Path stage : sorted(runFolder(area, run))) {
      for (Path record : sorted(stage)) {
        records.add(Files.readAllBytes(record));
      }
    }
    return List.copyOf(records);
  }

  /** Ids of the runs that left records here, sorted. */
  public List<RunId> runs() throws IOException {
    List<RunId> found = new ArrayList<>();
    for (Path folder : sorted(base(area).resolve("runs"))) {
      try {
        found.add(new RunId(folder.getFileName().toString()));
      } catch (IllegalArgumentException e) {
        // not ours: records are put under the ids of runs
      }
    }
    return List.copyOf(found);
  }

  /** The record of the last attempt at a stage of a run, as it is. */
  public Optional<byte[]> record(RunId run, StageName stage) throws IOException {
    List<Path> attempts = sorted(runFolder(area, run).resolve(stage.value()));
    return attempts.isEmpty()
        ? Optional.empty()
        : Optional.of(Files.readAllBytes(attempts.getLast()));
  }

  /**
   * Removes what writers that died before {@code before} left in {@code tmp/}; a live writer
   * touches its file with every write. Returns how many files went.
   */
  public int sweep(Instant before) throws IOException {
    int gone = 0;
    for (Path temp : sorted(root.resolve("tmp"))) {
      try {
        if (Files.getLastModifiedTime(temp).toInstant().isBefore(before)
            && Files.deleteIfExists(temp)) {
          gone++;
        }
      } catch (NoSuchFileException finished) {
        // its writer renamed it meanwhile
      }
    }
    return gone;
  }

  private Path blob(Digest digest) {
    return sharded(root.resolve("blobs"), digest);
  }

  private Path cacheEntry(Area where, Digest key) {
    return sharded(base(where).resolve("cache"), key);
  }

  private Path runFolder(Area where, RunId run) {
    return base(where).resolve("runs").resolve(run.value());
  }

  private Path base(Area where) {
    return root.resolve(where.prefix());
  }

  private static Path sharded(Path folder, Digest digest) {
    return folder.resolve(digest.hex().substring(0, 2)).resolve(digest.hex().substring(2));
  }

  private static Path parent(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalStateException("every path of a store has a parent: " + path);
    }
    return parent;
  }

  private CacheLookup read(Path entry, Collection<String> outputs) throws IOException {
    try (InputStream in = Files.newInputStream(entry, LinkOption.NOFOLLOW_LINKS)) {
      return CacheEntry.judge(in.readNBytes(CacheEntry.MAX_BYTES), outputs, this, this::isWhole);
    } catch (NoSuchFileException e) {
      return new CacheLookup.Miss();
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      // a folder or a link in its place, a file where its folder belongs, a bad sector
      return new CacheLookup.Damaged("it cannot be read: " + e.getMessage());
    }
  }

  private boolean isWhole(Digest digest, long size) throws IOException {
    Path file = blob(digest);
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) == size;
  }

  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Writes and syncs a temporary file on the store's own file system. */
  private Path write(Content content) throws IOException {
    try {
      Path folder = Files.createDirectories(root.resolve("tmp"));
      Path temp = Files.createTempFile(folder, "w-", "");
      boolean whole = false;
      try (FileChannel channel = FileChannel.open(temp, StandardOpenOption.WRITE)) {
        content.writeTo(Channels.newOutputStream(channel));
        channel.force(true);
        whole = true;
      } finally {
        if (!whole) {
          Files.deleteIfExists(temp);
        }
      }
      return temp;
    } catch (IOException e) {
      throw explained(e);
    }
  }

  private void publish(Path temp, Path target) throws IOException {
    try {
      try {
        place(temp, target);
      } catch (FileSystemException e) {
        if (!cleared(target)) {
          throw e;
        }
        place(temp, target);
      }
    } catch (IOException e) {
      throw explained(e);
    }
  }

  private static void place(Path temp, Path target) throws IOException {
    Files.createDirectories(parent(target));
    Files.move(temp, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    sync(parent(target));
  }

  /**
   * Moves aside what a rename cannot replace: a folder where a file belongs, and a file where one
   * of its folders belongs. Says whether there was such a thing.
   */
  private boolean cleared(Path target) throws IOException {
    boolean cleared = false;
    for (Path folder = parent(target); !folder.equals(root); folder = parent(folder)) {
      if (Files.exists(folder) && !Files.isDirectory(folder)) {
        moveAside(folder);
        cleared = true;
      }
    }
    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      moveAside(target);
      cleared = true;
    }
    return cleared;
  }

  private void moveAside(Path path) throws IOException {
    Path own =
        Files.createTempDirectory(Files.createDirectories(root.resolve("corrupt")), "aside-");
    Files.move(path, own.resolve(path.getFileName()), StandardCopyOption.ATOMIC_MOVE);
  }

  /** A rename survives a power cut only once its folder is on disk. */
  private static void sync(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private IOException explained(IOException e) {
    String text = String.valueOf(e.getMessage());
    String reason = e instanceof FileSystemException fs ? String.valueOf(fs.getReason()) : text;
    if (reason.contains("No space left") || reason.contains("quota exceeded")) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          List.of(
              Diagnostic.of(
                  "SLU-4003",
                  "the disk under the store " + root + " is full (" + reason + ")",
                  "free some space and run again: nothing half-written was kept")),
          e);
    }
    return e;
  }

  private static List<Path> sorted(Path folder) throws IOException {
    try (var list = Files.list(folder)) {
      return list.sorted().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** Moves a bad blob away, so that the stage that made it is not a cache hit any more. */
  private void setAside(Digest digest) throws IOException {
    Path corrupt = root.resolve("corrupt");
    Files.createDirectories(corrupt);
    try {
      Files.move(
          blob(digest),
          corrupt.resolve(digest.hex()),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (NoSuchFileException moved) {
      // another reader was faster
    }
  }
}
