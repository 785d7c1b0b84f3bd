package io.sluice.core.spec;

import io.sluice.core.diag.Location;
import io.sluice.core.diag.SourceFile;
import java.util.List;
import java.util.Map;

/**
 * Where each part of a document stands in its source. Kept beside the typed value, so that values
 * compare by meaning. A path is the keys from the root; elements of a list are named by their
 * index.
 */
public final class Spans {
  private final SourceFile file;
  private final Map<List<String>, Location> keys;
  private final Map<List<String>, Location> values;

  Spans(SourceFile file, Map<List<String>, Location> keys, Map<List<String>, Location> values) {
    this.file = file;
    this.keys = Map.copyOf(keys);
    this.values = Map.copyOf(values);
  }

  /** The key at this path, or that of the nearest part above it that is there. */
  public Location key(String... path) {
    return nearest(keys, List.of(path));
  }

  /** The value at this path, or the key of the nearest part above it that is there. */
  public Location value(String... path) {
    Location found = values.get(List.of(path));
    return found != null ? found : nearest(keys, List.of(path));
  }

  /** Whether the document has a value at this path. */
  public boolean has(String... path) {
    return values.containsKey(List.of(path));
  }

  private Location nearest(Map<List<String>, Location> map, List<String> path) {
    for (int n = path.size(); n > 0; n--) {
      Location found = map.get(path.subList(0, n));
      if (found != null) {
        return found;
      }
    }
    return new Location(file, 1, 1, 1);
  }
}
