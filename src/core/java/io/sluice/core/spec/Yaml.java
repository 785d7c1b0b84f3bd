package io.sluice.core.spec;

import io.sluice.core.diag.Location;
import java.util.List;
import java.util.Optional;

/**
 * A YAML document as a plain tree with positions: no tags, anchors or merge keys are left in it.
 */
sealed interface Yaml {
  Location at();

  /** Keys are unique, in the order of the text. */
  record Mapping(List<Entry> entries, Location at) implements Yaml {
    Optional<Yaml> get(String key) {
      return entries.stream().filter(e -> e.key().equals(key)).map(Entry::value).findFirst();
    }
  }

  record Entry(String key, Location keyAt, Yaml value) {}

  record Sequence(List<Yaml> elements, Location at) implements Yaml {}

  /**
   * @param plain written without quotes, so that it may be a number, a truth value or null
   */
  record Scalar(String text, boolean plain, Location at) implements Yaml {}

  /** Stands where something was that has been reported already. */
  record Broken(Location at) implements Yaml {}

  /** The node below this one, or empty where the document has none. */
  default Optional<Yaml> find(List<String> path) {
    if (path.isEmpty()) {
      return Optional.of(this);
    }
    List<String> rest = path.subList(1, path.size());
    return this instanceof Mapping m ? m.get(path.get(0)).flatMap(n -> n.find(rest)) : none();
  }

  private static Optional<Yaml> none() {
    return Optional.empty();
  }
}
