package io.sluice.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A pipeline's folder on this machine, and where this machine keeps its state.
 *
 * @param folder the pipeline's folder, as the user named it
 * @param spec name of the spec file in it
 */
public record PipelineFolder(Path folder, String spec) {
  /** The name that a spec file has unless the user names another one. */
  public static final String SPEC = "sluice.yaml";

  static final String STATE = ".sluice";

  /** Where links of the project may lead. */
  public Reach reach() {
    return Reach.of(folder);
  }

  /** The files in the folder. */
  public LocalSourceTree tree() {
    return new LocalSourceTree(folder);
  }

  /** The folder's path in its repository; where there is none, on this machine. */
  public String name() {
    Path start = Reach.real(folder);
    Path repository = Reach.repository(start);
    return Files.exists(repository.resolve(".git"))
        ? repository.relativize(start).toString()
        : start.toString();
  }

  /**
   * The folder in which this machine keeps the project's state: beside the repository's root or,
   * where there is no repository, in the pipeline's folder. {@code SLUICE_STATE} names another one.
   * In a repository it is made with a {@code .gitignore} in it: state does not change the checkout.
   */
  public Path state() {
    String given = System.getenv("SLUICE_STATE");
    if (given != null && !given.isEmpty()) {
      return Path.of(given).toAbsolutePath().normalize();
    }
    Path start = Reach.real(folder);
    for (Path at = start; at != null; at = at.getParent()) {
      if (Files.exists(at.resolve(".git"))) {
        return ignored(at.resolve(STATE));
      }
      if (Files.isDirectory(at.resolve(STATE))) {
        return at.resolve(STATE);
      }
    }
    return start.resolve(STATE);
  }

  private static Path ignored(Path state) {
    Path ignore = state.resolve(".gitignore");
    try {
      if (!Files.exists(ignore, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectories(state);
        Files.writeString(ignore, "*\n", StandardOpenOption.CREATE_NEW);
      }
    } catch (IOException e) {
      // a checkout that can only be read has no state that would change it, and what must write
      // there says why it cannot
      return state;
    }
    return state;
  }
}
