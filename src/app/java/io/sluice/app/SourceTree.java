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

  /**
   * The content of a file; empty when there is none (or it is not a regular file).
   *
   * @throws io.sluice.core.diag.SluiceException when the way to it is a link that is not followed
   */
  Optional<byte[]> read(String path);

  /** All regular files, sorted; without version control's own and without caches. */
  List<CodeFile> files();

  /** The same files, and where it could not look for more. */
  default Listing listing() {
    return new Listing(files(), List.of());
  }

  /**
   * Refuses a file or folder of the listing that {@link #read} would refuse, without reading it.
   *
   * @throws io.sluice.core.diag.SluiceException when the way to it is a link that is not followed
   */
  default void requireFollowed(String path) {}

  /** Where the tree stands in version control, if it does. */
  Optional<Commit> commit();

  /** What of {@link #commit} could not be found out, and why, for people. */
  default Optional<String> commitTrouble() {
    return Optional.empty();
  }

  /**
   * What there is.
   *
   * @param files all regular files, sorted
   * @param closed folders that are links which are not followed: nothing below them is in the
   *     files, and to read one is an error that says why
   */
  record Listing(List<CodeFile> files, List<String> closed) {}

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
   * @param changes whether files of this folder differ from it
   */
  record Commit(String id, Changes changes) {
    /** The commit as a run records it: {@code 1a2b..-dirty}. */
    public String recorded() {
      return switch (changes) {
        case NONE -> id;
        case SOME -> id + "-dirty";
        case UNKNOWN -> id + "-unchecked";
      };
    }
  }

  /** What is known of files that differ from their commit. */
  enum Changes {
    NONE,
    SOME,
    UNKNOWN
  }
}
