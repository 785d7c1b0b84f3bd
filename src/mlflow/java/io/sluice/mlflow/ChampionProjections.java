package io.sluice.mlflow;

import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog.Head;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a promotion log looks like to those who do not read it: the alias {@code champion}, the tag
 * {@code stage=Production}, and the model's own memory of the log's head and of the head that alias
 * and tag were written for. None of them has compare-and-set, so each is only ever written again
 * until it equals the log.
 */
final class ChampionProjections {
  static final String ALIAS = "champion";
  private static final String STAGE = "stage";
  private static final String PRODUCTION = "Production";

  /** Tag of the model that holds the {@link LogState.Anchor}. */
  private static final String ANCHOR = "sluice.promotions";

  /** Tag of the model that holds the head that alias and tag were written for; written last. */
  private static final String WRITTEN = "sluice.projections";

  private final ModelVersions versions;
  private final String model;

  /**
   * What one round of writing did.
   *
   * @param changed whether anything was written
   * @param reports what was written that users see, a sentence each
   */
  record Round(boolean changed, List<String> reports) {}

  ChampionProjections(ModelVersions versions, String model) {
    this.versions = versions;
    this.model = model;
  }

  /**
   * What there was before a round of writing. It is read before the log: an alias that a writer of
   * the log set since then is thereby never newer than the log that it is compared with.
   *
   * @param anchor the head of the log as the model remembers it
   */
  record Found(Projections projections, Optional<LogState.Anchor> anchor) {}

  Found find() {
    Map<String, String> memory = tags();
    return new Found(read(memory), anchor(memory));
  }

  /** Alias and tag as they are; of the tag more than one while it changes. */
  Projections read() {
    return read(tags());
  }

  private Projections read(Map<String, String> memory) {
    return new Projections(
        versions.byAlias(model, ALIAS).map(versions::number),
        versions
            .search("name = '" + model + "' and tags.`" + STAGE + "` = '" + PRODUCTION + "'")
            .stream()
            .map(versions::number)
            .toList(),
        written(memory));
  }

  private Map<String, String> tags() {
    return versions.model(model).map(ModelVersions::tags).orElse(Map.of());
  }

  private static Optional<Head> written(Map<String, String> memory) {
    String text = memory.getOrDefault(WRITTEN, "");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Head.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // Another program wrote something else there: nothing is known.
    }
  }

  /** The head of the log as the model remembers it. */
  Optional<LogState.Anchor> anchor() {
    return anchor(tags());
  }

  private static Optional<LogState.Anchor> anchor(Map<String, String> memory) {
    return Optional.ofNullable(memory.get(ANCHOR))
        .map(text -> {
          try {
            return LogState.Anchor.parse(text);
          } catch (IllegalArgumentException e) {
            // Another program wrote something else there: it names a log that does not exist.
            return new LogState.Anchor("'" + ForeignText.distinct(text) + "'", Head.EMPTY);
          }
        });
  }

  /**
   * Writes whatever does not equal the log, whose champion is {@code version}.
   *
   * @param overwrite whether what others set is replaced too; else it stays, and is reported
   */
  Round write(Found found, LogState state, int version, boolean overwrite) {
    List<String> reports = new ArrayList<>();
    LogState.Anchor anchor = new LogState.Anchor(state.log(), state.head());
    boolean anchored = found.anchor().equals(Optional.of(anchor));
    if (!anchored) {
      versions.setModelTag(model, ANCHOR, anchor.toString());
    }
    Projections now = found.projections();
    if (!overwrite && now.relation(state.entries(), state.head()) == Projections.Relation.FOREIGN) {
      return new Round(
          false,
          List.of(
              now.sentence() + ": others set that, and it stays; the log says version " + version));
    }
    Optional<Integer> alias = now.alias();
    if (!alias.equals(Optional.of(version))) {
      versions.setAlias(model, ALIAS, version);
      reports.add(
          "alias "
              + ALIAS
              + ": "
              + alias.map(v -> "version " + v).orElse("none")
              + " -> version "
              + version);
    }
    List<Integer> production = now.production();
    if (!production.contains(version)) {
      versions.setTag(model, version, STAGE, PRODUCTION);
      reports.add("tag " + STAGE + "=" + PRODUCTION + " set on version " + version);
    }
    for (int other : production) {
      if (other != version) {
        versions.deleteTag(model, other, STAGE);
        reports.add("tag " + STAGE + "=" + PRODUCTION + " removed from version " + other);
      }
    }
    boolean known = now.written().equals(Optional.of(state.head()));
    if (!known) {
      versions.setModelTag(model, WRITTEN, state.head().toString());
    }
    return new Round(!anchored || !known || !reports.isEmpty(), List.copyOf(reports));
  }
}
