package io.jenkins.plugins.sluice.step;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.console.ConsoleLogFilter;
import hudson.model.AbstractBuild;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The error of a step hides what its log hides. */
class MaskedTextTest {
  /** As that of withCredentials: it overrides this method alone, and looks at whole lines. */
  private static final class Filter extends ConsoleLogFilter {
    @Override
    @SuppressWarnings({"rawtypes", "deprecation"})
    public OutputStream decorateLogger(AbstractBuild build, OutputStream logger) {
      return new OutputStream() {
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        @Override
        public void write(int b) throws IOException {
          line.write(b);
          if (b == '\n') {
            String text = line.toString(StandardCharsets.UTF_8).replace("pass-1", "****");
            logger.write(text.getBytes(StandardCharsets.UTF_8));
            line.reset();
          }
        }
      };
    }
  }

  @Test
  void theMasksOfTheBlocksAroundAStepHoldForItsError() throws Exception {
    String text = "stage data failed\nits last lines:\n  connecting as ü with pass-1";
    assertThat(MaskedText.of(text, Optional.of(new Filter())))
        .isEqualTo("stage data failed\nits last lines:\n  connecting as ü with ****");
    assertThat(MaskedText.of(text, Optional.empty())).isEqualTo(text);
  }
}
