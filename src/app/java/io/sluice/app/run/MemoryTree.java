package io.sluice.app.run;

import io.sluice.app.SourceTree;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Files of a pipeline's folder that were read from somewhere else at once. */
public final class MemoryTree implements SourceTree {
  private final String name;
  private final SortedMap<String, Entry> entries;
  private final Optional<Commit> commit;

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
  public Optional<byte[]> read(String path) {
    return Optional.ofNullable(entries.get(path)).map(Entry::content);
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
}
