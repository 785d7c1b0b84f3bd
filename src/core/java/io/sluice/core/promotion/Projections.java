package io.sluice.core.promotion;

import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Head;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The alias {@code champion} and the tag {@code stage=Production} of a model as they are. They
 * follow the promotion log; this tells apart a projection that lags behind, because its writer was
 * cut off, from one that somebody else set.
 *
 * @param alias version that the alias names, if it is set
 * @param production versions that have the tag, ascending
 * @param written head of the log that alias and tag were last known to equal; empty when they never
 *     were, or when an earlier version of Sluice wrote them
 */
public record Projections(
    Optional<Integer> alias, List<Integer> production, Optional<Head> written) {

  /** How alias and tag relate to the log. */
  public enum Relation {
    /** They name the champion of the log, or nothing where there is none. */
    AGREE,
    /** They name an earlier champion, or nothing: a writer was cut off before it set them. */
    BEHIND,
    /** They name a version that no writer of the log set: an older job or a person did. */
    FOREIGN
  }

  public Projections {
    production = production.stream().sorted().distinct().toList();
  }

  /** How they relate to a log with these entries and this head. */
  public Relation relation(List<Entry> entries, Head head) {
    Optional<Integer> champion = champion(entries, head);
    List<Integer> expected = champion.map(List::of).orElse(List.of());
    if (alias.equals(champion) && production.equals(expected)) {
      return Relation.AGREE;
    }
    // What was written in full cannot lag: from then on, whatever differs is someone else's.
    long since = written.map(Head::entry).orElse(0L);
    Set<Integer> ours = new TreeSet<>(expected);
    entries.stream()
        .filter(e -> e.valid() && e.number() >= since)
        .map(Entry::to)
        .forEach(ours::add);
    return ours.containsAll(alias.stream().toList()) && ours.containsAll(production)
        ? Relation.BEHIND
        : Relation.FOREIGN;
  }

  private static Optional<Integer> champion(List<Entry> entries, Head head) {
    return entries.stream().filter(e -> e.number() == head.entry()).map(Entry::to).findFirst();
  }

  /** The versions that alias and tag name, each once, ascending. */
  public List<Integer> versions() {
    Set<Integer> all = new TreeSet<>(production);
    alias.ifPresent(all::add);
    return List.copyOf(all);
  }

  /** {@code the alias champion names version 2, stage=Production is on version 2}. */
  public String sentence() {
    List<String> parts = new ArrayList<>();
    parts.add(alias.map(v -> "the alias champion names version " + v).orElse("no alias champion"));
    parts.add(
        production.isEmpty()
            ? "no version has stage=Production"
            : "stage=Production is on version "
                + String.join(", ", production.stream().map(String::valueOf).toList()));
    return String.join(", ", parts);
  }
}
