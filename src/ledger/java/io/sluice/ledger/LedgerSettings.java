package io.sluice.ledger;

import io.sluice.core.serving.Ledger.Mode;
import java.nio.file.Path;

/**
 * How a service keeps predictions.
 *
 * @param place where
 * @param folder of this service alone: a small file there counts what was accepted, by which the
 *     next start knows how much a sudden end lost
 * @param mode when an answer may leave
 * @param maxUnwritten most predictions that may wait to be written: in {@link Mode#BUFFERED} this
 *     many can be lost
 * @param maxUnwrittenBytes most memory that they may take
 * @param whenFull what to do when that many wait
 * @param onFailure what to do while the database takes nothing
 */
public record LedgerSettings(
    LedgerPlace place,
    Path folder,
    Mode mode,
    int maxUnwritten,
    long maxUnwrittenBytes,
    WhenFull whenFull,
    OnFailure onFailure) {

  /** Most predictions that may wait, unless it is set. */
  public static final int MAX_UNWRITTEN = 2_000;

  /** Most memory for predictions that wait, unless it is set. */
  public static final long MAX_UNWRITTEN_BYTES = 32L << 20;

  /** What to do when as many predictions wait as may. */
  public enum WhenFull {
    /** The request waits, until its deadline; then it counts as a failure. */
    BLOCK,
    /** The answer leaves, the prediction is dropped and counted. */
    DROP
  }

  /** What to do with a request whose prediction cannot be kept. */
  public enum OnFailure {
    /** It gets no answer: 503. */
    REFUSE,
    /** It gets its answer, which says that it was not kept. */
    ANSWER
  }

  public LedgerSettings {
    if (maxUnwritten < 1 || maxUnwrittenBytes < 1) {
      throw new IllegalArgumentException("at least one prediction must be allowed to wait");
    }
  }

  /** The defaults. */
  public static LedgerSettings of(LedgerPlace place, Path folder) {
    return new LedgerSettings(
        place,
        folder,
        Mode.BUFFERED,
        MAX_UNWRITTEN,
        MAX_UNWRITTEN_BYTES,
        WhenFull.BLOCK,
        OnFailure.REFUSE);
  }

  /** The same with another mode. */
  public LedgerSettings with(Mode other) {
    return new LedgerSettings(
        place, folder, other, maxUnwritten, maxUnwrittenBytes, whenFull, onFailure);
  }

  /** The same with other bounds of what waits. */
  public LedgerSettings with(int most, long mostBytes, WhenFull full) {
    return new LedgerSettings(place, folder, mode, most, mostBytes, full, onFailure);
  }

  /** The same with another answer to failures. */
  public LedgerSettings with(OnFailure other) {
    return new LedgerSettings(
        place, folder, mode, maxUnwritten, maxUnwrittenBytes, whenFull, other);
  }
}
