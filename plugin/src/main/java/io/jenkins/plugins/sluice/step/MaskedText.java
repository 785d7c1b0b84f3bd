package io.jenkins.plugins.sluice.step;

import hudson.console.ConsoleLogFilter;
import hudson.model.AbstractBuild;
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
  static String of(String text, Optional<ConsoleLogFilter> filter)
      throws IOException, InterruptedException {
    if (filter.isEmpty()) {
      return text;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream masked = decorate(filter.get(), out)) {
      // filters work on whole lines
      masked.write((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return out.toString(StandardCharsets.UTF_8).stripTrailing();
  }

  /**
   * As Pipeline itself calls the filter of a block, without a build. That of {@code
   * withCredentials} overrides this method alone; the other one, for a {@code Run}, would return
   * the stream as it is.
   */
  @SuppressWarnings("deprecation")
  private static OutputStream decorate(ConsoleLogFilter filter, OutputStream out)
      throws IOException, InterruptedException {
    return filter.decorateLogger((AbstractBuild<?, ?>) null, out);
  }
}
