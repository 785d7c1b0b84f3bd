package io.sluice.worker.source;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A stream from somebody elsewhere who may be gone: reading fails when nothing comes for some time.
 * The stream itself cannot be interrupted, so that a thread of its own reads it.
 */
final class SentInput extends InputStream {
  private static final int BLOCK = 64 << 10;

  /** A part of the stream; without bytes it is the end, or the failure of reading. */
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  private record Part(byte[] bytes, @Nullable IOException failure) {}

  private final BlockingQueue<Part> parts = new ArrayBlockingQueue<>(4);
  private final Duration patience;
  private Part current = new Part(new byte[0], null);
  private int position;
  private boolean over;

  SentInput(InputStream in, Duration patience) {
    this.patience = patience;
    var unused = Thread.ofPlatform().daemon().name("sent").start(() -> pump(in));
  }

  private void pump(InputStream in) {
    try {
      Part last = new Part(new byte[0], null);
      try {
        byte[] block = new byte[BLOCK];
        for (int n = in.read(block); n >= 0; n = in.read(block)) {
          if (n > 0) {
            parts.put(new Part(Arrays.copyOf(block, n), null));
          }
        }
      } catch (IOException e) {
        last = new Part(new byte[0], e);
      }
      parts.put(last);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody reads any more
    }
  }

  @Override
  public int read() throws IOException {
    return fill() ? current.bytes[position++] & 0xff : -1;
  }

  @Override
  public int read(byte[] to, int from, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int n = Math.min(length, current.bytes.length - position);
    System.arraycopy(current.bytes, position, to, from, n);
    position += n;
    return n;
  }

  private boolean fill() throws IOException {
    if (over || position < current.bytes.length) {
      return !over;
    }
    Part next;
    try {
      next = parts.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while it waited for the archive");
    }
    if (next == null) {
      throw new SluiceException(
          ExitCode.UNREACHABLE,
          Diagnostic.of(
              "SLU-4625",
              "nothing of the archive came for " + patience.toSeconds() + " s",
              "the client that sends it has died or lost its connection: run it again"));
    }
    if (next.failure != null) {
      throw next.failure;
    }
    current = next;
    position = 0;
    over = next.bytes.length == 0;
    return !over;
  }
}
