package io.sluice.core.serving;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sluice.core.artifact.Digest;
import java.math.BigDecimal;
import java.util.HexFormat;

/**
 * A share of all inputs, chosen by their digest: the same input is always in it or never, on every
 * replica, and nobody can choose which.
 *
 * @param percent from 0 to 100
 */
public record HashShare(BigDecimal percent) {
  public static final HashShare NONE = new HashShare(BigDecimal.ZERO);

  private static final int DIGITS = 13;

  /** Values of that many hexadecimal digits: 52 bits, which a double has exactly. */
  private static final long VALUES = 1L << 52;

  /** For what a share is drawn: two purposes look at different parts of the digest. */
  public enum Purpose {
    /** Predictions that people look at although nothing speaks against them. */
    CONTROL(0),
    /** Inputs that the ledger keeps. */
    INPUT(DIGITS);

    /** Where its digits begin. */
    private final int from;

    Purpose(int from) {
      this.from = from;
    }
  }

  public HashShare {
    if (percent.signum() < 0 || percent.compareTo(BigDecimal.valueOf(100)) > 0) {
      throw new IllegalArgumentException("a share of " + percent + "%, outside 0 to 100");
    }
    percent = percent.signum() == 0 ? BigDecimal.ZERO : percent.stripTrailingZeros();
  }

  /**
   * Reads {@link #toString}: a number, with or without a percent sign.
   *
   * @throws IllegalArgumentException for anything else
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static HashShare parse(String text) {
    String number = text.endsWith("%") ? text.substring(0, text.length() - 1) : text;
    if (!number.matches("[0-9]{1,3}([.][0-9]{1,9})?")) {
      throw new IllegalArgumentException("not a share in percent, such as 2.5%: " + text);
    }
    return new HashShare(new BigDecimal(number));
  }

  /** Whether the share has the input of this digest. */
  public boolean has(Digest input, Purpose purpose) {
    long part = HexFormat.fromHexDigitsToLong(input.hex(), purpose.from, purpose.from + DIGITS);
    return part < percent.doubleValue() / 100 * VALUES;
  }

  @JsonValue
  @Override
  public String toString() {
    return percent.toPlainString() + "%";
  }
}
