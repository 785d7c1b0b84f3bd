package io.sluice.local.interpret;

import java.util.Map;

/**
 * Kubernetes' expansion of {@code $(VAR)} in a container's command, arguments and variables: one
 * pass, {@code $$} is a {@code $} that starts nothing, and what names no declared variable stays as
 * it is (Kubernetes API reference, Container.args).
 */
final class Expansion {
  private Expansion() {}

  static String expand(String text, Map<String, String> variables) {
    StringBuilder out = new StringBuilder(text.length());
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c != '$' || i + 1 == text.length()) {
        out.append(c);
        i++;
        continue;
      }
      char next = text.charAt(i + 1);
      if (next == '$') {
        out.append('$');
        i += 2;
        continue;
      }
      int end = next == '(' ? text.indexOf(')', i + 2) : -1;
      if (end < 0) {
        out.append(c).append(next);
        i += 2;
        continue;
      }
      String value = variables.get(text.substring(i + 2, end));
      out.append(value == null ? text.substring(i, end + 1) : value);
      i = end + 1;
    }
    return out.toString();
  }
}
