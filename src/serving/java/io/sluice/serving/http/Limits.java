package io.sluice.serving.http;

import java.time.Duration;

/**
 * What one service takes at once, so that no caller can take it from the others.
 *
 * @param bodyBytes longest body of a request
 * @param headerBytes longest request line and headers together
 * @param rows most windows or rows of a request
 * @param workers requests that are computed at once
 * @param waiting most requests that wait for a worker
 * @param waitingBytes most bytes of bodies that wait, or arrive
 * @param connections most connections that are open
 * @param idle how long a connection may be silent
 * @param arrival how long the headers of a request, and then its body, may take to arrive
 * @param deadline of an answer where the caller names none, and the longest that one can name
 */
public record Limits(
    int bodyBytes,
    int headerBytes,
    int rows,
    int workers,
    int waiting,
    long waitingBytes,
    int connections,
    Duration idle,
    Duration arrival,
    Duration deadline) {

  public Limits {
    if (bodyBytes < 1
        || headerBytes < 512
        || rows < 1
        || workers < 1
        || waiting < 0
        || waitingBytes < bodyBytes
        || connections < 1
        || !idle.isPositive()
        || !arrival.isPositive()
        || !deadline.isPositive()) {
      throw new IllegalArgumentException(
          "limits are positive, and waiting bodies may be as long as one body at least");
    }
  }

  /** What fits a small machine: two workers a core, and bodies of 64 MiB in all. */
  public static Limits of(int cores) {
    return new Limits(
        8 << 20,
        8 << 10,
        4096,
        Math.max(8, 2 * cores),
        1024,
        64L << 20,
        4096,
        Duration.ofSeconds(30),
        Duration.ofSeconds(15),
        Duration.ofSeconds(30));
  }
}
