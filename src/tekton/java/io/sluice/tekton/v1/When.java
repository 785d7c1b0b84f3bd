package io.sluice.tekton.v1;

import java.util.List;

/**
 * A condition: whether {@code input} is among {@code values}.
 *
 * @param input usually a variable
 */
public record When(String input, Operator operator, List<String> values) {
  public When {
    values = List.copyOf(values);
  }

  /** How input and values must relate. */
  public enum Operator {
    @Key("in")
    IN,
    @Key("notin")
    NOT_IN
  }
}
