package io.sluice.core.json;

import com.fasterxml.jackson.databind.EnumNamingStrategy;
import java.util.Locale;

/** Writes the constants of an enum in lower case: {@code TIMED_OUT} is {@code timed_out}. */
public final class LowerCase implements EnumNamingStrategy {
  @Override
  public String convertEnumToExternalName(String constant) {
    return constant.toLowerCase(Locale.ROOT);
  }
}
