package io.jenkins.plugins.sluice.step;

import hudson.console.ConsoleLogFilter;
import hudson.model.Run;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A text with the masks that the blocks around a step put on its log. */
final class MaskedText {
  private MaskedText() {}

  /**
   * The text as it would be in the log.
   *
   * @param filter of the step's context; empty: no block masks anything
   */
  static String of(String text, Optional<ConsoleLogFilter> filter, Run<?, ?> build)
      throws IOException, InterruptedException {
    if (filter.isEmpty()) {
      return text;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream masked = filter.get().decorateLogger(build, out)) {
      // filters work on whole lines
      masked.write((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return out.toString(StandardCharsets.UTF_8).stripTrailing();
  }
}
