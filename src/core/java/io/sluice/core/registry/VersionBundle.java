package io.sluice.core.registry;

import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.record.BundleFiles;
import io.sluice.core.registry.ModelRegistry.Version;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files of a model bundle and the digest by which every part of Sluice means the same one. Mode
 * bits are left out of it: a registry keeps none.
 *
 * @param files by their path within the bundle
 */
public record VersionBundle(List<Manifest.Entry> files) {
  public VersionBundle {
    files =
        files.stream().map(e -> new Manifest.Entry(e.path(), false, e.size(), e.digest())).toList();
  }

  /** Where the bytes of a file go while it is read. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Opens the place of one file; it is closed when the file was read whole.
     *
     * @param path within the bundle
     */
    OutputStream open(String path) throws IOException;
  }

  public Digest digest() {
    return new Manifest(Optional.empty(), Map.of(), files).digest();
  }

  /** Reads the files of a version from the registry and keeps none of them. */
  public static VersionBundle hashed(ModelRegistry registry, Version version) throws IOException {
    return read(registry, version, path -> OutputStream.nullOutputStream());
  }

  /** Reads the files of a version from the registry, once each, and hands their bytes on. */
  public static VersionBundle read(ModelRegistry registry, Version version, Sink sink)
      throws IOException {
    List<Manifest.Entry> entries = new ArrayList<>();
    for (String path : registry.files(version)) {
      if (path.startsWith(BundleFiles.FOLDER)) {
        String within = path.substring(BundleFiles.FOLDER.length());
        MessageDigest sha = Digest.sha256();
        long size;
        try (InputStream in = registry.open(version, path);
            OutputStream out = new DigestOutputStream(sink.open(within), sha)) {
          size = in.transferTo(out);
        }
        Digest digest = new Digest(HexFormat.of().formatHex(sha.digest()));
        entries.add(new Manifest.Entry(within, false, size, digest));
      }
    }
    return new VersionBundle(entries);
  }
}
