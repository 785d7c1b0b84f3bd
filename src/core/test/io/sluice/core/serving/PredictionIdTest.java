package io.sluice.core.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PredictionIdTest {
  private static final Instant AT = Instant.parse("2026-11-30T12:00:00.123456Z");

  @Test
  void itIsAUuidOfVersion7AsJavaReadsIt() {
    PredictionId id = PredictionId.of(AT, 0x0123_4567_89ab_cdefL);
    UUID java = UUID.fromString(id.toString());
    assertThat(java.version()).isEqualTo(7);
    assertThat(java.variant()).isEqualTo(2);
    assertThat(java.toString()).isEqualTo(id.toString());
    assertThat(id.at()).isEqualTo(Instant.parse("2026-11-30T12:00:00.123Z"));
  }

  @Test
  void textAndBytesAreReadBack() {
    Random random = new Random(5);
    for (int i = 0; i < 1000; i++) {
      PredictionId id = PredictionId.of(AT.plusNanos(i * 77_777_777L), random.nextLong());
      assertThat(PredictionId.parse(id.toString())).isEqualTo(id);
      assertThat(PredictionId.parse(id.toString().toUpperCase(java.util.Locale.ROOT)))
          .isEqualTo(id);
      assertThat(PredictionId.of(id.bytes())).isEqualTo(id);
    }
  }

  @Test
  void idsSortByTimeWithinAMillisecondToo() {
    List<PredictionId> ids = new ArrayList<>();
    Random random = new Random(7);
    for (int i = 0; i < 4000; i++) {
      ids.add(PredictionId.of(AT.plusNanos(i * 250L), random.nextLong()));
    }
    for (int i = 1; i < ids.size(); i++) {
      assertThat(ids.get(i).high()).isGreaterThanOrEqualTo(ids.get(i - 1).high());
    }
    assertThat(ids.getLast().compareTo(ids.getFirst())).isPositive();
    assertThat(ids.getLast().toString()).isGreaterThan(ids.getFirst().toString());
  }

  @Test
  void otherTextsAreRefused() {
    for (String text :
        List.of(
            "",
            "7",
            "019f2c3a-5b7e-4c41-9d3e-0a1b2c3d4e5f",
            "019f2c3a-5b7e-7c41-cd3e-0a1b2c3d4e5f",
            "019f2c3a5b7e7c419d3e0a1b2c3d4e5f",
            "019f2c3a-5b7e-7c41-9d3e-0a1b2c3d4e5f' or 1=1")) {
      assertThatThrownBy(() -> PredictionId.parse(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not the id of a prediction");
    }
  }

  @Test
  void aRowIsNamedByAFullStopAndItsNumber() {
    PredictionId id = PredictionId.of(AT, 1);
    assertThat(RowId.parse(id.toString())).isEqualTo(new RowId(id, Optional.empty()));
    assertThat(RowId.parse(id + ".12")).isEqualTo(id.row(12)).hasToString(id + ".12");
    for (String row : List.of(".0", ".", ".-1", ".1.2", ".99999999999")) {
      assertThatThrownBy(() -> RowId.parse(id + row)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
