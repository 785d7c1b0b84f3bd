package io.sluice.serving.follow;

import java.nio.file.Path;

/**
 * How the files of a bundle become a model in memory.
 *
 * @param <T> the loaded model
 */
public interface Loader<T extends AutoCloseable> {
  /**
   * Loads the bundle in a folder, which passes its own probe.
   *
   * @throws io.sluice.core.diag.SluiceException what is wrong with the bundle
   */
  T load(Path folder);

  /** Has a model answer as it will have to, so that the first caller does not wait for that. */
  void warm(T model);
}
