package io.sluice.tekton.v1;

/** The types of parameters and results; Tekton's {@code object} is not supported. */
public enum ParamType {
  @Key("string")
  STRING,
  @Key("array")
  ARRAY
}
