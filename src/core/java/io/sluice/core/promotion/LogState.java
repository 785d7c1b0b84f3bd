package io.sluice.core.promotion;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Head;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a replay of the promotion log says: which entries are valid, which lost, where the head is,
 * and what is damaged. A pure function of the stored entries in the order of their numbers, so that
 * every reader comes to the same verdict.
 *
 * <p>An entry is valid if its {@code from} is the number of the latest valid entry before it. Two
 * writers that saw the same head therefore cannot both win, whatever the order in which their calls
 * arrive. Numbers, not model versions: A, then B, then A again are three different heads.
 *
 * <p>Damage (a missing number, changed content, a broken chain, a log that began anew) is never
 * mended by itself. A person accepts it by an {@code OVERRIDE} whose {@code accepts} is the digest
 * of exactly the damage there was before it: in the entries, and by what the model remembered of
 * them, which the entry carries along. From there on the log is sound again, and what was accepted
 * stays visible in {@link #accepted}. What entries before it say of files does not count any more:
 * which of them somebody rewrote, nobody can say.
 *
 * @param log id of the log
 * @param last highest number seen; 0 before the first
 * @param entries valid and losing ones, by number
 * @param head number and digest of the latest valid entry
 * @param open damage in the entries that nobody accepted, in words, in the order found
 * @param accepted damage that a person accepted
 * @param acceptedAt number of the latest entry that accepted damage; 0 for none
 * @param forgotten memories of the model, by which damage was seen, that a person accepted
 * @param beyond what the model remembers and the log does not hold; see {@link #against}
 */
public record LogState(
    String log,
    long last,
    List<Entry> entries,
    Head head,
    List<String> open,
    List<String> accepted,
    long acceptedAt,
    List<Anchor> forgotten,
    Optional<String> beyond) {

  /**
   * An entry as the registry stores it.
   *
   * @param number counts from 1, without gaps in a sound log
   */
  public record Stored(long number, Map<String, String> tags) {}

  /**
   * The trace of the log outside of it, on the model itself, written after each promotion: which
   * log the model's promotions began with and the last head that was seen. It may lag behind, never
   * run ahead, so that a log which falls short of it has lost entries.
   */
  public record Anchor(String log, Head seen) {
    /** {@code <log id> <entry>@sha256:..}. */
    @Override
    public String toString() {
      return log + " " + seen;
    }

    /**
     * Reads {@link #toString}.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static Anchor parse(String text) {
      int space = text.lastIndexOf(' ');
      if (space < 1 || text.indexOf('@', space) < 0) {
        throw new IllegalArgumentException("not an anchor of a promotion log: " + text);
      }
      return new Anchor(text.substring(0, space), Head.parse(text.substring(space + 1)));
    }
  }

  public LogState {
    entries = List.copyOf(entries);
    open = List.copyOf(open);
    accepted = List.copyOf(accepted);
    forgotten = List.copyOf(forgotten);
  }

  /** A log without entries. */
  public static LogState begin(String log) {
    return new LogState(
        log, 0, List.of(), Head.EMPTY, List.of(), List.of(), 0, List.of(), Optional.empty());
  }

  /** Replays further entries, which must come in the order of their numbers. */
  public LogState then(List<Stored> more) {
    if (more.isEmpty()) {
      return this;
    }
    List<Entry> all = new ArrayList<>(entries);
    List<String> damage = new ArrayList<>(open);
    List<String> forgiven = new ArrayList<>(accepted);
    Head at = head;
    long seen = last;
    long acceptance = acceptedAt;
    List<Anchor> memories = new ArrayList<>(forgotten);
    for (Stored stored : more) {
      long n = stored.number();
      if (n <= seen) {
        throw new IllegalArgumentException("entry " + n + " after entry " + seen);
      }
      long before = seen;
      if (n > seen + 1) {
        damage.add(missing(seen + 1, n - 1));
      }
      seen = n;
      EntryContent content;
      boolean unchanged = true;
      try {
        content = EntryContent.parse(stored.tags());
      } catch (EntryContent.ChangedException e) {
        unchanged = false;
        damage.add("entry " + n + " was changed: " + e.getMessage());
        content = e.found();
      } catch (IllegalArgumentException e) {
        damage.add("entry " + n + " does not read: " + e.getMessage());
        continue;
      }
      boolean valid = content.from() == at.entry();
      if (!content.log().equals(log)) {
        damage.add("entry " + n + " belongs to another log (" + content.log() + ")");
        valid = false;
      } else if (valid && !content.fromDigest().equals(at.digest())) {
        damage.add(
            "entry " + n + " follows another entry " + at.entry() + " than the one that is there");
      }
      Digest digest = content.digest();
      if (valid && content.accepts().isPresent()) {
        // What the person saw: this log as it was before their entry, by the same memory.
        LogState shown =
            new LogState(
                    log, before, all, at, damage, forgiven, acceptance, memories, Optional.empty())
                .against(content.remembered());
        if (content.accepts().equals(shown.damageDigest())) {
          forgiven.addAll(shown.damage());
          damage.clear();
          all.replaceAll(Entry::withoutBundle);
          acceptance = n;
          content.remembered().ifPresent(memories::add);
        }
      }
      Entry read = entry(n, content, valid, digest);
      all.add(unchanged ? read : read.withoutBundle());
      if (valid) {
        at = new Head(n, digest);
      }
    }
    return new LogState(
        log, seen, all, at, damage, forgiven, acceptance, memories, Optional.empty());
  }

  /**
   * Continues from the last entry that was read, which must still be there as it was: how a reader
   * that looks often notices with one call that a log became shorter or was begun anew.
   *
   * @param stored entries from number {@link #last} on
   * @return the log as it is now; where it does not continue this one, this one with that as
   *     damage, for the caller to read all of it again
   */
  public LogState continued(List<Stored> stored) {
    if (last == 0) {
      return then(stored);
    }
    if (stored.isEmpty() || stored.getFirst().number() != last) {
      return broken(missing(last, last));
    }
    Optional<Digest> read =
        entries.stream().filter(e -> e.number() == last).map(Entry::digest).findFirst();
    Optional<Digest> now;
    try {
      now = Optional.of(EntryContent.parse(stored.getFirst().tags()).digest());
    } catch (IllegalArgumentException e) {
      now = Optional.empty();
    }
    return read.equals(now)
        ? then(stored.subList(1, stored.size()))
        : broken("entry " + last + " is not the one that was read before");
  }

  private LogState broken(String why) {
    return new LogState(
        log, last, entries, head, open, accepted, acceptedAt, forgotten, Optional.of(why));
  }

  /** The same state, judged against what the model remembers of the log, if anything. */
  public LogState against(Optional<Anchor> anchor) {
    Optional<String> lost = anchor.flatMap(this::lost);
    return new LogState(log, last, entries, head, open, accepted, acceptedAt, forgotten, lost);
  }

  private Optional<String> lost(Anchor anchor) {
    if (!anchor.log().equals(log)) {
      boolean known =
          forgotten.stream()
              .anyMatch(
                  a -> a.log().equals(anchor.log()) && anchor.seen().entry() <= a.seen().entry());
      return known
          ? Optional.empty()
          : Optional.of(
              "the log "
                  + anchor.log()
                  + ", which the model remembers up to entry "
                  + anchor.seen().entry()
                  + ", is gone");
    }
    return anchor.seen().entry() < acceptedAt
        ? Optional.empty()
        : shortfall(anchor.seen(), "the model");
  }

  /** All that keeps promotions frozen, each finding once: empty for a sound log. */
  public List<String> damage() {
    Set<String> all = new LinkedHashSet<>(beyond.stream().toList());
    all.addAll(open);
    return List.copyOf(all);
  }

  /**
   * What is wrong when somebody holds a head that this log must contain but does not.
   *
   * @param holder who holds it, for the message
   */
  public Optional<String> shortfall(Head held, String holder) {
    if (held.entry() == 0) {
      return Optional.empty();
    }
    if (held.entry() > last) {
      return Optional.of(missing(last + 1, held.entry()));
    }
    boolean known =
        entries.stream()
            .anyMatch(e -> e.number() == held.entry() && e.digest().equals(held.digest()));
    return known
        ? Optional.empty()
        : Optional.of("entry " + held.entry() + " is not the one that " + holder + " remembers");
  }

  /** The latest valid entry. */
  public Optional<Entry> champion() {
    return entries.stream().filter(e -> e.number() == head.entry()).findFirst();
  }

  /** The valid entry that replaced this one: who won the race for it. */
  public Optional<Entry> winner(long from) {
    return entries.stream().filter(e -> e.valid() && e.from() == from).findFirst();
  }

  /** What an override must carry to accept the damage; empty for a sound log. */
  public Optional<Digest> damageDigest() {
    if (damage().isEmpty()) {
      return Optional.empty();
    }
    ObjectNode json = Json.object();
    ArrayNode list = json.putArray("damage");
    damage().forEach(list::add);
    return Optional.of(Digest.of(Json.canonical(json)));
  }

  private static String missing(long first, long last) {
    return first == last
        ? "entry " + first + " is missing"
        : "entries " + first + " to " + last + " are missing";
  }

  private static Entry entry(long n, EntryContent c, boolean valid, Digest digest) {
    return new Entry(
        n,
        c.kind(),
        c.from(),
        c.to(),
        c.who(),
        c.why(),
        c.run(),
        c.at(),
        valid,
        digest,
        c.bundle());
  }
}
