package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which delivery a new one is held against, and how much of it it must hold. */
class DeliveriesTest {
  private static final StageName WEEKS = new StageName("data-weeks");
  private static final Digest VALUES = Digest.of("{}");

  @Test
  void theLastDeliveryIsTheNewestThatWasKnownAtTheAsOf() {
    List<Deliveries.Past> past =
        List.of(
            past("backfill", VALUES, 50, "2026-01-05"),
            past("next-year", VALUES, 900, "2027-01-04"),
            past("later", VALUES, 300, "2026-08-31"),
            past("earlier", VALUES, 200, "2026-08-24"),
            past("smoke", Digest.of("{\"units\":5}"), 5, "2026-09-07"));
    Deliveries latest = Deliveries.latest(past, Instant.parse("2026-09-10T00:00:00Z"));
    assertThat(latest.of(WEEKS, VALUES).orElseThrow())
        .isEqualTo(new Delivery.Last(new RunId("later"), 300, Optional.of(30L)));
    assertThat(latest.of(WEEKS, Digest.of("{\"units\":5}")).orElseThrow().rows()).isEqualTo(5);
    assertThat(latest.of(new StageName("data-other"), VALUES)).isEmpty();
    assertThat(latest.of(WEEKS, Digest.of("other"))).isEmpty();
    assertThat(Deliveries.latest(past, Instant.parse("2026-01-01T00:00:00Z")).all()).isEmpty();
    assertThat(Deliveries.parse(Json.write(latest.json()).getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(latest);
  }

  @Test
  void aRunRecordTellsItsDeliveriesAndAnOlderOneHasNone() {
    Delivery delivery = past("r", VALUES, 300, "2026-08-31").delivery();
    StageRecord stage =
        StageRecord.builder(
                new RunId("r"), WEEKS, io.sluice.core.plan.Plan.Kind.DATA, 0, Instant.EPOCH)
            .delivery(Optional.of(delivery))
            .build();
    PastRun past =
        PastRun.parse(
            Json.parse("{\"run\":\"r\",\"stages\":[" + stage.json() + ",{\"stage\":\"x\"}]}"));
    assertThat(past.deliveries())
        .containsExactly(new Deliveries.Past(new RunId("r"), WEEKS, delivery));
    assertThat(PastRun.parse(Json.parse("{\"run\":\"r\"}")).deliveries()).isEmpty();
  }

  @Test
  void theFloorIsAShareOfRowsAndOfUnits() {
    Delivery.Last last = new Delivery.Last(new RunId("r"), 1000, Optional.of(100L));
    DeliveryFloor floor = DeliveryFloor.USUAL;
    assertThat(floor.shortfall(delivery(900, Optional.of(95L)), last)).isEmpty();
    assertThat(floor.shortfall(delivery(5000, Optional.of(500L)), last)).isEmpty();
    assertThat(floor.shortfall(delivery(899, Optional.of(95L)), last))
        .contains("899 rows of 1000 (89.9%, the floor is 90.0%)");
    // rows that come twice do not make up for products that are gone
    assertThat(floor.shortfall(delivery(1000, Optional.of(94L)), last))
        .contains("94 units of 100 (94.0%, the floor is 95.0%)");
    assertThat(floor.shortfall(delivery(500, Optional.empty()), last)).isPresent();
    DeliveryFloor none = DeliveryFloor.of(Json.parse("{\"floor\":{\"rows\":0,\"units\":0}}"));
    assertThat(none.shortfall(delivery(1, Optional.of(1L)), last)).isEmpty();
    assertThat(DeliveryFloor.of(Json.object())).isEqualTo(DeliveryFloor.USUAL);
  }

  private static Delivery delivery(long rows, Optional<Long> units) {
    return new Delivery(
        VALUES,
        rows,
        units,
        Instant.parse("2026-08-31T00:00:00Z"),
        Optional.empty(),
        Optional.empty());
  }

  private static Deliveries.Past past(String run, Digest values, long rows, String newest) {
    return new Deliveries.Past(
        new RunId(run),
        WEEKS,
        new Delivery(
            values,
            rows,
            Optional.of(rows / 10 + 0L),
            Instant.parse(newest + "T00:00:00Z"),
            Optional.empty(),
            Optional.empty()));
  }
}
