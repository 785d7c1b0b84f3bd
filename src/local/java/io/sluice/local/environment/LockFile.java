package io.sluice.local.environment;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.Location;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The requirements of a lock file, read before anything is fetched. */
public final class LockFile {
  private static final int MAX_REPORTED = 10;
  private static final Pattern PINNED =
      Pattern.compile(
          "^([A-Za-z0-9][A-Za-z0-9._-]*)(\\[[^\\]]*\\])?\\s*===?\\s*([^\\s;]+)\\s*(;.*?)?(\\s--hash.*)?$");

  /** A file at an address, which with its hash is as fixed as a version. */
  private static final Pattern AT_ADDRESS =
      Pattern.compile(
          "^([A-Za-z0-9][A-Za-z0-9._-]*)(\\[[^\\]]*\\])?\\s*@\\s*([A-Za-z][A-Za-z0-9+.-]*):(\\S*)(\\s+;.*?)?(\\s+--hash.*)?$");

  private static final Pattern WHEEL = Pattern.compile(".*/[^/-]+-([^/-]+)-[^/]+\\.whl(#.*)?");

  /** Reads a checkout and not a file, whose hash could be fixed. */
  private static final Pattern VERSION_CONTROL = Pattern.compile("(git|hg|svn|bzr)(\\+.*)?");

  private LockFile() {}

  /**
   * A requirement with all its continuation lines.
   *
   * @param at of its first line
   */
  private record Requirement(String text, Location at) {}

  /** What was read of a lock file. */
  private record Read(Map<String, String> pins, List<Diagnostic> wrong) {}

  /**
   * The versions that are pinned on every machine, by normalised name; a requirement with a marker
   * ({@code ; sys_platform == "win32"}) is not among them.
   *
   * @throws SluiceException SLU-3016 when the lock does not fix what will be installed, SLU-3401
   *     when it fixes one package twice
   */
  static Map<String, String> pins(EnvironmentRequest request) {
    Read read = read(request.name(), request.lockName(), request.lock());
    if (!read.wrong().isEmpty()) {
      throw new SluiceException(ExitCode.INPUT_WRONG, reported(read.wrong()));
    }
    return read.pins();
  }

  /**
   * What is wrong with a lock file, each with its line.
   *
   * @param environment that names it
   * @param name of the file, for people
   */
  public static List<Diagnostic> problems(String environment, String name, String text) {
    return reported(read(environment, name, text).wrong());
  }

  private static List<Diagnostic> reported(List<Diagnostic> wrong) {
    return List.copyOf(wrong.subList(0, Math.min(MAX_REPORTED, wrong.size())));
  }

  /** The text as an installer on any system reads it: without a byte order mark, lines by LF. */
  static String plain(String text) {
    return (text.startsWith("\uFEFF") ? text.substring(1) : text).replace("\r\n", "\n");
  }

  private static Read read(String environment, String lockName, String text) {
    String what = "environment " + environment + ": " + lockName + " ";
    List<Diagnostic> wrong = new ArrayList<>();
    Map<String, String> pins = new TreeMap<>();
    for (Requirement requirement : requirements(new SourceFile(lockName, plain(text)))) {
      String s = requirement.text();
      Location at = requirement.at();
      String name = s.split("[\\s=<>~!;\\[@]", 2)[0];
      Matcher pinned = PINNED.matcher(s);
      Matcher address = AT_ADDRESS.matcher(s);
      if (s.startsWith("-")) {
        wrong.add(option(what, s.split("[\\s=]", 2)[0], at));
      } else if (address.matches() && VERSION_CONTROL.matcher(address.group(3)).matches()) {
        wrong.add(checkout(what, name, address.group(3), at));
      } else if (!pinned.matches() && !address.matches()) {
        wrong.add(loose(what + "does not pin " + name + " with ==", at));
      } else if (!s.contains("--hash=sha256:")) {
        wrong.add(loose(what + "has no hash for " + name, at));
      } else if ((pinned.matches() ? pinned.group(4) : address.group(5)) == null) {
        String version = pinned.matches() ? pinned.group(3) : version(address);
        String other = pins.putIfAbsent(normalised(name), version);
        if (other != null && !other.equals(version)) {
          wrong.add(twice(what, name, other, version, at));
        }
      }
    }
    return new Read(pins, wrong);
  }

  /** The version of a wheel, by its name; of another file its address. */
  private static String version(Matcher address) {
    Matcher wheel = WHEEL.matcher(address.group(4));
    return wheel.matches() ? wheel.group(1) : address.group(3) + ":" + address.group(4);
  }

  private static List<Requirement> requirements(SourceFile file) {
    List<Requirement> found = new ArrayList<>();
    List<String> lines = file.text().lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      int first = i;
      StringBuilder joined = new StringBuilder(lines.get(i));
      while (joined.toString().endsWith("\\") && i + 1 < lines.size()) {
        joined.setLength(joined.length() - 1);
        joined.append(' ').append(lines.get(++i));
      }
      String text = joined.toString().strip();
      if (!text.isEmpty() && !text.startsWith("#")) {
        int indent = lines.get(first).length() - lines.get(first).stripLeading().length();
        int length = Math.max(1, lines.get(first).strip().length());
        found.add(new Requirement(text, new Location(file, first + 1, indent + 1, length)));
      }
    }
    return found;
  }

  /** A name as package indexes compare it (PEP 503). */
  static String normalised(String name) {
    return name.replaceAll("[-_.]+", "-").toLowerCase(Locale.ROOT);
  }

  private static Diagnostic loose(String message, Location at) {
    return Diagnostic.at(
        "SLU-3016", message, at, "write it with `uv pip compile --generate-hashes`");
  }

  private static Diagnostic option(String what, String option, Location at) {
    return Diagnostic.at(
        "SLU-3016",
        what + "holds the option `" + option + "`",
        at,
        "delete line "
            + at.line()
            + "; an index is set in the configuration of uv and pip (uv.toml, pip.conf), and"
            + " `uv pip compile` writes options only with --emit-..");
  }

  private static Diagnostic checkout(String what, String name, String scheme, Location at) {
    return Diagnostic.at(
        "SLU-3016",
        what + "takes " + name + " from version control (" + scheme + "), which no hash fixes",
        at,
        "build a wheel of it, and pin its address: " + name + " @ https://.. --hash=sha256:..");
  }

  private static Diagnostic twice(String what, String name, String one, String other, Location at) {
    return Diagnostic.at(
        "SLU-3401",
        what + "pins " + name + " to " + one + " and to " + other,
        at,
        "an environment has one version of a package: give what needs the other an environment of"
            + " its own");
  }
}
