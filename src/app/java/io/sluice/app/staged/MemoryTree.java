package io.sluice.app.staged;

import io.sluice.app.SourceTree;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Files of a pipeline's folder that were read from somewhere else at once; remembers which of them
 * were asked for, so that these can be kept for as long as the run goes on.
 */
public final class MemoryTree implements SourceTree {
  private final String name;
  private final SortedMap<String, Entry> entries;
  private final Optional<Commit> commit;
  private final SortedMap<String, byte[]> asked = new TreeMap<>();

  /** A file: what is in it, and whether its owner may execute it. */
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  public record Entry(byte[] content, boolean executable) {}

  public MemoryTree(String name, Map<String, Entry> entries, Optional<Commit> commit) {
    this.name = name;
    this.entries = new TreeMap<>(entries);
    this.commit = commit;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public synchronized Optional<byte[]> read(String path) {
    Entry entry = entries.get(path);
    if (entry == null) {
      return Optional.empty();
    }
    asked.put(path, entry.content());
    return Optional.of(entry.content());
  }

  @Override
  public List<CodeFile> files() {
    List<CodeFile> out = new ArrayList<>();
    entries.forEach((path, e) -> out.add(new CodeFile(path, e.executable())));
    return Collections.unmodifiableList(out);
  }

  @Override
  public Optional<Commit> commit() {
    return commit;
  }

  /** What was read so far, by path. */
  public synchronized SortedMap<String, byte[]> asked() {
    return new TreeMap<>(asked);
  }
}
