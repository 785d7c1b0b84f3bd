package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Ids of new runs. */
final class RunIds {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private RunIds() {}

  /** The id that {@code --run-id} gives, else one made from the time. */
  static RunId of(@Nullable String given, Clock clock) {
    if (given == null) {
      String random = String.format("%04x", ThreadLocalRandom.current().nextInt(1 << 16));
      return new RunId("r-" + STAMP.format(clock.instant()) + "-" + random);
    }
    try {
      return new RunId(given);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9025", "--run-id: " + e.getMessage(), "lower-case letters, digits and hyphens"));
    }
  }
}
