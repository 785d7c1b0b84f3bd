package io.sluice.tekton.yaml;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Writes trees of ordered maps, lists, strings, whole numbers and booleans as block YAML that every
 * parser reads back as the same values. A string stands bare only when it matches a list of forms
 * that no YAML 1.1 or 1.2 resolver takes for anything else; text of several lines becomes a block
 * scalar unless parsers disagree about it; everything else is quoted. See
 * docs/adr/0030-yaml-emitter.md.
 */
final class YamlWriter {
  private static final int FLOW_WIDTH = 100;
  private static final int STEP = 2;

  /**
   * Words, paths, references, flags and prose; never a digit first. {@code #} begins a comment only
   * after a space; quotes mean nothing after the first character.
   */
  private static final Pattern WORDS =
      Pattern.compile("(?:--?)?[A-Za-z_/$(][A-Za-z0-9_./$()@+:,;=#'` -]*");

  /** Durations and amounts with a unit: {@code 30m}, {@code 1h30m}, {@code 4Gi}. */
  private static final Pattern AMOUNT =
      Pattern.compile("[1-9][0-9]{0,8}(?:(?:h|m|s)(?:[1-9][0-9]?(?:m|s)){0,2}|[KMGT]i)");

  /** What some resolver takes for a boolean, a null or a number. */
  private static final Set<String> TAKEN =
      Set.of("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity");

  private final StringBuilder out = new StringBuilder();

  private YamlWriter() {}

  /** One document, with a final line break. */
  static String write(Map<String, ?> document) {
    YamlWriter writer = new YamlWriter();
    writer.map(document, 0, false);
    return writer.out.toString();
  }

  /**
   * @param continued whether the first key stands on the line of a list's dash
   */
  private void map(Map<?, ?> map, int indent, boolean continued) {
    boolean first = true;
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!first || !continued) {
        out.repeat(' ', indent);
      }
      first = false;
      out.append(line((String) entry.getKey(), true)).append(':');
      value(entry.getValue(), indent);
    }
  }

  /** What follows {@code key:}; lists are not indented under their key, as kubectl writes them. */
  private void value(Object value, int indent) {
    switch (value) {
      case Map<?, ?> map when map.isEmpty() -> out.append(" {}\n");
      case Map<?, ?> map -> {
        out.append('\n');
        map(map, indent + STEP, false);
      }
      case List<?> list when flow(list) != null -> out.append(' ').append(flow(list)).append('\n');
      case List<?> list -> {
        out.append('\n');
        list(list, indent);
      }
      default -> {
        out.append(' ');
        scalar(value, indent + STEP);
      }
    }
  }

  private void list(List<?> list, int indent) {
    for (Object item : list) {
      out.repeat(' ', indent).append('-');
      switch (item) {
        case Map<?, ?> map when !map.isEmpty() -> {
          out.append(' ');
          map(map, indent + STEP, true);
        }
        case List<?> nested when flow(nested) == null -> {
          out.append('\n');
          list(nested, indent + STEP);
        }
        default -> value(item, indent);
      }
    }
  }

  /** The list on one line, or null when it would not read well there. */
  private @org.jspecify.annotations.Nullable String flow(List<?> list) {
    if (list.isEmpty()) {
      return "[]";
    }
    StringBuilder line = new StringBuilder("[");
    for (Object item : list) {
      if (item instanceof Map || item instanceof List) {
        return null;
      }
      if (item instanceof String text && text.indexOf('\n') >= 0) {
        return null;
      }
      line.append(line.length() > 1 ? ", " : "")
          .append(item instanceof String text ? line(text, true) : item);
      if (line.length() > FLOW_WIDTH - column()) {
        return null;
      }
    }
    return line.append(']').toString();
  }

  private int column() {
    return out.length() - out.lastIndexOf("\n");
  }

  private void scalar(Object value, int indent) {
    if (value instanceof String text) {
      if (isBlock(text)) {
        block(text, indent);
      } else {
        out.append(line(text, false)).append('\n');
      }
    } else if (value instanceof Integer || value instanceof Long || value instanceof Boolean) {
      out.append(value).append('\n');
    } else {
      throw new IllegalArgumentException("not a YAML scalar here: " + value.getClass());
    }
  }

  private void block(String text, int indent) {
    out.append('|');
    if (!text.endsWith("\n")) {
      out.append('-');
    } else if (text.endsWith("\n\n")) {
      out.append('+');
    }
    out.append('\n');
    int from = 0;
    while (from < text.length()) {
      int to = text.indexOf('\n', from);
      if (to < 0) {
        to = text.length();
      }
      if (to > from) {
        out.repeat(' ', indent).append(text, from, to);
      }
      out.append('\n');
      from = to + 1;
    }
  }

  /**
   * Whether parsers agree on this text as a block scalar. They do not on a first line that is empty
   * or begins with white space (it would need an indentation indicator), on lines that begin with a
   * tab, and on lines of spaces only.
   */
  private static boolean isBlock(String text) {
    if (text.indexOf('\n') < 0 || text.charAt(0) <= ' ') {
      return false;
    }
    boolean lineStart = true;
    boolean onlySpaces = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        if (onlySpaces) {
          return false;
        }
        lineStart = true;
        continue;
      }
      if (lineStart && c == '\t') {
        return false;
      }
      onlySpaces = (lineStart || onlySpaces) && c == ' ';
      lineStart = false;
      if (c != '\t' && !isPlainCharacter(c)) {
        return false;
      }
    }
    return !onlySpaces;
  }

  private static boolean isPlainCharacter(char c) {
    return (c >= ' ' && c < 0x7f) || (c >= 0xa0 && c < 0xd800 && c != 0x2028 && c != 0x2029);
  }

  /**
   * A string on one line, bare or quoted.
   *
   * @param tight within brackets or as a key, where fewer forms may stand bare
   */
  private static String line(String text, boolean tight) {
    boolean bare =
        AMOUNT.matcher(text).matches()
            || (WORDS.matcher(text).matches()
                && !TAKEN.contains(text.toLowerCase(Locale.ROOT))
                && !text.endsWith(":")
                && !text.endsWith(" ")
                && !text.contains(": ")
                && !text.contains(" #")
                && !(tight && text.chars().anyMatch(c -> ",:'`".indexOf(c) >= 0)));
    if (bare) {
      return text;
    }
    // JSON reads better without a backslash before every quote
    boolean single =
        text.indexOf('"') >= 0
            && text.indexOf('\'') < 0
            && text.chars().allMatch(c -> isPlainCharacter((char) c));
    return single ? "'" + text + "'" : quoted(text);
  }

  private static String quoted(String text) {
    StringBuilder b = new StringBuilder(text.length() + 8).append('"');
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '"' -> b.append("\\\"");
            case '\\' -> b.append("\\\\");
            case '\n' -> b.append("\\n");
            case '\t' -> b.append("\\t");
            case '\r' -> b.append("\\r");
            default -> {
              if (c >= 0x10000) {
                b.append(String.format(Locale.ROOT, "\\U%08x", c));
              } else if (c >= 0xd800 && c < 0xe000) {
                throw new IllegalArgumentException(
                    "half of a surrogate pair cannot be written as UTF-8");
              } else if (isPlainCharacter((char) c)) {
                b.append((char) c);
              } else {
                b.append(String.format(Locale.ROOT, "\\u%04x", c));
              }
            }
          }
        });
    return b.append('"').toString();
  }
}
