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
  /** A DNS label, as Kubernetes wants it for names and the values of labels. */
  public static final String FORM = "[a-z]([a-z0-9-]{0,61}[a-z0-9])?";

  /** The most characters that {@link #FORM} allows. */
  public static final int MAX_LENGTH = 63;

  private static final Pattern PATTERN = Pattern.compile(FORM);

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public StageName {
    if (!PATTERN.matcher(value).matches()) {
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
