package io.sluice.core.promotion;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

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

    public Head {
      if (entry < 0) {
        throw new IllegalArgumentException("entry " + entry);
      }
    }

    /** {@code <entry>@sha256:..}: the form of the Tekton result {@code head}. */
    @JsonValue
    @Override
    public String toString() {
      return entry + "@" + digest;
    }

    /**
     * Reads {@link #toString}.
     *
     * @throws IllegalArgumentException for anything else
     */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Head parse(String text) {
      int at = text.indexOf('@');
      if (at < 0) {
        throw new IllegalArgumentException("not a head (<entry>@sha256:..): " + text);
      }
      return new Head(Long.parseLong(text.substring(0, at)), Digest.parse(text.substring(at + 1)));
    }
  }

  /** Why an entry exists. */
  enum Kind {
    /** A run's gate said so. */
    PROMOTE,
    /** A person went back to an earlier champion. */
    ROLLBACK,
    /** A person promoted a version that the gate held, or accepted damage. */
    OVERRIDE,
    /** A person made a champion that others had set known to the log. */
    ADOPT,
    /** A person recorded the digest of the champion's files, which an older entry lacks. */
    CONFIRM
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
   * @param bundle digest of the files of version {@code to}; empty where the entry has none that
   *     counts: it is older than this, somebody changed it, or a person accepted damage after it
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
      Digest digest,
      Optional<Digest> bundle) {
    /** The same entry, whose digest of files does not count. */
    Entry withoutBundle() {
      return new Entry(number, kind, from, to, who, why, run, at, valid, digest, Optional.empty());
    }

    /** Whether a run promoted by this entry. */
    public boolean isPromotionBy(RunId id) {
      return valid && kind == Kind.PROMOTE && run.equals(id.value());
    }
  }

  /**
   * What a caller wants appended.
   *
   * @param from as pinned by resolve, or read just now by a person
   * @param bundle digest of the files of version {@code to} that the caller looked at; empty only
   *     where the registry does not serve them
   */
  record Request(
      Kind kind, Head from, int to, String who, String why, String run, Optional<Digest> bundle) {}

  /**
   * The digest of a version's files, as the latest valid entry has it that names the version and
   * has one. An entry of an older version of Sluice takes nothing back that an earlier one says.
   */
  static Optional<Digest> bundle(List<Entry> entries, int version) {
    return entries.stream()
        .filter(e -> e.valid() && e.to() == version)
        .flatMap(e -> e.bundle().stream())
        .reduce((first, last) -> last);
  }

  /** Replays the log. Exit 3 when unreachable; a damaged log throws with its own id. */
  List<Entry> entries();

  /**
   * The log as it is now, damaged or not, for a reader that looks again and again: one call where
   * it continues what the reader knows.
   *
   * @param known what this method returned before, and was sound; empty to read all of the log, and
   *     what the model remembers of it
   */
  LogState follow(Optional<LogState> known);

  /** The latest valid entry, if any. */
  Optional<Entry> champion();

  Head head();

  /**
   * Appends, replays, and writes alias and tag until they equal the head. A {@link Kind#PROMOTE} is
   * refused while alias or tag are {@link Projections.Relation#FOREIGN}; a person's entry replaces
   * them.
   *
   * @param appended receives the valid entry before alias and tag are written
   * @return the valid entry
   * @throws io.sluice.core.diag.SluiceException with exit code 4 when another entry won, which it
   *     names, or when others set alias or tag; SLU-5023 when the entry stands but alias and tag
   *     could not be written
   */
  Entry append(Request request, Consumer<Entry> appended);

  /** As {@link #append(Request, Consumer)}, for callers that do not outlive a failure. */
  default Entry append(Request request) {
    return append(request, entry -> {});
  }

  /** The entry by which a run promoted, if it did. */
  default Optional<Entry> promotionBy(RunId run) {
    return entries().stream().filter(e -> e.isPromotionBy(run)).findFirst();
  }

  /**
   * Alias and tag where they are {@link Projections.Relation#FOREIGN}: set by others. Empty where
   * they agree with the log or only lag behind it.
   */
  Optional<Projections> foreignProjections();

  /**
   * Makes alias and tag equal the head where they lag behind it. What others set stays.
   *
   * @return what it changed, and what it left because others set it, a sentence each
   */
  List<String> repairProjections();

  /** Makes alias and tag equal the head, also where others set them; returns what it changed. */
  List<String> overwriteProjections();

  /**
   * The log as it is, damaged or not, beside its projections: what {@code sluice doctor} shows.
   *
   * @param entries valid and losing ones, by number
   * @param head of the entries that read
   * @param damage what is wrong with the log, in words; promotions are frozen unless this is empty
   * @param damageDigest names exactly this damage, for {@link #accept}
   * @param accepted damage that a person accepted earlier
   * @param projections alias and tag as they are
   */
  record Inspection(
      List<Entry> entries,
      Head head,
      List<String> damage,
      Optional<Digest> damageDigest,
      List<String> accepted,
      Projections projections) {

    /** The version that the log makes champion. */
    public Optional<Integer> champion() {
      return entries.stream().filter(e -> e.number() == head.entry()).map(Entry::to).findFirst();
    }

    /** Whether alias and tag say what the log says. */
    public Projections.Relation relation() {
      return projections.relation(entries, head);
    }

    /** Version that the alias {@code champion} names, if it is set. */
    public Optional<Integer> alias() {
      return projections.alias();
    }

    /** Versions tagged {@code stage=Production}, ascending. */
    public List<Integer> production() {
      return projections.production();
    }
  }

  /** Replays from the first entry and reads the projections. Never throws for damage. */
  Inspection inspect();

  /**
   * Appends a person's override that accepts the damage they were shown, after which the log counts
   * as sound again. The damage stays on record.
   *
   * @param damage from {@link Inspection#damageDigest}
   * @param request of kind {@link Kind#OVERRIDE}, with a reason; {@code from} is the inspection's
   *     head
   * @throws io.sluice.core.diag.SluiceException when the damage is not, or no longer, the one named
   */
  Entry accept(Digest damage, Request request);
}
