package io.sluice.app.staged;

import io.sluice.app.SourceTree;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A tree that remembers which of its files were read, so that these can be kept for as long as the
 * run goes on.
 */
public final class AskedTree implements SourceTree {
  private final SourceTree tree;
  private final SortedMap<String, byte[]> asked = new TreeMap<>();

  public AskedTree(SourceTree tree) {
    this.tree = tree;
  }

  @Override
  public String name() {
    return tree.name();
  }

  @Override
  public synchronized Optional<byte[]> read(String path) {
    Optional<byte[]> content = tree.read(path);
    content.ifPresent(bytes -> asked.put(path, bytes));
    return content;
  }

  @Override
  public List<CodeFile> files() {
    return tree.files();
  }

  @Override
  public Optional<Commit> commit() {
    return tree.commit();
  }

  /** What was read so far, by path. */
  public synchronized SortedMap<String, byte[]> asked() {
    return new TreeMap<>(asked);
  }
}
