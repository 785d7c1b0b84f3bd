package io.sluice.core.check;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.Location;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects what rules find. */
final class Findings {
  private final List<Diagnostic> found = new ArrayList<>();

  void add(String id, Location at, String message, String hint) {
    found.add(Diagnostic.at(id, message, at, hint));
  }

  /** In the order of the text; findings at one place in the order of the rules. */
  List<Diagnostic> sorted() {
    return found.stream()
        .sorted(
            Comparator.<Diagnostic>comparingInt(d -> d.location().map(Location::line).orElse(0))
                .thenComparingInt(d -> d.location().map(Location::column).orElse(0)))
        .toList();
  }
}
