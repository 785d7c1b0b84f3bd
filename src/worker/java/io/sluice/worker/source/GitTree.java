package io.sluice.worker.source;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * The id that git would give to a folder, computed from its files: what is checked is the code that
 * is kept, whichever program fetched it. Git's objects are hashed as {@code "<type>
 * <size>\0<content>"}; a tree's content is {@code "<mode> <name>\0<id>"} for each entry, sorted by
 * name, a folder's as if it ended in a slash (Documentation/gitformat-*, {@code base_name_compare}
 * in git's tree.c).
 */
final class GitTree {
  private static final String FILE = "100644";
  private static final String EXECUTABLE = "100755";
  private static final String LINK = "120000";
  private static final String FOLDER = "40000";

  private final String algorithm;
  private final Folder root = new Folder();

  private sealed interface Entry permits Leaf, Folder {}

  private static final class Leaf implements Entry {
    private final String mode;
    private final byte[] id;

    Leaf(String mode, byte[] id) {
      this.mode = mode;
      this.id = id;
    }
  }

  private static final class Folder implements Entry {
    private final Map<String, Entry> entries = new TreeMap<>();
  }

  /**
   * @param id any id of the repository: its length tells SHA-1 (40 digits) from SHA-256 (64)
   */
  GitTree(String id) {
    this.algorithm = id.length() == 64 ? "SHA-256" : "SHA-1";
  }

  /** Hashes a file while it is read; add it by {@link Hashed#add} at its end. */
  Hashed file(String path, boolean executable, long size, InputStream content) {
    MessageDigest hash = hash("blob", size);
    return new Hashed(content, hash, path, executable ? EXECUTABLE : FILE);
  }

  void link(String path, String target) {
    byte[] content = target.getBytes(StandardCharsets.UTF_8);
    put(path, new Leaf(LINK, hash("blob", content.length).digest(content)));
  }

  /** The id of all that was added. */
  String id() {
    return HexFormat.of().formatHex(id(root));
  }

  private byte[] id(Folder folder) {
    Map<byte[], byte[]> lines = new TreeMap<>(Arrays::compareUnsigned);
    folder.entries.forEach((name, entry) -> {
      switch (entry) {
        case Leaf leaf -> lines.put(bytes(name), line(leaf.mode, name, leaf.id));
        case Folder below -> lines.put(bytes(name + "/"), line(FOLDER, name, id(below)));
      }
    });
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    lines.values().forEach(content::writeBytes);
    return hash("tree", content.size()).digest(content.toByteArray());
  }

  private static byte[] line(String mode, String name, byte[] id) {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    line.writeBytes(bytes(mode + " " + name + "\0"));
    line.writeBytes(id);
    return line.toByteArray();
  }

  private void put(String path, Leaf leaf) {
    Folder folder = root;
    String[] segments = path.split("/", -1);
    for (int i = 0; i < segments.length - 1; i++) {
      Entry below = folder.entries.computeIfAbsent(segments[i], name -> new Folder());
      if (!(below instanceof Folder found)) {
        throw new IllegalStateException("a file and a folder: " + path);
      }
      folder = found;
    }
    folder.entries.put(segments[segments.length - 1], leaf);
  }

  private MessageDigest hash(String type, long size) {
    try {
      MessageDigest hash = MessageDigest.getInstance(algorithm);
      hash.update(bytes(type + " " + size + "\0"));
      return hash;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has " + algorithm, e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A file's content on its way. */
  final class Hashed extends DigestInputStream {
    private final String path;
    private final String mode;

    private Hashed(InputStream in, MessageDigest hash, String path, String mode) {
      super(in, hash);
      this.path = path;
      this.mode = mode;
    }

    /** Adds the file, whose rest is read for it. */
    void add() throws IOException {
      transferTo(java.io.OutputStream.nullOutputStream());
      put(path, new Leaf(mode, getMessageDigest().digest()));
    }
  }
}
