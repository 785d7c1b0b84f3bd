package io.sluice.app;

import java.util.List;
import java.util.Optional;

/**
 * The files of one pipeline's folder, wherever they are: on a disk, or at a commit in a controller.
 * Paths are relative to the folder, slash-separated, and never leave it.
 */
public interface SourceTree {

  /** What to call the folder in messages, for example {@code pipelines/rma-forecast}. */
  String name();

  /** The content of a file; empty when there is none (or it is not a regular file). */
  Optional<byte[]> read(String path);

  /** All regular files, sorted; without version control's own and without caches. */
  List<CodeFile> files();

  /** Where the tree stands in version control, if it does. */
  Optional<Commit> commit();

  /**
   * One file of the tree.
   *
   * @param executable whether its owner may execute it
   */
  record CodeFile(String path, boolean executable) {}

  /**
   * A commit.
   *
   * @param id full hexadecimal id
   * @param dirty whether files of this folder differ from it
   */
  record Commit(String id, boolean dirty) {}
}
