package io.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LedgerPlaceTest {
  /** Nearly an address: never a file, and never shown. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgresql:/u:secret@h/db",
        "postgresql:u:secret@h/db",
        "PostgreSQL:/u:secret@h/db",
        "postgresql//u:secret@h/db",
        "postgres//u:secret@h/db",
        "//u:secret@h/db",
        "u:secret@h/db",
        "jdbc:postgresql:/u:secret@h/db",
        "jdbc:postgresql://h/db?password=secret",
        "u:secret@postgresql://h/db",
        "postgresql://h/db?password=secret",
        "postgresql://h/db?PASSWORD=secret",
        "postgresql://h/db?pass%77ord=secret",
        "postgresql://h/db?sslpassword=secret",
        "postgresql://u:1/secret@h/db",
        "postgresql://u:1#secret@h/db",
        "postgresql://u:1?secret@h/db",
        "postgresql://u:1/db?secret@h/db",
        "postgresql://u:se cret@h/db",
        "secret\0",
        "",
        " "
      })
  void whatIsNeitherPathNorAddressIsRefusedWithoutBeingShown(String text) {
    assertThatThrownBy(() -> LedgerPlace.parse(text))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-9501")
        .message()
        .doesNotContain("secret", "cret@");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ledger.sqlite",
        "/var/lib/a@b/x",
        "./odd:name",
        "a b/postgres/x",
        "postgresql/ledger.sqlite"
      })
  void pathsArePaths(String text) {
    assertThat(LedgerPlace.parse(text)).isInstanceOf(LedgerPlace.File.class);
  }

  @Test
  void anAddressIsShownWithoutItsCredentials() {
    LedgerPlace place =
        LedgerPlace.parse("postgresql://u:se%23cr%40t+@h:5433/db?currentSchema=x&socketTimeout=2");
    assertThat(place)
        .isEqualTo(
            new LedgerPlace.Server(
                "jdbc:postgresql://h:5433/db?currentSchema=x&socketTimeout=2",
                Optional.of("u"),
                Optional.of("se#cr@t+")))
        .hasToString("postgresql://h:5433/db?currentSchema=x&socketTimeout=2");
  }
}
