package io.sluice.core.run;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/**
 * The id of a whole run; also the name of its PipelineRun, hence a DNS label.
 *
 * @param value 1 to 52 lower-case letters, digits and hyphens, starting with a letter
 */
public record RunId(String value) {
  private static final Pattern FORM = Pattern.compile("[a-z]([a-z0-9-]{0,50}[a-z0-9])?");

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public RunId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "not a run id (a DNS label of at most 52 characters): " + value);
    }
  }

  @JsonValue
  @Override
  public String toString() {
    return value;
  }
}
