package io.sluice.platform;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where the links of a project may lead: into its repository (without one, into the folder itself)
 * and into the folders that {@code SLUICE_ROOTS} names, such as a cache of DVC that several
 * checkouts share. A link that leads elsewhere could make any file of this machine part of the
 * code, or a file of ours part of something else. See docs/adr/0440-links-inside-the-repository.md.
 */
public final class Reach {
  /** Names further roots, separated by colons. */
  public static final String VARIABLE = "SLUICE_ROOTS";

  private static final Set<String> CLOSED = Set.of(".git", PipelineFolder.STATE);

  /** Where git-annex keeps what the files of a checkout link to. */
  private static final Path ANNEX = Path.of(".git", "annex", "objects");

  private final List<Path> roots;

  private Reach(List<Path> roots) {
    this.roots = List.copyOf(roots);
  }

  /** The reach of a folder and of all in it. */
  public static Reach of(Path folder) {
    return of(folder, Optional.ofNullable(System.getenv(VARIABLE)).orElse(""));
  }

  static Reach of(Path folder, String declared) {
    List<Path> roots = new ArrayList<>();
    roots.add(repository(real(folder)));
    for (String root : declared.split(":", -1)) {
      if (root.startsWith("/")) {
        roots.add(real(Path.of(root)));
      }
    }
    return new Reach(roots);
  }

  /** The same reach, and a folder that a person named on the command line. */
  public Reach and(Path named) {
    List<Path> more = new ArrayList<>(roots);
    more.add(real(named));
    return new Reach(more);
  }

  /** Where a path really is; of one that is not there yet, where it would be made. */
  static Path real(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    for (Path at = absolute; at != null; at = at.getParent()) {
      try {
        return at.toRealPath().resolve(at.relativize(absolute)).normalize();
      } catch (IOException e) {
        // not there, or not to be seen: its parent then
      }
    }
    return absolute;
  }

  /** The folder above that has a repository in it, else the folder itself. */
  static Path repository(Path real) {
    for (Path at = real; at != null; at = at.getParent()) {
      if (Files.exists(at.resolve(".git"))) {
        return at;
      }
    }
    return real;
  }

  /**
   * Why a path is not followed: the first link on the way to it that leads out, or to nothing.
   *
   * @param from the folder below which links are looked at
   * @return empty when the path can be used
   */
  public Optional<String> trouble(Path from, Path path) {
    Path at = from.toAbsolutePath().normalize();
    for (Path segment : at.relativize(path.toAbsolutePath().normalize())) {
      at = at.resolve(segment);
      if (!Files.isSymbolicLink(at)) {
        continue;
      }
      Path to;
      try {
        to = at.toRealPath();
      } catch (NoSuchFileException e) {
        return Optional.of(at + " is a link to " + target(at) + ", where there is nothing");
      } catch (FileSystemException e) {
        return Optional.of(at + " is a link that cannot be followed: " + e.getReason());
      } catch (IOException e) {
        return Optional.of(at + " is a link that cannot be followed: " + e.getMessage());
      }
      if (roots.stream().noneMatch(to::startsWith)) {
        return Optional.of(
            at
                + " is a link to "
                + to
                + ", outside of "
                + roots.stream().map(Path::toString).collect(Collectors.joining(" and ")));
      }
    }
    return closed(real(from), real(path))
        .map(part -> path + " lies in " + part + " of the repository, which holds no code");
  }

  /**
   * The part of the repository that a path lies in and that nothing of a pipeline may be: the
   * repository's own files have addresses with tokens, and state has what runs wrote.
   */
  private Optional<Path> closed(Path from, Path end) {
    Path repository = roots.getFirst();
    Path above = end.startsWith(from) ? from : repository;
    if (!end.startsWith(above) || end.startsWith(repository.resolve(ANNEX))) {
      return Optional.empty();
    }
    for (Path part : above.relativize(end)) {
      if (CLOSED.contains(part.toString())) {
        return Optional.of(part);
      }
    }
    return Optional.empty();
  }

  /**
   * Refuses a path that is not followed.
   *
   * @throws SluiceException SLU-9008
   */
  public void check(Path from, Path path) {
    trouble(from, path)
        .ifPresent(why -> {
          throw new SluiceException(
              ExitCode.INPUT_WRONG,
              Diagnostic.of(
                  "SLU-9008",
                  why,
                  "is it a link of DVC or git-annex whose content was not fetched (`dvc pull`)? "
                      + VARIABLE
                      + " names folders outside of the repository that links may lead to"));
        });
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "somewhere (" + e.getMessage() + ")";
    }
  }
}
