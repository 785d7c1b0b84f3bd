package io.sluice.worker.bundle;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.record.BundleFiles;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.FileContent;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.registry.VersionBundle;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The files of a model bundle where a step has them: in a folder, or in the store. Their digest is
 * that of {@link VersionBundle}, by which evaluate, gate, register, promote and the next resolve
 * mean the same one.
 *
 * @param files sorted by path
 */
public record ModelFiles(List<Manifest.Entry> files) {
  public ModelFiles {
    files = new VersionBundle(files).files();
  }

  public Digest digest() {
    return new VersionBundle(files).digest();
  }

  /** The files of the bundle in a folder. */
  public static ModelFiles ofFolder(Path folder) throws IOException {
    List<Manifest.Entry> entries = new ArrayList<>();
    for (String path : paths(folder)) {
      Path file = folder.resolve(path);
      byte[] sha;
      try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
        var digest = Digest.sha256();
        in.transferTo(
            new java.security.DigestOutputStream(java.io.OutputStream.nullOutputStream(), digest));
        sha = digest.digest();
      }
      entries.add(
          new Manifest.Entry(
              path, false, Files.size(file), new Digest(java.util.HexFormat.of().formatHex(sha))));
    }
    return new ModelFiles(entries);
  }

  /** The files of a registered version's bundle, copied into the store. */
  public static ModelFiles ofVersion(ModelRegistry registry, Version version, ArtifactStore store)
      throws IOException {
    List<Manifest.Entry> entries = new ArrayList<>();
    for (String path : registry.files(version)) {
      if (path.startsWith(BundleFiles.FOLDER)) {
        entries.add(
            copy(registry, version, path, store, path.substring(BundleFiles.FOLDER.length())));
      }
    }
    return new ModelFiles(entries);
  }

  /** Copies one file of a version into the store. */
  public static Manifest.Entry copy(
      ModelRegistry registry, Version version, String path, ArtifactStore store, String as)
      throws IOException {
    Digest digest;
    try (InputStream in = registry.open(version, path)) {
      digest = store.put(in);
    }
    long size = 0;
    try (InputStream in = store.open(digest)) {
      size = in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return new Manifest.Entry(as, false, size, digest);
  }

  /** The files of a folder as a registry uploads them. */
  public static List<FileContent> contents(Path folder) throws IOException {
    List<FileContent> contents = new ArrayList<>();
    for (String path : paths(folder)) {
      Path file = folder.resolve(path);
      contents.add(new FileContent(path, Files.size(file), () -> Files.newInputStream(file)));
    }
    return contents;
  }

  private static List<String> paths(Path folder) throws IOException {
    try (var walk = Files.walk(folder)) {
      return walk.filter(p -> Files.isRegularFile(p, LinkOption.NOFOLLOW_LINKS))
          .map(p -> folder.relativize(p).toString())
          .sorted()
          .toList();
    }
  }
}
