package io.sluice.serving.http;

import io.sluice.serving.predict.Problem;
import io.sluice.serving.predict.ProblemException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * Collects a request's body as it arrives, without a thread that waits for it: a caller who sends a
 * byte a second holds a socket and nothing else, and not for long.
 */
final class BodyReader implements Runnable {
  private static final int FIRST_BYTES = 16 << 10;

  /** What becomes of the body. */
  interface Outcome {
    void arrived(byte[] body);

    void refused(Problem problem);

    /** The caller is gone. */
    void lost(Throwable why);
  }

  private final Request request;
  private final Limits limits;
  private final AtomicLong arriving;
  private final Outcome outcome;
  private final long since = System.nanoTime();
  private byte[] bytes;
  private int size;

  /**
   * @param arriving the bytes of all bodies that are arriving
   */
  BodyReader(Request request, Limits limits, AtomicLong arriving, Outcome outcome) {
    this.request = request;
    this.limits = limits;
    this.arriving = arriving;
    this.outcome = outcome;
    this.bytes = new byte[(int) Math.max(0, Math.min(request.getLength(), FIRST_BYTES))];
  }

  @Override
  public void run() {
    try {
      if (!read()) {
        return;
      }
    } catch (ProblemException e) {
      arriving.addAndGet(-size);
      outcome.refused(e.problem());
      return;
    }
    arriving.addAndGet(-size);
    outcome.arrived(size == bytes.length ? bytes : Arrays.copyOf(bytes, size));
  }

  /** Takes what is there; true when that was all. */
  private boolean read() {
    if (request.getLength() > limits.bodyBytes()) {
      throw tooLarge();
    }
    while (true) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        request.demand(this);
        return false;
      }
      if (Content.Chunk.isFailure(chunk)) {
        failed(chunk.getFailure());
        return false;
      }
      try {
        take(chunk.getByteBuffer());
      } finally {
        chunk.release();
      }
      if (chunk.isLast()) {
        return true;
      }
      if (Duration.ofNanos(System.nanoTime() - since).compareTo(limits.arrival()) > 0) {
        throw slow();
      }
    }
  }

  private void take(ByteBuffer chunk) {
    int length = chunk.remaining();
    if (length > limits.bodyBytes() - size) {
      throw tooLarge();
    }
    if (arriving.addAndGet(length) > limits.waitingBytes()) {
      arriving.addAndGet(-length);
      throw Requests.shed("bodies of %d bytes are arriving".formatted(limits.waitingBytes()));
    }
    if (length > bytes.length - size) {
      bytes = Arrays.copyOf(bytes, Math.min(limits.bodyBytes(), Math.max(size + length, size * 2)));
    }
    chunk.get(bytes, size, length);
    size += length;
  }

  private void failed(Throwable why) {
    arriving.addAndGet(-size);
    if (why instanceof TimeoutException) {
      outcome.refused(slow().problem());
    } else if (why instanceof HttpException bad) {
      outcome.refused(Requests.malformed(bad.getCode(), "" + bad.getReason()));
    } else {
      outcome.lost(why);
    }
  }

  private ProblemException slow() {
    return Problem.of(
        408,
        "SLU-9216",
        "the body did not arrive within %d s".formatted(limits.arrival().toSeconds()),
        "send it in one go");
  }

  private ProblemException tooLarge() {
    return Problem.of(
        413,
        "SLU-9215",
        "the body is longer than %d bytes".formatted(limits.bodyBytes()),
        "send fewer rows at once, or tensors in binary form");
  }
}
