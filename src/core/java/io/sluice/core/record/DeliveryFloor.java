package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.spec.Spec;
import java.util.Locale;
import java.util.Optional;

/**
 * How much of the last delivery a new one must hold: {@code floor} of a data stage's {@code with}.
 *
 * @param rows share of the last delivery's rows
 * @param units share of its units
 * @param accepted why a person accepts less for this run; empty when nobody does
 */
public record DeliveryFloor(double rows, double units, Optional<String> accepted) {
  /** What holds when the spec says nothing (docs/adr/0331). */
  public static final DeliveryFloor USUAL =
      new DeliveryFloor(Spec.Floor.USUAL_ROWS, Spec.Floor.USUAL_UNITS, Optional.empty());

  /** Reads it from the {@code with} of a data stage. */
  public static DeliveryFloor of(JsonNode with) {
    JsonNode floor = with.path("floor");
    return floor.isMissingNode() ? USUAL : JsonCodec.read(floor, DeliveryFloor.class);
  }

  /** What a delivery lacks against the last one, for people; empty when it holds enough. */
  public Optional<String> shortfall(Delivery now, Delivery.Last last) {
    Optional<String> byUnits =
        now.units().isPresent() && last.units().isPresent()
            ? less("units", now.units().get(), last.units().get(), units)
            : Optional.empty();
    return byUnits.or(() -> less("rows", now.rows(), last.rows(), rows));
  }

  private static Optional<String> less(String what, long now, long last, double share) {
    return now < share * last
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "%d %s of %d (%.1f%%, the floor is %.1f%%)",
                now,
                what,
                last,
                100.0 * now / last,
                100 * share))
        : Optional.empty();
  }
}
