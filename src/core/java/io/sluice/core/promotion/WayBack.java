package io.sluice.core.promotion;

import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where a rollback goes that names no version: one further back each time (ADR 430). A promotion,
 * override or adoption adds its version to the way; a rollback cuts the way after the version that
 * it names.
 */
public final class WayBack {
  private WayBack() {}

  /**
   * The champion before the present one; empty where the present one is the first of the way.
   *
   * @param valid the valid entries of a log, oldest first
   */
  public static Optional<Integer> before(List<Entry> valid) {
    List<Integer> way = new ArrayList<>();
    for (Entry entry : valid) {
      int back = entry.kind() == Kind.ROLLBACK ? way.lastIndexOf(entry.to()) : -1;
      if (back >= 0) {
        way.subList(back + 1, way.size()).clear();
      } else if (way.isEmpty() || way.getLast() != entry.to()) {
        way.add(entry.to());
      }
    }
    return way.size() > 1 ? Optional.of(way.get(way.size() - 2)) : Optional.empty();
  }
}
