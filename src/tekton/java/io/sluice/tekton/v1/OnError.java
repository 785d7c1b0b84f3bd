package io.sluice.tekton.v1;

/** What a failing step or task means to what contains it. */
public enum OnError {
  @Key("continue")
  CONTINUE,
  @Key("stopAndFail")
  STOP_AND_FAIL
}
