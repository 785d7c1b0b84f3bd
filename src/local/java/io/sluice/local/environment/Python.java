package io.sluice.local.environment;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A Python interpreter of this machine.
 *
 * @param executable the interpreter itself, not a shim and not one inside a virtual environment
 * @param version for example {@code 3.11.7}
 */
record Python(Path executable, String version) {
  /** Prints what lies below shims and virtual environments, then the version. */
  private static final String ASK =
      "import sys; print(getattr(sys, '_base_executable', None) or sys.executable);"
          + " print('.'.join(map(str, sys.version_info[:3])))";

  /**
   * Finds an interpreter of this version: {@code python3.11}, {@code python3} and {@code python} on
   * {@code PATH}, in the usual system folders, among pyenv's and uv's versions.
   *
   * @param wanted {@code 3.11}, or with a patch level
   * @param environment the caller's variables ({@code PATH}, {@code HOME}, {@code PYENV_ROOT})
   * @throws SluiceException SLU-3010 that names the versions that are here
   */
  static Python find(String wanted, String environmentName, Map<String, String> environment)
      throws InterruptedException {
    TreeMap<String, Python> found = new TreeMap<>();
    for (Path candidate : candidates(wanted, environment)) {
      Python python = ask(candidate, environment);
      if (python == null) {
        continue;
      }
      if (python.is(wanted)) {
        return python;
      }
      found.putIfAbsent(python.version(), python);
    }
    String here =
        found.isEmpty()
            ? "no Python was found at all"
            : "found "
                + String.join(
                    ", ",
                    found.values().stream()
                        .map(p -> p.version() + " (" + p.executable() + ")")
                        .toList());
    throw new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-3010",
            "environment "
                + environmentName
                + " needs Python "
                + wanted
                + ", which is not on this machine; "
                + here,
            "install python"
                + wanted
                + " (with its venv module) so that it is on PATH, or change `python:` of the"
                + " environment"));
  }

  private boolean is(String wanted) {
    return version.equals(wanted) || version.startsWith(wanted + ".");
  }

  private static Set<Path> candidates(String wanted, Map<String, String> environment) {
    List<Path> folders = new ArrayList<>();
    for (String folder : environment.getOrDefault("PATH", "").split(":", -1)) {
      // An empty or relative entry means the current folder: not a place to take programs from.
      if (folder.startsWith("/")) {
        folders.add(Path.of(folder));
      }
    }
    for (String folder : List.of("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")) {
      folders.add(Path.of(folder));
    }
    String home = environment.getOrDefault("HOME", "/nonexistent");
    Path pyenv = Path.of(environment.getOrDefault("PYENV_ROOT", home + "/.pyenv"));
    folders.addAll(installations(pyenv.resolve("versions"), wanted));
    folders.addAll(installations(Path.of(home, ".local/share/uv/python"), wanted));
    String minor = String.join(".", List.of(wanted.split("\\.")).subList(0, 2));
    Set<Path> candidates = new LinkedHashSet<>();
    for (String program : List.of("python" + minor, "python3", "python")) {
      for (Path folder : folders) {
        Path file = folder.resolve(program);
        if (Files.isExecutable(file) && !Files.isDirectory(file)) {
          candidates.add(file);
        }
      }
    }
    return candidates;
  }

  /** {@code bin} folders of the versions below {@code root}; wanted ones first, then by name. */
  private static List<Path> installations(Path root, String wanted) {
    List<Path> bins = new ArrayList<>();
    if (!Files.isDirectory(root)) {
      return bins;
    }
    try (DirectoryStream<Path> versions = Files.newDirectoryStream(root)) {
      for (Path version : versions) {
        bins.add(version.resolve("bin"));
      }
    } catch (IOException e) {
      // A folder that cannot be listed holds no interpreter that could be used.
      return List.of();
    }
    bins.sort(
        java.util.Comparator.<Path, Boolean>comparing(b -> !b.toString().contains(wanted))
            .thenComparing(Path::toString));
    return bins;
  }

  private static @org.jspecify.annotations.Nullable Python ask(
      Path executable, Map<String, String> environment) throws InterruptedException {
    try {
      Tool.Outcome answer =
          Tool.run(
              List.of(executable.toString(), "-I", "-S", "-c", ASK),
              Tool.environment(environment),
              Path.of("/"),
              line -> {});
      List<String> lines = answer.lines();
      if (answer.exitCode() != 0 || lines.size() < 2) {
        return null;
      }
      Path real = Path.of(lines.get(lines.size() - 2)).toRealPath();
      return new Python(real, lines.get(lines.size() - 1));
    } catch (IOException e) {
      return null;
    }
  }
}
