package io.sluice.local.interpret;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tekton's variable substitution: {@code $(params.x)}, {@code $(params.x[*])}, {@code
 * $(params.x[0])}, {@code $(params["x"])} and the like. A value is never looked through again. What
 * is none of Tekton's names, {@code $(HOME)} for example, is left for {@link Expansion}.
 */
final class Variables {
  private static final Pattern REFERENCE =
      Pattern.compile("\\$\\(([A-Za-z][\\w.-]*(?:\\[[^\\]$()]*\\][\\w.-]*)*)\\)");
  private static final Pattern QUOTED = Pattern.compile("\\[(?:\"([^\"]*)\"|'([^']*)')\\]");
  private static final Pattern INDEXED = Pattern.compile("(.*)\\[(\\*|\\d{1,6})\\]");

  /** Ours: a variable of the container that is named so that Tekton's webhook lets it pass. */
  private static final String DOLLAR = "context.dollar";

  /** How params were named when tasks had inputs; Tekton still knows it. */
  private static final String OLD = "inputs.params.";

  private static final Set<String> ROOTS =
      Set.of("params", "tasks", "workspaces", "results", "steps", "step", "context");

  /** A variable of Tekton's that has no value here. */
  static final class UnresolvedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final String name;

    UnresolvedException(String name) {
      super("$(" + name + ") has no value");
      this.name = name;
    }

    String variable() {
      return name;
    }
  }

  private final Map<String, String> texts = new LinkedHashMap<>();
  private final Map<String, List<String>> lists = new LinkedHashMap<>();

  Variables() {}

  /** A copy to add to. */
  Variables(Variables other) {
    texts.putAll(other.texts);
    lists.putAll(other.lists);
  }

  Variables put(String name, String value) {
    lists.remove(name);
    texts.put(name, value);
    return this;
  }

  Variables put(String name, List<String> values) {
    texts.remove(name);
    lists.put(name, List.copyOf(values));
    return this;
  }

  /** The names that a text refers to, in normal form and without index. */
  static Set<String> references(String text) {
    Set<String> names = new LinkedHashSet<>();
    Matcher m = REFERENCE.matcher(text);
    while (m.find()) {
      String name = normal(m.group(1));
      Matcher indexed = INDEXED.matcher(name);
      String bare = indexed.matches() ? indexed.group(1) : name;
      if (isTektons(bare)) {
        names.add(bare);
      }
    }
    return names;
  }

  /** Names of references that are none of Tekton's: its webhook refuses them in a pipeline. */
  static Set<String> foreign(String text) {
    Set<String> names = new LinkedHashSet<>();
    Matcher m = REFERENCE.matcher(text);
    while (m.find()) {
      String name = normal(m.group(1));
      if (!isTektons(name) && !name.equals(DOLLAR)) {
        names.add(name);
      }
    }
    return names;
  }

  /** Substitutes in one text. */
  String text(String text) throws UnresolvedException {
    Matcher m = REFERENCE.matcher(text);
    StringBuilder out = new StringBuilder();
    while (m.find()) {
      String name = normal(m.group(1));
      if (!isTektons(name)) {
        m.appendReplacement(out, Matcher.quoteReplacement(m.group()));
        continue;
      }
      String value = value(name);
      if (value == null) {
        throw new UnresolvedException(m.group(1));
      }
      m.appendReplacement(out, Matcher.quoteReplacement(value));
    }
    return m.appendTail(out).toString();
  }

  /** Substitutes in a list, where an element that is just {@code $(x[*])} becomes x's elements. */
  List<String> list(List<String> elements) throws UnresolvedException {
    List<String> out = new ArrayList<>();
    for (String element : elements) {
      List<String> whole = whole(element);
      if (whole == null) {
        out.add(text(element));
      } else {
        out.addAll(whole);
      }
    }
    return out;
  }

  /**
   * The list that {@code $(x[*])} stands for, or {@code $(x)} where x is one; null when the text is
   * anything else.
   */
  @Nullable List<String> whole(String text) throws UnresolvedException {
    Matcher m = REFERENCE.matcher(text);
    if (!m.matches()) {
      return null;
    }
    String name = normal(m.group(1));
    if (!name.endsWith("[*]") || !isTektons(name)) {
      return lists.get(name);
    }
    List<String> values = lists.get(name.substring(0, name.length() - 3));
    if (values == null) {
      throw new UnresolvedException(m.group(1));
    }
    return values;
  }

  private @Nullable String value(String name) {
    Matcher indexed = INDEXED.matcher(name);
    if (!indexed.matches()) {
      return texts.get(name);
    }
    List<String> values = lists.get(indexed.group(1));
    if (values == null || indexed.group(2).equals("*")) {
      return null;
    }
    int index = Integer.parseInt(indexed.group(2));
    return index < values.size() ? values.get(index) : null;
  }

  /** {@code params["a.b"]} and {@code inputs.params.a.b} are the same as {@code params.a.b}. */
  private static String normal(String name) {
    String unquoted =
        QUOTED
            .matcher(name)
            .replaceAll(m ->
                Matcher.quoteReplacement("." + (m.group(1) == null ? m.group(2) : m.group(1))));
    return unquoted.startsWith(OLD) ? unquoted.substring("inputs.".length()) : unquoted;
  }

  private static boolean isTektons(String name) {
    int dot = name.indexOf('.');
    return dot > 0 && ROOTS.contains(name.substring(0, dot)) && !name.equals(DOLLAR);
  }
}
