package io.sluice.core.diag;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the known word that a mistyped one was probably meant to be (ADR 0010). */
public final class DidYouMean {
  private DidYouMean() {}

  /**
   * The nearest of the known words, ties by their order; empty when none is near enough to be
   * meant: at most one edit for each three letters, and at least one.
   */
  public static Optional<String> among(Collection<String> known, String written) {
    int limit = Math.max(1, Math.min(written.length(), 60) / 3);
    return written.length() > 100
        ? Optional.empty()
        : known.stream()
            .filter(word -> Math.abs(word.length() - written.length()) <= limit)
            .min(Comparator.comparingInt(word -> edits(word, written)))
            .filter(word -> edits(word, written) <= limit);
  }

  /** {@code did you mean "trials"? known: a, b}: the end of many hints. */
  public static String hint(Collection<String> known, String written) {
    String list = known.isEmpty() ? "there are none" : "known: " + String.join(", ", known);
    return among(known, written).map(w -> "did you mean \"" + w + "\"? " + list).orElse(list);
  }

  /**
   * Edit distance without regard to case, where swapping two neighbours is one edit (optimal string
   * alignment; Damerau 1964).
   */
  static int edits(String left, String right) {
    String a = left.toLowerCase(java.util.Locale.ROOT);
    String b = right.toLowerCase(java.util.Locale.ROOT);
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      d[i][0] = i;
    }
    for (int j = 0; j <= b.length(); j++) {
      d[0][j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      for (int j = 1; j <= b.length(); j++) {
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
