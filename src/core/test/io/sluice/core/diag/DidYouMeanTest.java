package io.sluice.core.diag;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DidYouMeanTest {
  private static final List<String> KNOWN = List.of("trials", "patience", "train", "uses");

  @Test
  void suggestsTheNearestWord() {
    assertThat(DidYouMean.among(KNOWN, "trails")).contains("trials");
    assertThat(DidYouMean.among(KNOWN, "PATIENCE")).contains("patience");
    assertThat(DidYouMean.among(KNOWN, "use")).contains("uses");
  }

  @Test
  void suggestsNothingWhereNothingIsNear() {
    assertThat(DidYouMean.among(KNOWN, "metric")).isEmpty();
    assertThat(DidYouMean.among(KNOWN, "x".repeat(100_000))).isEmpty();
    assertThat(DidYouMean.among(List.of(), "x")).isEmpty();
  }

  @Test
  void swappingTwoNeighboursIsOneEdit() {
    assertThat(DidYouMean.edits("trials", "trails")).isEqualTo(1);
    assertThat(DidYouMean.edits("kitten", "sitting")).isEqualTo(3);
    assertThat(DidYouMean.edits("", "abc")).isEqualTo(3);
  }
}
