package io.sluice.local.environment;

import io.sluice.core.diag.Diagnostic;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads what pip or uv said when an installation failed, so that the user learns which package it
 * was and why instead of reading a tool's output.
 */
final class InstallFailure {
  private static final Pattern UV_HASH = Pattern.compile("Hash mismatch for `([^`]+)`");
  private static final Pattern PIP_HASH = Pattern.compile("(?m)^\\s+(\\S+==\\S+) from \\S+");
  private static final Pattern UV_UNKNOWN =
      Pattern.compile(
          "(\\S+) was not found in the (?:package registry|provided package locations)");
  private static final Pattern UV_NO_VERSION = Pattern.compile("there is no version of (\\S+)");
  private static final Pattern UV_NO_WHEEL =
      Pattern.compile("Because (\\S+) has no (?:usable wheels|wheels with a matching [^,.]*)");
  private static final Pattern UV_REQUIRES_PYTHON =
      Pattern.compile("and (\\S+) depends on Python([^,]+), we can conclude");
  private static final Pattern PIP_NONE =
      Pattern.compile("No matching distribution found for (\\S+)");
  private static final Pattern UV_PACKAGE =
      Pattern.compile(
          "Failed to (?:download(?: and build)?|build|fetch|install|prepare[^`]*):? `([^`]+)`");
  private static final Pattern UNREACHABLE =
      Pattern.compile(
          "error sending request|Failed to fetch|tcp connect error|dns error|operation timed out"
              + "|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ConnectionResetError"
              + "|Temporary failure in name resolution|SSLError|ProxyError|HTTP status server error"
              + "|connection was interrupted by 'Connection");
  private static final Pattern ADDRESS = Pattern.compile("https?://([^/\\s)]+)");

  private InstallFailure() {}

  /**
   * The diagnostic for this output.
   *
   * @param lockName the file to name in hints
   */
  static Diagnostic of(String environment, String lockName, List<String> output) {
    String text = String.join("\n", output);
    Optional<String> mismatch = first(UV_HASH, text);
    if (mismatch.isEmpty() && text.contains("DO NOT MATCH THE HASHES")) {
      mismatch = first(PIP_HASH, text).or(() -> Optional.of("a package"));
    }
    if (mismatch.isPresent()) {
      return Diagnostic.of(
          "SLU-3011",
          "environment "
              + environment
              + ": what the index holds as "
              + mismatch.get()
              + " has another hash than "
              + lockName
              + " says",
          "do not install it before you know why; if the lock is merely damaged, write it anew with"
              + " `uv pip compile --generate-hashes`");
    }
    if (text.toLowerCase(Locale.ROOT).contains("no space left on device")) {
      return Diagnostic.of(
          "SLU-3015",
          "environment " + environment + " does not fit: no space left on the device",
          "free some space, or point XDG_CACHE_HOME at a larger disk");
    }
    if (UNREACHABLE.matcher(text).find()) {
      String host = first(ADDRESS, text).map(h -> " (" + h + ")").orElse("");
      String what = first(UV_PACKAGE, text).map(p -> " for " + p).orElse("");
      return Diagnostic.of(
          "SLU-3013",
          "environment "
              + environment
              + ": the package index"
              + host
              + " did not answer"
              + what
              + ": "
              + lastCause(output),
          "check the network, the proxy and the index settings of pip and uv, then run again");
    }
    Optional<String> python = first(UV_REQUIRES_PYTHON, text);
    Optional<String> missing =
        python
            .or(() -> first(UV_UNKNOWN, text))
            .or(() -> first(UV_NO_VERSION, text))
            .or(() -> first(UV_NO_WHEEL, text))
            .or(() -> first(PIP_NONE, text));
    if (missing.isPresent()) {
      return Diagnostic.of(
          "SLU-3012",
          "environment "
              + environment
              + ": "
              + missing.get()
              + " from "
              + lockName
              + " is not to be had for this machine and Python: "
              + lastCause(output),
          "correct its name or version where the lock comes from, and write the lock anew for this"
              + " Python and platform");
    }
    String what = first(UV_PACKAGE, text).map(p -> p + " from ").orElse("");
    return Diagnostic.of(
        "SLU-3014",
        "environment "
            + environment
            + ": "
            + what
            + lockName
            + " could not be installed: "
            + lastCause(output),
        "the full output is above, in the lines of the set-up; install the lock by hand to try"
            + " changes");
  }

  private static Optional<String> first(Pattern pattern, String text) {
    Matcher m = pattern.matcher(text);
    return m.find() ? Optional.of(m.group(1)) : Optional.empty();
  }

  /** The most telling line: uv's last {@code cause}, pip's or uv's last {@code error}. */
  private static String lastCause(List<String> output) {
    String best = "";
    for (String line : output) {
      String s = line.strip();
      String lower = s.toLowerCase(Locale.ROOT);
      if (lower.startsWith("cause:") || lower.startsWith("error:")) {
        best = s.substring(s.indexOf(':') + 1).strip();
      }
    }
    if (best.isEmpty()) {
      for (String line : output) {
        best = line.isBlank() ? best : line.strip();
      }
    }
    return best.isEmpty() ? "it said nothing" : best;
  }
}
