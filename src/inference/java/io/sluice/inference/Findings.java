package io.sluice.inference;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects what is wrong with the rows of a table: one diagnostic per error id, with the first
 * place and the number of rows, so that a leak in a million rows is one message and not a million.
 */
final class Findings {
  private static final class Finding {
    final String first;
    final String hint;
    long rows;

    Finding(String first, String hint) {
      this.first = first;
      this.hint = hint;
    }
  }

  private final Map<String, Finding> byId = new LinkedHashMap<>();

  void add(String id, String message, String hint) {
    byId.computeIfAbsent(id, i -> new Finding(message, hint)).rows++;
  }

  boolean has(String id) {
    return byId.containsKey(id);
  }

  /** Counts one more row of an id that is there, without a message of its own. */
  void again(String id) {
    Finding finding = byId.get(id);
    if (finding != null) {
      finding.rows++;
    }
  }

  /** Throws when anything was found; exit code 2. */
  void refuse() {
    if (byId.isEmpty()) {
      return;
    }
    List<Diagnostic> diagnostics =
        byId.entrySet().stream()
            .map(e ->
                Diagnostic.of(
                    e.getKey(),
                    e.getValue().rows == 1
                        ? e.getValue().first
                        : "%s (the first of %d such rows)"
                            .formatted(e.getValue().first, e.getValue().rows),
                    e.getValue().hint))
            .toList();
    throw new SluiceException(ExitCode.INPUT_WRONG, diagnostics);
  }
}
