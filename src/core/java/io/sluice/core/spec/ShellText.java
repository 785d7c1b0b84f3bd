package io.sluice.core.spec;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The argument vector that runs the text of a command so that no failure in it passes unseen.
 *
 * <p>{@code /bin/sh -eu} looks at the last command of a pipe only, so that {@code load | tee log}
 * succeeds when {@code load} dies half way. A text with a pipe is therefore given to a shell that
 * has {@code pipefail}: the {@code /bin/sh} of the image or machine where it knows the option
 * (BusyBox, Bash, and every shell of POSIX 2024), else its Bash. Where there is neither, the text
 * is refused before any of it runs. See docs/adr/0380.
 */
final class ShellText {
  /**
   * A bar that is not one half of {@code ||}. It counts bars in quotes and patterns as well: they
   * cost nothing where a shell has {@code pipefail}, and a scanner of quotes that errs would let a
   * failure pass.
   */
  private static final Pattern PIPE = Pattern.compile("(?<!\\|)\\|(?!\\|)");

  private static final String WITH_PIPEFAIL =
      """
      if /bin/sh -o pipefail -c : 2>/dev/null; then exec /bin/sh -euo pipefail -c "$1"; fi
      if command -v bash >/dev/null; then exec bash --posix -euo pipefail -c "$1"; fi
      echo "SLU-3041: the command has a pipe, and no shell of this environment tells when the first part of a pipe fails" >&2
      echo "  = help: install bash in the image; or write the command as a list without a pipe, [program, argument, ..]" >&2
      exit 2
      """;

  private ShellText() {}

  static boolean hasPipe(String text) {
    return PIPE.matcher(text).find();
  }

  static List<String> argv(String text) {
    return hasPipe(text)
        ? List.of("/bin/sh", "-eu", "-c", WITH_PIPEFAIL, "sluice-pipe", text)
        : List.of("/bin/sh", "-eu", "-c", text);
  }
}
