package io.sluice.core.check;

import io.sluice.core.diag.Location;
import io.sluice.core.spec.Spec;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A script of the pipeline's folder with Windows line ends, where that breaks it: as a program, for
 * which the kernel looks for what its first line names, carriage return and all, and as what a
 * shell reads, for which the carriage return belongs to the last word of each line. Python and
 * others do not mind.
 */
final class WindowsLinesRule implements Rule {
  private static final Pattern OPTION = Pattern.compile("[-+].*");
  private static final Pattern WITH_TEXT = Pattern.compile("-[a-zA-Z]*c[a-zA-Z]*");
  private static final Pattern WITH_ARGUMENT =
      Pattern.compile("[-+][a-zA-Z]*[oO]|--rcfile|--init-file");

  private static final Pattern SEPARATOR = Pattern.compile("[;|&]+");
  private static final Pattern BLANKS = Pattern.compile("\\s+");
  private static final Pattern QUOTES = Pattern.compile("^[\"']|[\"']$");
  private static final Pattern ASSIGNMENT = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*=");

  /** What a shell reads itself. */
  private static final Set<String> READS = Set.of(".", "source");

  /** Programs that start the one that their arguments name. */
  private static final Set<String> STARTS_ANOTHER =
      Set.of("env", "timeout", "nice", "nohup", "time");

  /** What may stand before a command. */
  private static final Set<String> BEFORE =
      Set.of(
          "exec", "command", "if", "then", "else", "elif", "while", "until", "do", "!", "(", "{");

  @Override
  public void check(SpecView view, Findings findings) {
    view.tree()
        .ifPresent(tree -> view.commands((command, at) -> check(command, at, tree, findings)));
  }

  private static void check(Spec.Command command, Location at, SpecFiles tree, Findings findings) {
    Optional<Broken> broken =
        switch (command) {
          case Spec.Command.Exec exec -> ofWords(exec.argv(), tree);
          case Spec.Command.Script script -> ofText(script.text(), tree);
        };
    broken.ifPresent(b -> add(b.file(), b.why(), at, findings));
  }

  /** A file whose line ends break it, and how. */
  private record Broken(String file, String why) {}

  /** Of a program and its arguments: the program, or what a shell among them reads. */
  private static Optional<Broken> ofWords(List<String> argv, SpecFiles tree) {
    Optional<Broken> program = ofProgram(argv.getFirst(), tree);
    if (program.isPresent()) {
      return program;
    }
    for (int i = 0; i < argv.size(); i++) {
      if (PipeRule.isShell(argv.get(i))) {
        return ofShell(argv.subList(i + 1, argv.size()), tree);
      }
    }
    return Optional.empty();
  }

  private static Optional<Broken> ofProgram(String word, SpecFiles tree) {
    String first = word.contains("/") ? line(word, tree) : "";
    return first.startsWith("#!") && first.endsWith("\r")
        ? Optional.of(
            new Broken(
                word,
                "there is no program `"
                    + first.substring(2).strip()
                    + "\\r`, which its first line names"))
        : Optional.empty();
  }

  /** Of the arguments of a shell: the file behind its options, or the text behind {@code -c}. */
  private static Optional<Broken> ofShell(List<String> arguments, SpecFiles tree) {
    for (int i = 0; i < arguments.size(); i++) {
      String word = arguments.get(i);
      boolean more = i + 1 < arguments.size();
      if (word.equals("--")) {
        return more ? ofRead(arguments.get(i + 1), tree) : Optional.empty();
      }
      if (WITH_TEXT.matcher(word).matches()) {
        return more ? ofText(arguments.get(i + 1), tree) : Optional.empty();
      }
      if (WITH_ARGUMENT.matcher(word).matches()) {
        i++;
      } else if (!OPTION.matcher(word).matches()) {
        return ofRead(word, tree);
      }
    }
    return Optional.empty();
  }

  private static Optional<Broken> ofRead(String file, SpecFiles tree) {
    return line(file, tree).endsWith("\r")
        ? Optional.of(new Broken(file, "a shell takes them for a part of its words"))
        : Optional.empty();
  }

  /**
   * Of a script's text: the first words of its commands, as far as they can be told without a
   * shell, that is up to a change of the folder or a document in the text.
   */
  private static Optional<Broken> ofText(String text, SpecFiles tree) {
    for (String line : text.replace("\\\n", " ").split("\n", -1)) {
      if (line.strip().startsWith("#")) {
        continue;
      }
      for (String command : SEPARATOR.split(line, -1)) {
        List<String> words = words(command);
        if (words.isEmpty()) {
          continue;
        }
        if (words.getFirst().equals("cd")) {
          return Optional.empty();
        }
        Optional<Broken> broken = ofCommand(words, tree);
        if (broken.isPresent()) {
          return broken;
        }
      }
      if (line.contains("<<")) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static Optional<Broken> ofCommand(List<String> words, SpecFiles tree) {
    String first = words.getFirst();
    if (READS.contains(first)) {
      return words.size() > 1 ? ofRead(words.get(1), tree) : Optional.empty();
    }
    return PipeRule.isShell(first) || STARTS_ANOTHER.contains(first)
        ? ofWords(words, tree)
        : ofProgram(first, tree);
  }

  /** The words of a command without quotes, from its program on. */
  private static List<String> words(String command) {
    return BLANKS
        .splitAsStream(command)
        .map(word -> QUOTES.matcher(word).replaceAll(""))
        .filter(word -> !word.isEmpty())
        .dropWhile(word -> BEFORE.contains(word) || ASSIGNMENT.matcher(word).lookingAt())
        .toList();
  }

  private static void add(String file, String why, Location at, Findings findings) {
    findings.add(
        "SLU-1703",
        at,
        file + " has Windows line ends (CR LF): " + why,
        "save it with line ends of Unix (`sed -i 's/\\r$//' "
            + file
            + "`); `*.sh text eol=lf` in .gitattributes has git keep them");
  }

  /** The first line of a file with what ends it but its line feed; empty where there is none. */
  private static String line(String path, SpecFiles tree) {
    String beginning = tree.beginning(path.startsWith("./") ? path.substring(2) : path);
    int end = beginning.indexOf('\n');
    return end < 0 ? "" : beginning.substring(0, end);
  }
}
