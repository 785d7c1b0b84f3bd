package io.sluice.tekton.lower;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.core.json.Json;
import java.util.Map;

/**
 * Brings a user's {@code $} unchanged through Tekton, which replaces {@code $(name)}, and through
 * Kubernetes, which then does the same in arguments and turns {@code $$} into {@code $}.
 */
public final class Escapes {
  private static final int WIDTH = 80;

  private Escapes() {}

  /**
   * A text as an argument or environment value of a step: {@code $(} becomes {@code
   * $(context.dollar)(}, where the tasks of the catalog define the variable {@code context.dollar}
   * as one {@code $}; every other {@code $} is doubled. Kubernetes puts it in; the name passes
   * Tekton, which from 1.15 on refuses a reference in a pipeline's parameter that begins with
   * anything but {@code params}, {@code context} and a few others.
   */
  public static String argument(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '$') {
        out.append(c);
      } else if (i + 1 < text.length() && text.charAt(i + 1) == '(') {
        out.append("$(context.dollar)");
      } else {
        out.append("$$");
      }
    }
    return out.toString();
  }

  /**
   * A word of a command, which {@code sluice-worker fetch} reads back ({@code CommandWords}): a
   * {@code $} before {@code (} or {@code $} becomes {@code §S}, and {@code §} is doubled, so that
   * neither Tekton nor Kubernetes finds anything to replace, and no text grows to more than twice
   * its size but one of dollar signs alone. Any other {@code $} stays as people write it.
   */
  public static String command(String word) {
    StringBuilder out = new StringBuilder(word.length() + 16);
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      char next = i + 1 < word.length() ? word.charAt(i + 1) : ' ';
      if (c == '§') {
        out.append("§§");
      } else if (c == '$' && (next == '(' || next == '$')) {
        out.append("§S");
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /**
   * JSON without a {@code $}: it can only be inside strings, as its six-character JSON escape. Keys
   * are sorted; an object too long for a line has one line a member, so that a change of one value
   * is a change of one line.
   */
  public static String json(JsonNode value) {
    StringBuilder out = new StringBuilder();
    lay(Json.parse(Json.canonical(value)), "", 0, out);
    return out.toString().replace("$", "\\u0024");
  }

  private static void lay(JsonNode value, String indent, int column, StringBuilder out) {
    String line = Json.canonical(value);
    if (!value.isObject() || column + line.length() <= WIDTH) {
      out.append(line);
      return;
    }
    String inner = indent + "  ";
    String separator = "{\n";
    for (Map.Entry<String, JsonNode> member : value.properties()) {
      String key = inner + Json.canonical(TextNode.valueOf(member.getKey())) + ": ";
      out.append(separator).append(key);
      lay(member.getValue(), inner, key.length(), out);
      separator = ",\n";
    }
    out.append('\n').append(indent).append('}');
  }
}
