package io.sluice.core.run;

import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.json.LowerCase;
import java.util.Locale;

/** How a stage, step or run ended. */
@EnumNaming(LowerCase.class)
public enum StageStatus {
  SUCCEEDED,
  FAILED,
  /** Not run: what it needs did not come, or its {@code when} said no. */
  SKIPPED,
  CANCELLED,
  TIMED_OUT;

  /** For people: {@code timed out}. */
  public String words() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
