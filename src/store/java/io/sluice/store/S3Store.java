package io.sluice.store;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.CacheLookup;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keeps artifacts in a bucket, under the names that {@link FolderStore} gives them. An object is
 * there whole or not at all, so blobs need no more than to be put; of two that write a cache entry
 * the server lets one win ({@code If-None-Match: *}).
 *
 * <p>A blob's name is known at its end: one that fits into a part is hashed in memory and put under
 * its name; a larger one streams into {@code tmp/} and is copied to its name inside the server, so
 * that a pod needs neither a disk nor memory for it. What a killed writer leaves in {@code tmp/} is
 * for a lifecycle rule. See docs/adr/0182-s3-store.md.
 */
public final class S3Store implements ArtifactStore {
  private static final Pattern RECORD = Pattern.compile("([^/]+)/([0-9]{4,})\\.json");

  private final Bucket bucket;
  private final Area area;
  private final int part;

  /** A view of the store; says nothing to the server yet. */
  public S3Store(S3Settings settings, Area area) {
    this(settings, area, Bucket.Sizes.DEFAULT);
  }

  S3Store(S3Settings settings, Area area, Bucket.Sizes sizes) {
    this.bucket = new Bucket(settings, sizes);
    this.area = area;
    this.part = sizes.part();
  }

  @Override
  public boolean has(Digest digest) throws IOException {
    return bucket.size(blob(digest)).isPresent();
  }

  @Override
  public InputStream open(Digest digest) throws IOException {
    InputStream in =
        bucket
            .get(blob(digest))
            .orElseThrow(() -> new MissingBlobException(digest, "the store's bucket"));
    return new VerifiedStream(in, digest, this::setAside);
  }

  @Override
  public Digest put(InputStream content) throws IOException {
    MessageDigest sha = Digest.sha256();
    byte[] start = content.readNBytes(part);
    sha.update(start);
    if (start.length < part) {
      Digest digest = digest(sha);
      if (!isWhole(digest, start.length)) {
        bucket.put(blob(digest), start);
      }
      return digest;
    }
    String temp = "tmp/" + UUID.randomUUID();
    long size = bucket.upload(temp, start, content, sha);
    try {
      Digest digest = digest(sha);
      if (!isWhole(digest, size)) {
        bucket.copy(temp, blob(digest), size);
      }
      return digest;
    } finally {
      bucket.delete(temp);
    }
  }

  private static Digest digest(MessageDigest sha) {
    return new Digest(HexFormat.of().formatHex(sha.digest()));
  }

  private boolean isWhole(Digest digest, long size) throws IOException {
    return bucket.size(blob(digest)).equals(Optional.of(size));
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
    String entry = cacheEntry(area, key);
    byte[] content = CacheEntry.bytes(manifest);
    if (!bucket.putIfAbsent(entry, content)
        && !(read(entry, manifest(manifest).names()) instanceof CacheLookup.Hit)) {
      // What the first writer promised is gone (a blob was lost): this one takes its place.
      bucket.put(entry, content);
    }
  }

  @Override
  public void putRecord(RunId run, StageName stage, int attempt, byte[] json) throws IOException {
    if (attempt < 0) {
      throw new IllegalArgumentException("negative attempt: " + attempt);
    }
    bucket.put(runs(run) + stage.value() + String.format("/%04d.json", attempt), json);
  }

  @Override
  public List<byte[]> records(RunId run) throws IOException {
    record Found(String stage, int attempt, String key) {}
    List<Found> found = new ArrayList<>();
    for (String key : bucket.list(runs(run))) {
      Matcher name = RECORD.matcher(key.substring(runs(run).length()));
      if (name.matches()) {
        found.add(new Found(name.group(1), Integer.parseInt(name.group(2)), key));
      }
    }
    found.sort(Comparator.comparing(Found::stage).thenComparingInt(Found::attempt));
    List<byte[]> records = new ArrayList<>();
    for (Found record : found) {
      try (InputStream in =
          bucket
              .get(record.key())
              .orElseThrow(() -> new FileNotFoundException(record.key() + " went meanwhile"))) {
        records.add(in.readAllBytes());
      }
    }
    return List.copyOf(records);
  }

  private CacheLookup read(String entry, Collection<String> outputs) throws IOException {
    Optional<InputStream> there = bucket.get(entry);
    if (there.isEmpty()) {
      return new CacheLookup.Miss();
    }
    try (InputStream in = there.get()) {
      return CacheEntry.judge(in.readNBytes(CacheEntry.MAX_BYTES), outputs, this, this::isWhole);
    }
  }

  /** Moves a bad blob away, so that the stage that made it is not a cache hit any more. */
  private void setAside(Digest digest) throws IOException {
    Optional<Long> size = bucket.size(blob(digest));
    if (size.isPresent()) {
      try {
        bucket.copy(blob(digest), "corrupt/" + digest.hex(), size.get());
      } finally {
        // whether or not it can be kept for a look: it must not be a hit
        bucket.delete(blob(digest));
      }
    }
  }

  private static String blob(Digest digest) {
    return "blobs/" + sharded(digest);
  }

  private static String cacheEntry(Area where, Digest key) {
    return where.prefix() + "cache/" + sharded(key);
  }

  private String runs(RunId run) {
    return area.prefix() + "runs/" + run.value() + "/";
  }

  private static String sharded(Digest digest) {
    return digest.hex().substring(0, 2) + "/" + digest.hex().substring(2);
  }
}
