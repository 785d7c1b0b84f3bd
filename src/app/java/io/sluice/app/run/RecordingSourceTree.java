package io.sluice.app.run;

import io.sluice.app.SourceTree;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A tree that records which of its files were read, so that these can be kept with the run. */
public final class RecordingSourceTree implements SourceTree {
  private final SourceTree tree;
  private final SortedMap<String, byte[]> recorded = new TreeMap<>();

  public RecordingSourceTree(SourceTree tree) {
    this.tree = tree;
  }

  @Override
  public String name() {
    return tree.name();
  }

  @Override
  public synchronized Optional<byte[]> read(String path) {
    Optional<byte[]> content = tree.read(path);
    content.ifPresent(bytes -> recorded.put(path, bytes));
    return content;
  }

  @Override
  public List<CodeFile> files() {
    return tree.files();
  }

  @Override
  public Listing listing() {
    return tree.listing();
  }

  @Override
  public void requireFollowed(String path) {
    tree.requireFollowed(path);
  }

  @Override
  public Optional<String> commitTrouble() {
    return tree.commitTrouble();
  }

  @Override
  public Optional<Commit> commit() {
    return tree.commit();
  }

  /** What was read so far, by path. */
  public synchronized SortedMap<String, byte[]> recorded() {
    return new TreeMap<>(recorded);
  }
}
