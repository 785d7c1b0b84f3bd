package io.sluice.mlflow;

import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.PromotionLog.Head;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a promotion log looks like to those who do not read it: the alias {@code champion}, the tag
 * {@code stage=Production}, and the model's own memory of the log's head. None of the three has
 * compare-and-set, so each is only ever written again until it equals the log.
 */
final class ChampionProjections {
  private static final String ALIAS = "champion";
  private static final String STAGE = "stage";
  private static final String PRODUCTION = "Production";

  /** Tag of the model that holds the {@link LogState.Anchor}. */
  private static final String ANCHOR = "sluice.promotions";

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

  Optional<Integer> alias() {
    return versions.byAlias(model, ALIAS).map(versions::number);
  }

  /** The versions tagged as the one in production, by number; more than one while it changes. */
  List<Integer> production() {
    return versions
        .search("name = '" + model + "' and tags.`" + STAGE + "` = '" + PRODUCTION + "'")
        .stream()
        .map(versions::number)
        .sorted()
        .toList();
  }

  /** The head of the log as the model remembers it. */
  Optional<LogState.Anchor> anchor() {
    return versions
        .model(model)
        .map(ModelVersions::tags)
        .map(tags -> tags.get(ANCHOR))
        .map(text -> {
          try {
            return LogState.Anchor.parse(text);
          } catch (IllegalArgumentException e) {
            // Another program wrote something else there: it names a log that does not exist.
            return new LogState.Anchor("'" + ForeignText.distinct(text) + "'", Head.EMPTY);
          }
        });
  }

  /** Writes whatever does not equal the log, whose champion is {@code version}. */
  Round write(LogState state, int version) {
    List<String> reports = new ArrayList<>();
    LogState.Anchor anchor = new LogState.Anchor(state.log(), state.head());
    boolean anchored = anchor().equals(Optional.of(anchor));
    if (!anchored) {
      versions.setModelTag(model, ANCHOR, anchor.toString());
    }
    Optional<Integer> alias = alias();
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
    List<Integer> production = production();
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
    return new Round(!anchored || !reports.isEmpty(), List.copyOf(reports));
  }
}
