package io.sluice.core.serving;

import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.LogState.Anchor;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.serving.FollowStatus.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a service knows of the promotion log and of the version that it serves, and what it is to do
 * next. Pure: clock and chance are passed in. The newest valid entry decides, whether it promotes,
 * rolls back or overrides; a log that cannot be read, or does not hold, moves nothing.
 *
 * @param serving what requests get
 * @param seen the latest head of a sound log that was seen: a log that falls short of it was
 *     damaged or restored
 * @param refused entries whose version cannot be served, by number
 * @param failures attempts in a row that came to nothing: how long the next pause is
 */
public record Following(
    Optional<ServedVersion> serving,
    Optional<Anchor> seen,
    SortedMap<Long, Refusal> refused,
    int failures,
    FollowStatus status) {

  /** How long a version that cannot be served is left alone, unless the log says something new. */
  public static final Duration REFUSED_FOR = Duration.ofHours(1);

  /** The part of a pause by which it is longer or shorter, so that replicas spread. */
  public static final double JITTER = 0.2;

  private static final int MAX_DOUBLINGS = 16;

  /**
   * Why the version of an entry is not served.
   *
   * @param until when it is tried again
   */
  public record Refusal(String why, Instant until) {}

  /**
   * What to do after the log was read.
   *
   * @param load the entry whose version is to be served now; empty to leave all as it is
   */
  public record Next(Following following, Optional<Entry> load) {}

  public Following {
    refused = Collections.unmodifiableSortedMap(new TreeMap<>(refused));
  }

  /** A service that has nothing yet. */
  public static Following begin(Instant now) {
    return new Following(
        Optional.empty(),
        Optional.empty(),
        Collections.emptySortedMap(),
        0,
        new FollowStatus(State.NONE, "the promotion log was not read yet", Optional.of(now)));
  }

  /**
   * A service that serves what it remembers, before it has read the log.
   *
   * @param since when it last knew that the log says so
   */
  public static Following remembered(ServedVersion serving, Optional<Anchor> seen, Instant since) {
    return new Following(
        Optional.of(serving),
        seen,
        Collections.emptySortedMap(),
        0,
        new FollowStatus(
            State.STALE,
            "served from the cache, the promotion log was not read yet",
            Optional.of(since)));
  }

  /** What was served last cannot be served before the log is read; that is tried again. */
  public Following unrecalled(String why, Instant now) {
    return with(failures, State.NONE, "not served from the cache: " + why, now);
  }

  /** What follows from the log as it is now. */
  public Next read(LogState log, Instant now) {
    List<String> damage = log.damage();
    if (damage.isEmpty()) {
      damage = log.against(seen).damage();
    }
    if (!damage.isEmpty()) {
      return stay(
          with(
              0,
              State.STALE,
              "the promotion log is damaged, or is not the one that was followed: "
                  + String.join("; ", damage),
              now));
    }
    Optional<Entry> champion = log.champion();
    if (champion.isEmpty()) {
      return stay(with(0, State.NONE, "no version was promoted yet", now));
    }
    Entry head = champion.get();
    Following read =
        new Following(serving, Optional.of(new Anchor(log.log(), log.head())), refused, 0, status);
    if (serving.flatMap(ServedVersion::promotion).filter(p -> is(p, head)).isPresent()) {
      return stay(read.with(0, State.CURRENT, "", now));
    }
    Refusal no = refused.get(head.number());
    if (no != null && now.isBefore(no.until())) {
      return stay(read.with(0, State.BEHIND, behind(head) + " cannot be served: " + no.why(), now));
    }
    return new Next(
        read.with(failures, State.BEHIND, behind(head) + " is on its way", now), Optional.of(head));
  }

  private static boolean is(ServedVersion.Promotion served, Entry head) {
    return served.entry() == head.number() && served.digest().equals(head.digest());
  }

  /** The log could not be read; what is served stays. */
  public Following unreadable(String why, Instant now) {
    return with(failures + 1, State.STALE, "the promotion log cannot be read: " + why, now);
  }

  /** Something failed that should not; what is served stays, and the log is looked at again. */
  public Following broken(String why, Instant now) {
    return with(failures + 1, State.STALE, "following failed: " + why, now);
  }

  /** The version of an entry is served from now on. */
  public Following swapped(ServedVersion version, Instant now) {
    TreeMap<Long, Refusal> left = new TreeMap<>(refused);
    left.headMap(version.entry() + 1).clear();
    return new Following(
        Optional.of(version), seen, left, 0, new FollowStatus(State.CURRENT, "", Optional.of(now)));
  }

  /** A version that a person named is served from now on, whatever the log says. */
  public Following pinned(ServedVersion version, Instant now) {
    return new Following(
        Optional.of(version),
        seen,
        refused,
        0,
        new FollowStatus(
            State.PINNED,
            "version " + version.version() + " is pinned: the promotion log is not followed",
            Optional.of(now)));
  }

  /** The version of an entry cannot be served; it is left alone for an hour. */
  public Following refuse(Entry entry, String why, Instant now) {
    TreeMap<Long, Refusal> more = new TreeMap<>(refused);
    more.put(entry.number(), new Refusal(why, now.plus(REFUSED_FOR)));
    return new Following(serving, seen, more, 0, status)
        .with(0, State.BEHIND, behind(entry) + " cannot be served: " + why, now);
  }

  /** The version of an entry could not be brought here; that is tried again. */
  public Following failed(Entry entry, String why, Instant now) {
    return with(failures + 1, State.BEHIND, behind(entry) + " is not here yet: " + why, now);
  }

  /** The version of an entry waits for calls that end soon; the next look comes no later for it. */
  public Following waiting(Entry entry, String why, Instant now) {
    return with(0, State.BEHIND, behind(entry) + " waits: " + why, now);
  }

  /** A pinned version could not be served; that is tried again. */
  public Following unpinned(int version, String why, Instant now) {
    return with(failures + 1, State.NONE, "version " + version + " is pinned: " + why, now);
  }

  private static String behind(Entry entry) {
    return "version " + entry.to() + " (entry " + entry.number() + ")";
  }

  /**
   * How long to wait before the log is looked at again: the interval, twice as long after each
   * failure up to {@code longest}, and a part of it shorter or longer.
   *
   * @param chance from 0 to 1
   */
  public Duration pause(Duration interval, Duration longest, double chance) {
    double shortest = (double) interval.toMillis();
    double doubled = shortest * Math.pow(2, Math.min(failures, MAX_DOUBLINGS));
    double base = Math.min(doubled, Math.max((double) longest.toMillis(), shortest));
    return Duration.ofMillis(Math.round(base * (1 - JITTER + 2 * JITTER * chance)));
  }

  private static Next stay(Following following) {
    return new Next(following, Optional.empty());
  }

  /** The state begins now, unless it was this one before; without a version there is none else. */
  private Following with(int failed, State state, String why, Instant now) {
    State real = serving.isEmpty() && state != State.CURRENT ? State.NONE : state;
    Optional<Instant> since = status.state() == real ? status.since() : Optional.of(now);
    return new Following(serving, seen, refused, failed, new FollowStatus(real, why, since));
  }
}
