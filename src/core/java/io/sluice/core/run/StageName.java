package io.sluice.core.run;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * The name of a stage in the plan, families spelled out ({@code tune-xgboost}); the name of its
 * pipeline task, hence a DNS label.
 *
 * @param value 1 to 63 lower-case letters, digits and hyphens, starting with a letter
 */
public record StageName(String value) implements Comparable<StageName> {
  private static final Pattern FORM = Pattern.compile("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public StageName {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("not a stage name (a DNS label): " + value);
    }
  }

  @Override
  public int compareTo(StageName other) {
    return value.compareTo(other.value);
  }

  @JsonValue
  @Override
  public String toString() {
    return value;
  }
}
