package io.sluice.worker.command;

import java.util.List;

/**
 * Reads the words of a command as the compiler writes them (docs/architecture.md, Escapes): {@code
 * §S} is a {@code $}, {@code §§} is a {@code §}, anything else is itself. A command that people
 * write by hand needs none of it unless it has {@code $(}, {@code $$} or {@code §}.
 */
public final class CommandWords {
  private static final char MARK = '§';

  private CommandWords() {}

  /** The words as the process gets them. */
  public static List<String> read(List<String> written) {
    return written.stream().map(CommandWords::read).toList();
  }

  private static String read(String written) {
    StringBuilder out = new StringBuilder(written.length());
    for (int i = 0; i < written.length(); i++) {
      char c = written.charAt(i);
      char next = i + 1 < written.length() ? written.charAt(i + 1) : ' ';
      if (c == MARK && (next == 'S' || next == MARK)) {
        out.append(next == 'S' ? '$' : MARK);
        i++;
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
