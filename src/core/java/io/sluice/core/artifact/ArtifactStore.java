package io.sluice.core.artifact;

import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The content-addressed store that fetch and store steps share. Writes are atomic and idempotent;
 * what is read is verified against its digest, and a mismatch throws rather than returns.
 */
public interface ArtifactStore {

  /** Whether a blob is there (its content is verified when it is read, not here). */
  boolean has(Digest digest) throws IOException;

  /**
   * Reads a blob; the stream throws {@link CorruptBlobException} at its end when the content does
   * not match, so read it to the end before using what it gave.
   *
   * @throws MissingBlobException when it is not there
   */
  InputStream open(Digest digest) throws IOException;

  /** Stores a blob; returns its digest. The stream is read to its end and not closed. */
  Digest put(InputStream content) throws IOException;

  /**
   * Reads a manifest that was stored as a blob.
   *
   * @throws NotAManifestException when the blob is whole and something else
   */
  default Manifest manifest(Digest digest) throws IOException {
    try (InputStream in = open(digest)) {
      return Manifest.parse(in.readAllBytes());
    } catch (IllegalArgumentException e) {
      throw new NotAManifestException(digest, e);
    }
  }

  /** Reads one small file that a manifest lists, verified. */
  default byte[] read(Manifest manifest, String path) throws IOException {
    Manifest.Entry entry =
        manifest.entries().stream()
            .filter(e -> e.path().equals(path))
            .findFirst()
            .orElseThrow(() -> new IOException("no " + path + " in manifest " + manifest.digest()));
    try (InputStream in = open(entry.digest())) {
      return in.readAllBytes();
    }
  }

  /**
   * What an earlier execution of the same key left. Damage to an entry is an answer, never an
   * error, so that no broken file makes a stage fail in every run.
   *
   * @param outputs that the stage declares: an entry that lacks one of them is damaged
   */
  CacheLookup lookup(Digest key, Collection<String> outputs) throws IOException;

  /** The manifest of a hit, whatever outputs it has. */
  default Optional<Digest> cached(Digest key) throws IOException {
    return lookup(key, List.of()).found();
  }

  /**
   * Remembers the output manifest of a key. The first writer wins; later ones are ignored, unless
   * what the first one left is damaged or lacks an output that this manifest has.
   */
  void cache(Digest key, Digest manifest) throws IOException;

  /** Writes (or atomically replaces) a small named record of a run, for example a stage record. */
  void putRecord(RunId run, StageName stage, int attempt, byte[] json) throws IOException;

  /** All stage records of a run, ordered by stage name and attempt. */
  List<byte[]> records(RunId run) throws IOException;

  /** Thrown when a store does not hold what it is asked for. */
  final class MissingBlobException extends FileNotFoundException {
    private static final long serialVersionUID = 1L;

    /**
     * A blob that is not there.
     *
     * @param where the store, in words: {@code the store /workspace/store}
     */
    public MissingBlobException(Digest digest, String where) {
      super(digest + " is not in " + where);
    }
  }

  /** Thrown when a blob that should be a manifest is something else. */
  final class NotAManifestException extends IOException {
    private static final long serialVersionUID = 1L;

    public NotAManifestException(Digest digest, IllegalArgumentException why) {
      super("blob " + digest + " is not a manifest: " + why.getMessage(), why);
    }
  }

  /** Thrown when stored content no longer has its digest. */
  final class CorruptBlobException extends IOException {
    private static final long serialVersionUID = 1L;

    public CorruptBlobException(Digest wanted, Digest found) {
      super("the store holds other content under " + wanted + " (found " + found + ")");
    }
  }
}
