package io.sluice.inference;

import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Where what an evaluate stage reads of tables lies.
 *
 * @param judged folders of {@link #VALIDATION} and {@link #HOLDOUT}, as far as they are known
 * @param snapshot the raw data, where there is some
 * @param learned what models learn from, by its input of evaluate: {@code training/<name>}, {@code
 *     refit/<name>}
 */
record TableSets(
    SortedMap<String, Path> judged, Optional<Path> snapshot, SortedMap<String, Path> learned) {
  static final String VALIDATION = "validation";
  static final String HOLDOUT = "holdout";
  static final String SNAPSHOT = "snapshot";

  TableSets {
    judged = new TreeMap<>(judged);
    learned = new TreeMap<>(learned);
  }

  /** By the names of evaluate's inputs; those that are no tables are left out. */
  static TableSets of(Map<String, Path> inputs) {
    SortedMap<String, Path> judged = new TreeMap<>();
    SortedMap<String, Path> learned = new TreeMap<>();
    inputs.forEach((name, path) -> {
      if (name.equals(VALIDATION) || name.equals(HOLDOUT)) {
        judged.put(name, path);
      } else if (name.startsWith(LearnedInput.TRIALS + "/")
          || name.startsWith(LearnedInput.REFIT + "/")) {
        learned.put(name, path);
      }
    });
    return new TableSets(judged, Optional.ofNullable(inputs.get(SNAPSHOT)), learned);
  }

  /**
   * Those of an evaluate stage.
   *
   * @throws SluiceException when a folder cannot be read
   */
  static TableSets in(Path inputs) throws IOException {
    Map<String, Path> found = new TreeMap<>();
    found.put(VALIDATION, inputs.resolve(VALIDATION));
    found.put(HOLDOUT, inputs.resolve(HOLDOUT));
    Path snapshot = inputs.resolve(SNAPSHOT);
    if (Files.exists(snapshot, LinkOption.NOFOLLOW_LINKS)) {
      found.put(SNAPSHOT, snapshot);
    }
    for (String group : List.of(LearnedInput.TRIALS, LearnedInput.REFIT)) {
      for (Path input : entries(inputs.resolve(group))) {
        found.put(group + "/" + input.getFileName(), input);
      }
    }
    return of(found);
  }

  /** The folder of {@link #VALIDATION} or {@link #HOLDOUT}, where it must be known. */
  Path folder(String name) {
    Path folder = judged.get(name);
    if (folder == null) {
      throw new IllegalArgumentException("nothing says where " + name + " lies");
    }
    return folder;
  }

  /** What lies in a folder, by name; nothing where there is none. */
  static List<Path> entries(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }
}
