package io.sluice.tekton.v1;

import java.util.List;

/** The value of a parameter or result: one string, or a list of strings. */
public sealed interface ParamValue {
  /** A value of type {@code string}. */
  record Text(String value) implements ParamValue {}

  /** A value of type {@code array}. */
  record Array(List<String> values) implements ParamValue {
    public Array {
      values = List.copyOf(values);
    }
  }

  static ParamValue of(String value) {
    return new Text(value);
  }

  static ParamValue of(List<String> values) {
    return new Array(values);
  }
}
