package io.sluice.tekton.v1;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An amount of a resource as Kubernetes writes it ({@code 500m}, {@code 4Gi}, {@code 2}).
 *
 * @param text as written; a number in YAML is taken as its text
 */
public record Quantity(String text) {
  private static final Pattern FORM =
      Pattern.compile(
          "([0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:(Ki|[MGTPE]i?|k|m)|[eE]([+-]?[0-9]{1,2}))?");

  /** As a number of bytes, rounded up; empty for a text that is not an amount of memory. */
  public OptionalLong bytes() {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    BigDecimal number = new BigDecimal(matcher.group(1));
    String suffix = Objects.requireNonNullElse(matcher.group(2), "");
    String exponent = Objects.requireNonNullElse(matcher.group(3), "0");
    BigDecimal unit =
        suffix.equals("m")
            ? BigDecimal.ONE.movePointLeft(3)
            : BigDecimal.valueOf(suffix.endsWith("i") ? 1024 : 1000)
                .pow(
                    suffix.isEmpty()
                        ? 0
                        : 1 + "kMGTPE".indexOf(suffix.replace('K', 'k').charAt(0)));
    BigDecimal all =
        number
            .multiply(unit)
            .scaleByPowerOfTen(Integer.parseInt(exponent))
            .setScale(0, RoundingMode.CEILING);
    return all.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
        ? OptionalLong.of(Long.MAX_VALUE)
        : OptionalLong.of(all.longValueExact());
  }

  @Override
  public String toString() {
    return text;
  }
}
