package io.sluice.worker.command;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The strict reader of a worker command's argument vector, which only tasks of the catalog write:
 * every option is long, known and given once; a scalar takes the next argument whatever it looks
 * like; a list takes arguments up to the next option of the command; {@code --command} takes all
 * the rest. See docs/adr/0051-worker-arguments.md for why this is not a command-line library.
 */
public final class Arguments {
  private static final String REST = "--command";

  private final Map<String, List<String>> values;
  private final Path cwd;

  private Arguments(Map<String, List<String>> values, Path cwd) {
    this.values = values;
    this.cwd = cwd;
  }

  /** What a command accepts. Names are written with their dashes. */
  public record Grammar(
      Set<String> scalars, Set<String> optional, Set<String> lists, boolean command) {}

  /**
   * @throws SluiceException {@code SLU-4020} for anything that the grammar does not allow
   */
  public static Arguments read(List<String> argv, Grammar grammar, Path cwd) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    Set<String> known = new TreeSet<>(grammar.scalars());
    known.addAll(grammar.optional());
    known.addAll(grammar.lists());
    if (grammar.command()) {
      known.add(REST);
    }
    int i = 0;
    while (i < argv.size()) {
      String name = argv.get(i++);
      if (!known.contains(name)) {
        throw wrong("unknown argument " + name + "; known are " + String.join(" ", known));
      }
      List<String> taken = new ArrayList<>();
      if (name.equals(REST)) {
        taken.addAll(argv.subList(i, argv.size()));
        i = argv.size();
      } else if (grammar.lists().contains(name)) {
        while (i < argv.size() && !known.contains(argv.get(i))) {
          taken.add(argv.get(i++));
        }
      } else if (i < argv.size()) {
        taken.add(argv.get(i++));
      } else {
        throw wrong(name + " is the last argument and has no value");
      }
      if (values.put(name, List.copyOf(taken)) != null) {
        throw wrong(name + " is given twice");
      }
    }
    Set<String> missing = new TreeSet<>(known);
    missing.removeAll(new HashSet<>(values.keySet()));
    missing.removeAll(grammar.optional());
    if (!missing.isEmpty()) {
      throw wrong("missing " + String.join(" ", missing));
    }
    return new Arguments(values, cwd);
  }

  public String text(String name) {
    return optional(name).orElseThrow(() -> wrong("missing " + name));
  }

  public Optional<String> optional(String name) {
    return Optional.ofNullable(values.get(name)).map(List::getFirst);
  }

  /** A scalar that may be given as an empty text, which means absent. */
  public Optional<String> nonEmpty(String name) {
    return optional(name).filter(v -> !v.isEmpty());
  }

  public List<String> list(String name) {
    return values.getOrDefault(name, List.of());
  }

  public List<String> command() {
    return list(REST);
  }

  public Path path(String name) {
    return cwd.resolve(text(name));
  }

  public Optional<Path> optionalPath(String name) {
    return nonEmpty(name).map(cwd::resolve);
  }

  public Digest digest(String name) {
    return as(name, Digest::parse);
  }

  public long number(String name) {
    return as(name, Long::parseLong);
  }

  /** A scalar read by a constructor or parser that throws {@link IllegalArgumentException}. */
  public <T> T as(String name, java.util.function.Function<String, T> parser) {
    try {
      return parser.apply(text(name));
    } catch (IllegalArgumentException e) {
      throw wrong(name + ": " + e.getMessage());
    }
  }

  public static SluiceException wrong(String message) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-4020",
            message,
            "tasks of the catalog write these arguments: are tasks and worker of one version?"));
  }
}
