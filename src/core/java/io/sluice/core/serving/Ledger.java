package io.sluice.core.serving;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** Keeps every prediction, so that each can be traced later. */
public interface Ledger extends AutoCloseable {

  /** When an answer may leave the service. */
  enum Mode {
    /** After its prediction is on the disk. */
    DURABLE,
    /** At once; a bounded number of predictions is lost when the process dies. */
    BUFFERED,
    /** At once, and nothing is kept. */
    OFF;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What became of a prediction that was to be kept. */
  sealed interface Receipt {
    /** Committed; in {@link Mode#DURABLE} it is on the disk. The answer may leave. */
    record Kept() implements Receipt {}

    /** It waits to be written, with at most {@code atRisk} others. The answer may leave. */
    record Buffered(int atRisk) implements Receipt {}

    /** It is not kept, as configured: {@link Mode#OFF}. The answer may leave. */
    record NotKept() implements Receipt {}

    /** It could not be kept, and the settings let the answer leave all the same, which says so. */
    record Dropped(String why) implements Receipt {}

    /** It could not be kept, and the settings let no such answer leave: 503. */
    record Refused(String why) implements Receipt {}

    /**
     * The caller's key was used before: this prediction is the answer, when its input is the same.
     */
    record Earlier(Prediction prediction) implements Receipt {}

    /** The word of the answer's header {@code Sluice-Ledger}. */
    default String word() {
      return switch (this) {
        case Kept kept -> "kept";
        case Buffered buffered -> "buffered; at-risk=" + buffered.atRisk();
        case NotKept notKept -> "off";
        case Dropped dropped -> "dropped";
        case Refused refused -> "refused";
        case Earlier earlier -> "kept";
      };
    }
  }

  /** What is known of a caller's key. */
  sealed interface Keyed {
    /** The key was used before: this prediction is the answer, when its input is the same. */
    record Earlier(Prediction prediction) implements Keyed {}

    /**
     * No prediction is known of it, or none can be looked up and the settings let answers leave all
     * the same: {@link #append} decides.
     */
    record Fresh() implements Keyed {}

    /** The ledger cannot say, and the settings let no answer leave without it: 503. */
    record Refused(String why) implements Keyed {}
  }

  /**
   * How the ledger is.
   *
   * @param degraded why nothing can be written now; empty when it can
   * @param since when that began
   * @param waiting predictions that wait to be written
   * @param waitingBytes about how much memory they take
   * @param written predictions that this process wrote
   * @param dropped predictions of this process that were answered and not kept
   * @param refused requests that were refused because their prediction could not be kept
   */
  record State(
      Mode mode,
      Optional<String> degraded,
      Optional<Instant> since,
      long waiting,
      long waitingBytes,
      long written,
      long dropped,
      long refused) {}

  /**
   * Keeps a prediction. A prediction with a {@link Prediction#key} is committed before this returns
   * in every mode but {@link Mode#OFF}, so that a repeated request finds it.
   *
   * @param patience how long the caller can wait: until the request's deadline
   */
  Receipt append(Prediction prediction, Duration patience) throws InterruptedException;

  /**
   * The prediction of an id, written or still waiting.
   *
   * @throws io.sluice.core.diag.SluiceException when the ledger cannot be read
   */
  Optional<Prediction> find(PredictionId id);

  /**
   * The prediction that was made for a caller's key, while the key is remembered (a day).
   *
   * @param patience how long the caller can wait: until the request's deadline
   */
  Keyed byKey(String model, String key, Duration patience) throws InterruptedException;

  State state();

  /** Writes what waits, and ends. */
  @Override
  void close();

  /** Keeps nothing. */
  static Ledger off() {
    return new NoLedger();
  }
}
