package io.sluice.core.spec;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.Location;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Collects what is wrong with a document while it is read; bounded, because documents are hostile.
 */
final class Problems {
  private static final int MAX = 100;
  private final List<Diagnostic> found = new ArrayList<>();

  void add(String id, Location at, String message, String hint) {
    if (found.size() < MAX) {
      found.add(Diagnostic.at(id, message, at, hint));
    }
  }

  boolean any() {
    return !found.isEmpty();
  }

  /** In the order of the text. */
  List<Diagnostic> sorted() {
    return found.stream()
        .sorted(
            Comparator.<Diagnostic>comparingInt(d -> d.location().map(Location::line).orElse(0))
                .thenComparingInt(d -> d.location().map(Location::column).orElse(0)))
        .toList();
  }
}
