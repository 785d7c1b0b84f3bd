package io.sluice.platform;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A pipeline's folder on this machine, and where this machine keeps its state.
 *
 * @param folder the pipeline's folder, as the user named it
 * @param spec name of the spec file in it
 */
public record PipelineFolder(Path folder, String spec) {
  /** The name that a spec file has unless the user names another one. */
  public static final String SPEC = "sluice.yaml";

  /** The files in the folder. */
  public LocalSourceTree tree() {
    return new LocalSourceTree(folder);
  }

  /** The folder's path in its repository; where there is none, on this machine. */
  public String name() {
    Path start = folder.toAbsolutePath().normalize();
    for (Path at = start; at != null; at = at.getParent()) {
      if (Files.exists(at.resolve(".git"))) {
        return at.relativize(start).toString();
      }
    }
    return start.toString();
  }

  /**
   * The folder in which this machine keeps the project's state: beside the repository's root or,
   * where there is no repository, in the pipeline's folder. {@code SLUICE_STATE} names another one.
   */
  public Path state() {
    String given = System.getenv("SLUICE_STATE");
    if (given != null && !given.isEmpty()) {
      return Path.of(given).toAbsolutePath().normalize();
    }
    Path start = folder.toAbsolutePath().normalize();
    for (Path at = start; at != null; at = at.getParent()) {
      if (Files.exists(at.resolve(".git")) || Files.isDirectory(at.resolve(".sluice"))) {
        return at.resolve(".sluice");
      }
    }
    return start.resolve(".sluice");
  }
}
