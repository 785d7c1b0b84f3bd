package io.sluice.inference;

import ai.onnxruntime.OrtException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Calls ONNX Runtime on a thread with the stack that native programs expect. A Java thread has one
 * MiB, and the runtime's recursion over a graph was seen to end the process there without a word.
 */
final class DeepStack {
  /** What Linux gives a process's first thread. */
  private static final long STACK_BYTES = 8L << 20;

  private DeepStack() {}

  /** Something that only ONNX Runtime makes fail. */
  interface Call<T> {
    T run() throws OrtException;
  }

  /** Runs it and waits, whatever interrupts come; they are kept for the caller. */
  static <T> T call(Call<T> work) throws OrtException {
    AtomicReference<@Nullable T> result = new AtomicReference<>();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                result.set(work.run());
              } catch (OrtException | RuntimeException | Error e) {
                failure.set(e);
              }
            },
            "onnxruntime",
            STACK_BYTES);
    thread.start();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return switch (failure.get()) {
      case OrtException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default ->
          Objects.requireNonNull(result.get(), "ONNX Runtime was called and gave nothing");
    };
  }
}
