package io.sluice.local.environment;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What really lies in an environment after the installer said that all went well: a setting of the
 * user's ({@code target} in a {@code pip.conf}) can send packages elsewhere, and an environment
 * that lacks them would be looked for faults in the user's code.
 */
final class Installed {
  private static final String SUFFIX = ".dist-info";

  /** uv's and pip's words for a requirement that the lock contradicts. */
  private static final Pattern CONFLICT =
      Pattern.compile(
          "The package `([^`]+)` requires `([^`]+)`, but `([^`]+)` is installed"
              + "|^(\\S+ \\S+) has requirement (\\S+?),? but you have (.+?)\\.?$");

  private Installed() {}

  /** Versions by normalised name. */
  static Map<String, String> in(Path folder) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> walk = Files.find(folder.resolve("lib"), 3, (p, a) -> isPackage(p))) {
      for (Path info : walk.toList()) {
        String name = info.getFileName().toString();
        String[] parts = name.substring(0, name.length() - SUFFIX.length()).split("-", 2);
        found.put(LockFile.normalised(parts[0]), parts.length == 2 ? parts[1] : "");
      }
    }
    return found;
  }

  private static boolean isPackage(Path path) {
    return path.getFileName().toString().endsWith(SUFFIX);
  }

  /**
   * Holds an environment against its lock.
   *
   * @throws SluiceException SLU-3402
   */
  static void holdAgainst(Map<String, String> pins, Path folder, EnvironmentRequest request)
      throws IOException {
    Map<String, String> found = in(folder);
    List<String> lacking =
        pins.keySet().stream()
            .filter(name -> !found.containsKey(name))
            .map(name -> name + "==" + pins.get(name))
            .toList();
    if (!lacking.isEmpty()) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-3402",
              "environment "
                  + request.name()
                  + ": the installer said that it was done, and "
                  + String.join(", ", lacking)
                  + " is not there",
              "a setting of pip or uv sends packages elsewhere, such as `target`, `prefix` or"
                  + " `user` in pip.conf or uv.toml: take it away"));
    }
  }

  /**
   * Looks for a requirement that the lock contradicts in what {@code pip check} said. One that is
   * merely absent is none: a lock may leave out what is never imported.
   */
  static void refuseConflicts(List<String> said, EnvironmentRequest request) {
    for (String line : said) {
      Matcher m = CONFLICT.matcher(line.strip());
      if (m.find()) {
        boolean uv = m.group(1) != null;
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-3403",
                "environment %s: %s pins what contradicts itself: %s needs %s, and %s is pinned"
                    .formatted(
                        request.name(),
                        request.lockName(),
                        uv ? m.group(1) : m.group(4),
                        uv ? m.group(2) : m.group(5),
                        uv ? m.group(3) : m.group(6)),
                "write the lock anew with `uv pip compile --generate-hashes`, which finds versions"
                    + " that go together or says that there are none"));
      }
    }
  }
}
