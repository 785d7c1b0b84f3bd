package io.sluice.core.gate;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** How numbers are written in sentences: few digits, the same everywhere. */
final class Figures {
  private Figures() {}

  /** 0.0314 is {@code 3.1%}, 0.2 is {@code 20%}; at most three significant digits. */
  static String percent(double share) {
    return plain(share * 100, Math.abs(share) >= 0.1 ? 3 : 2) + "%";
  }

  /** Three significant digits, without exponent. */
  static String number(double value) {
    return plain(value, 3);
  }

  /** As {@link #number}, with as many more digits as tell the value from another one. */
  static String apart(double value, double other) {
    int digits = 3;
    while (digits < 12 && value != other && plain(value, digits).equals(plain(other, digits))) {
      digits++;
    }
    return plain(value, digits);
  }

  /** Two decimals with sign, zero without: {@code -0.31}. */
  static String signed(double value) {
    return Math.abs(value) < 0.005 ? "0.00" : String.format(Locale.ROOT, "%+.2f", value);
  }

  private static String plain(double value, int digits) {
    if (!Double.isFinite(value)) {
      return "unknown";
    }
    BigDecimal rounded =
        new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
    if (rounded.signum() == 0) {
      return "0";
    }
    if (rounded.scale() < 0) {
      rounded = new BigDecimal(value).setScale(0, RoundingMode.HALF_EVEN);
    }
    return rounded.stripTrailingZeros().toPlainString();
  }
}
