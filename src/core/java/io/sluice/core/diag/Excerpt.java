package io.sluice.core.diag;

import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A message without the bulk of the values that it quotes: a word of 70,000 characters tells nobody
 * more than its ends. Sentences stay whole, and so does the end, where a cause stands.
 */
final class Excerpt {
  private static final int WORD = 400;
  private static final int MESSAGE = 8000;
  private static final int ENDS_OF_WORD = 60;
  private static final int ENDS_OF_MESSAGE = 2000;
  private static final Pattern LONG_WORD = Pattern.compile("\\S{" + (WORD + 1) + ",}");

  private Excerpt() {}

  static String of(String text) {
    if (text.length() <= WORD) {
      return text;
    }
    String shortened =
        LONG_WORD
            .matcher(text)
            .replaceAll((MatchResult m) ->
                java.util.regex.Matcher.quoteReplacement(ends(m.group(), ENDS_OF_WORD)));
    return shortened.length() <= MESSAGE ? shortened : ends(shortened, ENDS_OF_MESSAGE);
  }

  private static String ends(String text, int length) {
    int first = text.offsetByCodePoints(0, length);
    int last = text.offsetByCodePoints(text.length(), -length);
    return text.substring(0, first)
        + ".. ("
        + (last - first)
        + " characters) .."
        + text.substring(last);
  }
}
