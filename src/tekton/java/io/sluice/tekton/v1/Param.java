package io.sluice.tekton.v1;

import java.util.List;

/** Gives a parameter its value. */
public record Param(String name, ParamValue value) {
  public static Param of(String name, String value) {
    return new Param(name, ParamValue.of(value));
  }

  public static Param of(String name, List<String> values) {
    return new Param(name, ParamValue.of(values));
  }
}
