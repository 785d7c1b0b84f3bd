package io.sluice.tekton.v1;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "1024, 1024",
    "1k, 1000",
    "1Ki, 1024",
    "512Mi, 536870912",
    "1.5Gi, 1610612736",
    "4G, 4000000000",
    "2Ti, 2199023255552",
    "1e3, 1000",
    "1E, 1000000000000000000",
    "1500m, 2",
    ".5Ki, 512",
    "999999999999999Ti, 9223372036854775807",
  })
  void anAmountOfMemoryIsANumberOfBytes(String text, long bytes) {
    assertThat(new Quantity(text).bytes()).hasValue(bytes);
  }

  @Test
  void whatIsNoAmountIsNone() {
    for (String text : new String[] {"", "much", "1ki", "-1", "1 Gi", "1Gib"}) {
      assertThat(new Quantity(text).bytes()).as(text).isEqualTo(OptionalLong.empty());
    }
  }
}
