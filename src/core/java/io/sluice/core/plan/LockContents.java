package io.sluice.core.plan;

import java.util.Optional;

/** Lends the planner the content of lock files, which are part of an environment's digest. */
@FunctionalInterface
public interface LockContents {
  /**
   * The bytes of a file of the pipeline's folder.
   *
   * @param path as in the spec, relative to that folder
   * @return empty when there is no such file
   */
  Optional<byte[]> read(String path);
}
