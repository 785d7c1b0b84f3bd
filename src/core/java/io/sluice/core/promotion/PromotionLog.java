package io.sluice.core.promotion;

import io.sluice.core.artifact.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The append-only log that says which version is champion; see docs/promotion-log.md. The alias
 * {@code champion} and the tag {@code stage=Production} are projections of it.
 */
public interface PromotionLog {

  /**
   * The head that a run pins at its start and names as {@code from} when it promotes.
   *
   * @param entry number of the latest valid entry; 0 for an empty log
   * @param digest of that entry's content; of the empty string for an empty log
   */
  record Head(long entry, Digest digest) {
    public static final Head EMPTY = new Head(0, Digest.of(""));

    /** {@code <entry>@sha256:..}: the form of the Tekton result {@code head}. */
    @Override
    public String toString() {
      return entry + "@" + digest;
    }

    public static Head parse(String text) {
      int at = text.indexOf('@');
      return new Head(Long.parseLong(text.substring(0, at)), Digest.parse(text.substring(at + 1)));
    }
  }

  /** Why an entry exists. */
  enum Kind {
    PROMOTE,
    ROLLBACK,
    OVERRIDE
  }

  /**
   * One valid or losing entry.
   *
   * @param number the entry's number in the log, from 1
   * @param from number of the entry it replaces; 0 for the first
   * @param to model version it makes champion
   * @param who service account or person
   * @param why reason: the verdict in a sentence, or a person's words
   * @param run Sluice run id, empty for a person's entry
   * @param valid whether it was the first to name its {@code from}
   * @param digest of its content
   */
  record Entry(
      long number,
      Kind kind,
      long from,
      int to,
      String who,
      String why,
      String run,
      Instant at,
      boolean valid,
      Digest digest) {}

  /**
   * What a caller wants appended; {@code from} as pinned by resolve (or read just now by a person).
   */
  record Request(Kind kind, Head from, int to, String who, String why, String run) {}

  /** Replays the log. Exit 3 when unreachable; a damaged log throws with its own id. */
  List<Entry> entries();

  /** The latest valid entry, if any. */
  Optional<Entry> champion();

  Head head();

  /**
   * Appends, replays, and repairs alias and tag until they equal the head.
   *
   * @return the valid entry
   * @throws io.sluice.core.diag.SluiceException with exit code 4 when another entry won; names it
   */
  Entry append(Request request);

  /** Makes alias and tag equal the head; returns what it changed, in words. */
  List<String> repairProjections();
}
