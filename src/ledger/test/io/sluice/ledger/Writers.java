package io.sluice.ledger;

import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.Ledger.Mode;
import io.sluice.core.serving.Ledger.Receipt;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A process of its own that keeps predictions from eight threads until it is killed, and writes
 * down the id of each whose answer may leave: {@code Writers PLACE FOLDER MODE ACKS [COUNT]}.
 */
final class Writers {
  private static final int THREADS = 8;

  private Writers() {}

  public static void main(String[] args) throws Exception {
    LedgerSettings settings =
        LedgerSettings.of(LedgerPlace.parse(args[0]), Path.of(args[1])).with(Mode.valueOf(args[2]));
    long most = args.length > 4 ? Long.parseLong(args[4]) : Long.MAX_VALUE;
    Prediction like = Made.prediction(1);
    AtomicLong next = new AtomicLong();
    Thread[] threads = new Thread[THREADS];
    try (Ledger ledger = Ledgers.open(settings, Clock.systemUTC(), System.err::println);
        FileChannel acks =
            FileChannel.open(
                Path.of(args[3]), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (int t = 0; t < THREADS; t++) {
        threads[t] =
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    for (long n = next.getAndIncrement(); n < most; n = next.getAndIncrement()) {
                      keep(ledger, like, n, acks);
                    }
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                });
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }

  private static void keep(Ledger ledger, Prediction like, long n, FileChannel acks)
      throws Exception {
    Instant at = Instant.now();
    Prediction mine =
        new Prediction(
            PredictionId.of(at, n << 2),
            at,
            like.version(),
            like.names(),
            like.rows(),
            like.inputDigest(),
            like.input(),
            like.output(),
            like.review(),
            like.caller(),
            like.trace(),
            like.key());
    Receipt receipt = ledger.append(mine, Duration.ofMinutes(5));
    if (!(receipt instanceof Receipt.Kept || receipt instanceof Receipt.Buffered)) {
      throw new IllegalStateException(receipt.toString());
    }
    acks.write(ByteBuffer.wrap((mine.id() + "\n").getBytes(StandardCharsets.UTF_8)));
  }
}
