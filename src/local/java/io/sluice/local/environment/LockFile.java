package io.sluice.local.environment;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The requirements of a lock file, read before anything is fetched. */
final class LockFile {
  private static final int MAX_REPORTED = 10;
  private static final Pattern PINNED =
      Pattern.compile(
          "^([A-Za-z0-9][A-Za-z0-9._-]*)(\\[[^\\]]*\\])?\\s*===?\\s*([^\\s;]+)\\s*(;.*?)?(\\s--hash.*)?$");

  private LockFile() {}

  /**
   * The versions that are pinned on every machine, by normalised name; a requirement with a marker
   * ({@code ; sys_platform == "win32"}) is not among them.
   *
   * @throws SluiceException SLU-3016 when the lock does not fix what will be installed, SLU-3401
   *     when it fixes one package twice
   */
  static Map<String, String> pins(EnvironmentRequest request) {
    List<Diagnostic> wrong = new ArrayList<>();
    Map<String, String> pins = new TreeMap<>();
    String joined = request.lock().replace("\\\r\n", " ").replace("\\\n", " ");
    for (String line : joined.lines().toList()) {
      String s = line.strip();
      if (s.isEmpty() || s.startsWith("#")) {
        continue;
      }
      String name = s.split("[\\s=<>~!;\\[@]", 2)[0];
      Matcher pinned = PINNED.matcher(s);
      if (s.startsWith("-")) {
        wrong.add(loose(request, "holds the option `" + s.split("\\s", 2)[0] + "`"));
      } else if (!pinned.matches()) {
        wrong.add(loose(request, "does not pin " + name + " with =="));
      } else if (!s.contains("--hash=sha256:")) {
        wrong.add(loose(request, "has no hash for " + name));
      } else if (pinned.group(4) == null) {
        String other = pins.putIfAbsent(normalised(name), pinned.group(3));
        if (other != null && !other.equals(pinned.group(3))) {
          wrong.add(twice(request, name, other, pinned.group(3)));
        }
      }
    }
    if (!wrong.isEmpty()) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG, wrong.subList(0, Math.min(MAX_REPORTED, wrong.size())));
    }
    return pins;
  }

  /** A name as package indexes compare it (PEP 503). */
  static String normalised(String name) {
    return name.replaceAll("[-_.]+", "-").toLowerCase(Locale.ROOT);
  }

  private static Diagnostic loose(EnvironmentRequest request, String lack) {
    return Diagnostic.of(
        "SLU-3016",
        "environment " + request.name() + ": " + request.lockName() + " " + lack,
        "write it with `uv pip compile --generate-hashes`; indexes are set in the"
            + " configuration of pip and uv");
  }

  private static Diagnostic twice(
      EnvironmentRequest request, String name, String one, String other) {
    return Diagnostic.of(
        "SLU-3401",
        "environment "
            + request.name()
            + ": "
            + request.lockName()
            + " pins "
            + name
            + " to "
            + one
            + " and to "
            + other,
        "an environment has one version of a package: give what needs the other an environment of"
            + " its own");
  }
}
