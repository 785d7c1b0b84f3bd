package io.sluice.core.spec;

import io.sluice.core.diag.Location;
import io.sluice.core.diag.SourceFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * Reads YAML from people one need not trust. Works on SnakeYAML's events rather than on its nodes,
 * because there an alias is still only an alias: it is refused before anything multiplies it. Size
 * and nesting are bounded, tags and merge keys refused, keys unique.
 */
final class YamlReader {
  static final int MAX_CODE_POINTS = 256 * 1024;
  static final int MAX_NESTING = 40;

  private static final String NO_ANCHORS =
      "anchors and aliases are not part of the spec: write the value out, or put it under"
          + " \"defaults\"";

  private final SourceFile file;
  private final Problems problems;
  private final List<String> lines;
  private final Set<String> anchors = new HashSet<>();
  private final Map<List<String>, Location> keys = new HashMap<>();
  private final Map<List<String>, Location> values = new HashMap<>();

  private YamlReader(SourceFile file, Problems problems) {
    this.file = file;
    this.problems = problems;
    this.lines = file.text().lines().toList();
  }

  /**
   * @param root empty when the text is not a YAML document at all; {@code problems} then says why
   */
  record Document(Optional<Yaml> root, Spans spans) {}

  static Document read(SourceFile source, Problems problems) {
    SourceFile file =
        source.text().startsWith("\uFEFF")
            ? new SourceFile(source.name(), source.text().substring(1))
            : source;
    YamlReader reader = new YamlReader(file, problems);
    Optional<Yaml> root = reader.document();
    return new Document(root, new Spans(file, reader.keys, reader.values));
  }

  private Optional<Yaml> document() {
    String text = file.text();
    if (text.codePointCount(0, text.length()) > MAX_CODE_POINTS) {
      problems.add(
          "SLU-1002",
          new Location(file, 1, 1, 1),
          "the document is longer than " + MAX_CODE_POINTS + " characters",
          "a spec names data, it does not hold it; move large values to a file");
      return Optional.empty();
    }
    if (strangeCharacter(text)) {
      return Optional.empty();
    }
    try {
      ParserImpl events = new ParserImpl(new StreamReader(text), new LoaderOptions());
      events.getEvent(); // stream start
      if (events.checkEvent(Event.ID.StreamEnd)) {
        problems.add(
            "SLU-1008",
            new Location(file, 1, 1, 1),
            "the document is empty",
            "start with \"apiVersion: " + Spec.API_VERSION + "\"");
        return Optional.empty();
      }
      events.getEvent(); // document start
      Yaml root = node(events, new ArrayList<>());
      events.getEvent(); // document end
      if (!events.checkEvent(Event.ID.StreamEnd)) {
        problems.add(
            "SLU-1008",
            start(events.peekEvent()),
            "a second document in one file",
            "write one pipeline a file, without a \"---\" between");
      }
      return Optional.of(root);
    } catch (TooDeep e) {
      problems.add(
          "SLU-1002",
          e.at,
          "nested deeper than " + MAX_NESTING + " levels",
          "no part of a spec needs that; look for brackets that are never closed");
    } catch (MarkedYAMLException e) {
      syntax(e);
    } catch (YAMLException e) {
      // what the event parser throws without a place, for example for an unknown directive
      String said = e.getMessage();
      problems.add(
          "SLU-1001",
          new Location(file, 1, 1, 1),
          "not valid YAML" + (said == null ? "" : ": " + firstLine(said)),
          "");
    }
    return Optional.empty();
  }

