package io.sluice.store;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.CacheLookup;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

/** The content of a cache entry, and the rule by which both stores tell a good one from damage. */
final class CacheEntry {
  /** An entry is a digest and a line break; what is longer is none. */
  static final int MAX_BYTES = 200;

  private CacheEntry() {}

  /** Whether a blob is there in its full size. */
  interface Blobs {
    boolean isWhole(Digest digest, long size) throws IOException;
  }

  /** The entries of one key. */
  interface Entries {
    CacheLookup read(Area area) throws IOException;
  }

  /** What a view finds of a key: a hit that everybody may believe before what it left itself. */
  static CacheLookup lookup(Area view, Entries entries) throws IOException {
    CacheLookup trusted = entries.read(Area.TRUSTED);
    if (trusted instanceof CacheLookup.Hit || view == Area.TRUSTED) {
      return trusted;
    }
    CacheLookup own = entries.read(Area.UNTRUSTED);
    return own instanceof CacheLookup.Miss ? trusted : own;
  }

  static byte[] bytes(Digest manifest) {
    return (manifest + "\n").getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Judges the content of an entry.
   *
   * @param outputs that a hit must have
   * @throws IOException when the store cannot be asked; damage is an answer
   */
  static CacheLookup judge(
      byte[] content, Collection<String> outputs, ArtifactStore store, Blobs blobs)
      throws IOException {
    Digest named;
    try {
      // ISO 8859-1 has a character for every byte: what is not ASCII is then no digest
      named = Digest.parse(new String(content, StandardCharsets.ISO_8859_1).strip());
    } catch (IllegalArgumentException e) {
      return new CacheLookup.Damaged("it holds something else than a digest");
    }
    Manifest manifest;
    try {
      manifest = store.manifest(named);
    } catch (FileNotFoundException e) {
      return new CacheLookup.Damaged("the manifest that it names is not in the store");
    } catch (ArtifactStore.CorruptBlobException e) {
      return new CacheLookup.Damaged("the manifest that it names holds other content");
    } catch (ArtifactStore.NotAManifestException e) {
      return new CacheLookup.Damaged("what it names is not a manifest");
    }
    List<String> lacking = lacking(manifest, outputs);
    if (!lacking.isEmpty()) {
      return new CacheLookup.Damaged("it lacks the output " + String.join(", ", lacking));
    }
    for (Manifest.Entry e : manifest.entries()) {
      if (!blobs.isWhole(e.digest(), e.size())) {
        return new CacheLookup.Damaged("the content of " + e.path() + " is gone or cut off");
      }
    }
    return new CacheLookup.Hit(named);
  }

  private static List<String> lacking(Manifest manifest, Collection<String> outputs) {
    return outputs.stream().filter(o -> manifest.artifact(o).isEmpty()).sorted().toList();
  }
}
