package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Units are text; a message names those that a program took for numbers. */
class UnitsTest {
  @ParameterizedTest
  @CsvSource({"007,7", "007,7.0", "0,0.0", "10,010", "100,100.00"})
  void aKeyThatWasReadAsANumberLeadsToItsUnit(String unit, String read) {
    Units units = new Units();
    units.number("P-1");
    int known = units.number(unit);

    assertThat(units.find(read)).isEqualTo(-1);
    assertThat(units.findByNumber(read)).contains(known);
  }

  @Test
  void eachValueOfAKeyCounts() {
    Units units = new Units();
    int known = units.number("007" + Units.SEPARATOR + "EU");

    assertThat(units.findByNumber("7" + Units.SEPARATOR + "EU")).contains(known);
    assertThat(units.findByNumber("7" + Units.SEPARATOR + "US")).isEmpty();
    assertThat(units.findByNumber("70" + Units.SEPARATOR + "EU")).isEmpty();
  }
}
