package io.sluice.worker.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SentInputTest {
  @Test
  void givesWhatIsSentAndItsEnd() throws IOException {
    byte[] sent = new byte[300_000];
    new SplittableRandom(1).nextBytes(sent);
    try (InputStream in = new SentInput(new ByteArrayInputStream(sent), Duration.ofMinutes(1))) {
      assertThat(in.readAllBytes()).isEqualTo(sent);
      assertThat(in.read()).isEqualTo(-1);
    }
  }

  @Test
  void endsWhenNothingComesAnyMore() throws IOException {
    try (PipedOutputStream client = new PipedOutputStream();
        PipedInputStream end = new PipedInputStream(client);
        InputStream in = new SentInput(end, Duration.ofMillis(100))) {
      client.write(7);
      client.flush();
      assertThat(in.read()).isEqualTo(7);
      assertThatThrownBy(in::read)
          .isInstanceOf(SluiceException.class)
          .hasMessageContaining("nothing of the archive came");
    }
  }

  @Test
  void passesOnThatReadingFailed() throws IOException {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("reset");
          }
        };
    try (InputStream in = new SentInput(broken, Duration.ofMinutes(1))) {
      assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessage("reset");
    }
  }
}