  /** YAML refuses most control characters; its line separators would put every line number off. */
  private boolean strangeCharacter(String text) {
    int line = 1;
    int column = 1;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      boolean strange =
          !StreamReader.isPrintable(c) || c == 0x85 || c == 0x2028 || c == 0x2029 || c == 0xFEFF;
      if (strange) {
        problems.add(
            "SLU-1001",
            new Location(file, line, column, 1),
            String.format("the character U+%04X does not belong in a spec", c),
            "delete it; within double quotes it can be written as an escape");
        return true;
      }
      i += Character.charCount(c);
      boolean lineEnds = c == '\n' || (c == '\r' && !text.startsWith("\n", i));
      line = lineEnds ? line + 1 : line;
      column = lineEnds ? 1 : column + 1;
    }
    return false;
  }

  private void syntax(MarkedYAMLException e) {
    Mark mark = e.getProblemMark() == null ? e.getContextMark() : e.getProblemMark();
    Location at =
        mark == null
            ? new Location(file, 1, 1, 1)
            : new Location(file, mark.getLine() + 1, mark.getColumn() + 1, 1);
    String line = at.line() <= lines.size() ? lines.get(at.line() - 1) : "";
    int tab = line.indexOf('\t');
    if (tab >= 0 && line.substring(0, tab).isBlank()) {
      problems.add(
          "SLU-1003",
          new Location(file, at.line(), tab + 1, 1),
          "a tab indents this line",
          "indent with spaces; YAML does not allow tabs there");
      return;
    }
    Mark context = e.getContextMark();
    problems.add(
        "SLU-1001",
        at,
        "not valid YAML: " + firstLine(String.valueOf(e.getProblem())),
        e.getContext() == null || context == null
            ? "check indentation, quotes and brackets on this line and the one above"
            : e.getContext()
                + " that began on line "
                + (context.getLine() + 1)
                + "; often an indentation, a quote or a bracket is missing");
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("").strip();
  }

  private Yaml node(ParserImpl events, List<String> path) {
    Event event = events.getEvent();
    Location at = location(event);
    if (path.size() > MAX_NESTING) {
      throw new TooDeep(at);
    }
    Yaml read =
        switch (event) {
          case AliasEvent alias -> {
            if (!anchors.contains(alias.getAnchor())) { // else its anchor has been reported
              problems.add("SLU-1006", at, "an alias, \"*" + alias.getAnchor() + "\"", NO_ANCHORS);
            }
            yield new Yaml.Broken(at);
          }
          case ScalarEvent scalar -> {
            decorations(scalar, at, scalar.getTag());
            if (scalar.getValue().indexOf('\0') >= 0) {
              problems.add(
                  "SLU-1001",
                  at,
                  "a NUL character (\\0), which no program can be given",
                  "take it away");
              yield new Yaml.Broken(at);
            }
            boolean plain = scalar.getScalarStyle() == DumperOptions.ScalarStyle.PLAIN;
            yield new Yaml.Scalar(scalar.getValue(), plain, at);
          }
          case SequenceStartEvent start -> {
            decorations(start, at, start.getTag());
            yield sequence(events, path, start);
          }
          case MappingStartEvent start -> {
            decorations(start, at, start.getTag());
            yield mapping(events, path, start);
          }
          default -> throw new IllegalStateException("unexpected YAML event " + event);
        };
    values.put(List.copyOf(path), read.at());
    return read;
  }

  private Yaml sequence(ParserImpl events, List<String> path, Event start) {
    List<Yaml> elements = new ArrayList<>();
    while (!events.checkEvent(Event.ID.SequenceEnd)) {
      path.add(Integer.toString(elements.size()));
      elements.add(node(events, path));
      path.remove(path.size() - 1);
    }
    return new Yaml.Sequence(List.copyOf(elements), location(start, events.getEvent()));
  }

  private Yaml mapping(ParserImpl events, List<String> path, Event start) {
    Map<String, Location> seen = new HashMap<>();
    List<Yaml.Entry> entries = new ArrayList<>();
    while (!events.checkEvent(Event.ID.MappingEnd)) {
      path.add("?"); // a key has no path of its own
      Yaml key = node(events, path);
      path.remove(path.size() - 1);
      if (!(key instanceof Yaml.Scalar scalar)) {
        if (!(key instanceof Yaml.Broken)) {
          problems.add("SLU-1010", key.at(), "a key must be a text", "write \"name: value\"");
        }
        path.add("?");
        node(events, path);
        path.remove(path.size() - 1);
        continue;
      }
      String name = scalar.text();
      path.add(name);
      Location earlier = seen.putIfAbsent(name, key.at());
      if (earlier != null) {
        problems.add(
            "SLU-1005",
            key.at(),
            "key \"" + name + "\" is there twice",
            "it is also on line " + earlier.line() + "; keep one of them");
        path.add("?"); // keeps the places of the first one
        node(events, path);
        path.remove(path.size() - 1);
      } else {
        keys.put(List.copyOf(path), key.at());
        Yaml value = node(events, path);
        if (name.equals("<<") && scalar.plain()) {
          problems.add(
              "SLU-1006",
              key.at(),
              "a merge key, \"<<\"",
              "write the values out, it is not an alias");
        } else {
          entries.add(new Yaml.Entry(name, key.at(), value));
        }
      }
      path.remove(path.size() - 1);
    }
    return new Yaml.Mapping(List.copyOf(entries), location(start, events.getEvent()));
  }

  private void decorations(NodeEvent event, Location at, @Nullable String tag) {
    if (event.getAnchor() != null) {
      problems.add("SLU-1006", at, "an anchor, \"&" + event.getAnchor() + "\"", NO_ANCHORS);
      anchors.add(event.getAnchor());
    }
    if (tag != null && !tag.equals("!")) {
      problems.add("SLU-1007", at, "a tag, \"" + tag + "\"", "values have no tags here; delete it");
    }
  }

  private Location start(Event event) {
    Mark mark = event.getStartMark();
    return new Location(file, mark.getLine() + 1, mark.getColumn() + 1, 1);
  }

  private Location location(Event event) {
    return location(event, event);
  }

  /** From the start of a node to its end, or to the end of its first line. */
  private Location location(Event first, Event last) {
    Mark start = first.getStartMark();
    Mark end = last.getEndMark();
    String line = start.getLine() < lines.size() ? lines.get(start.getLine()).stripTrailing() : "";
    int length =
        end.getLine() == start.getLine()
            ? end.getColumn() - start.getColumn()
            : line.codePointCount(0, line.length()) - start.getColumn();
    return new Location(file, start.getLine() + 1, start.getColumn() + 1, Math.max(1, length));
  }

  /** Ends the descent; never leaves this class. */
  private static final class TooDeep extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Location at;

    TooDeep(Location at) {
      super(null, null, false, false);
      this.at = at;
    }
  }
}
