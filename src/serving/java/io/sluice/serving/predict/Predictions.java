package io.sluice.serving.predict;

import io.sluice.core.artifact.Digest;
import io.sluice.core.serving.HashShare;
import io.sluice.core.serving.InputPolicy;
import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import io.sluice.core.serving.ReviewFlag;
import io.sluice.core.serving.Tensors;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Predicts by the version that a lease holds, and sees to it that the ledger knows before the
 * caller does.
 */
public final class Predictions {
  private final Ledger ledger;
  private final InputPolicy inputs;
  private final HashShare control;
  private final Clock clock;
  private final LongSupplier random;
  private final LongSupplier nanoTime;

  /**
   * @param inputs which inputs the ledger keeps
   * @param control the share of inputs that people look at whatever else speaks for them
   * @param random of ids; called by several threads
   * @param nanoTime the scale of {@link Caller#deadline}
   */
  public Predictions(
      Ledger ledger,
      InputPolicy inputs,
      HashShare control,
      Clock clock,
      LongSupplier random,
      LongSupplier nanoTime) {
    this.ledger = ledger;
    this.inputs = inputs;
    this.control = control;
    this.clock = clock;
    this.random = random;
    this.nanoTime = nanoTime;
  }

  /**
   * Predicts, unless the caller's key names a prediction that is there.
   *
   * @throws ProblemException 400 when the model gives no number, 422 for a key that was used with
   *     another input, 429 when the deadline is over before the model ran, 503 when the prediction
   *     could not be kept as configured
   * @throws io.sluice.core.diag.SluiceException SLU-6008 when the model fails; what the ledger says
   */
  public Answered predict(Lease lease, Asked asked, Caller caller) throws InterruptedException {
    Tensors input = Tensors.of(asked.input().toArray(Tensors.Tensor[]::new));
    Digest digest = input.digest();
    if (caller.key().isPresent()) {
      // half of the time at most: the model has to run when the ledger does not answer
      Duration half = Duration.ofNanos(left(caller) / 2);
      switch (ledger.byKey(lease.version().model(), caller.key().get(), half)) {
        case Ledger.Keyed.Earlier earlier -> {
          return again(earlier.prediction(), asked, digest);
        }
        case Ledger.Keyed.Refused refused ->
            throw notKept("the ledger cannot say whether the key was used before");
        case Ledger.Keyed.Fresh fresh -> {}
      }
    }
    if (left(caller) == 0) {
      throw late();
    }
    List<Tensors.Tensor> output = lease.predictor().predict(asked.input());
    requireNumbers(output);
    Instant at = clock.instant();
    Prediction prediction =
        new Prediction(
            PredictionId.of(at, random.getAsLong()),
            at,
            lease.version(),
            asked.names(),
            asked.rows(),
            digest,
            inputs.keep(input, digest),
            Tensors.of(output.toArray(Tensors.Tensor[]::new)),
            ReviewFlag.of(lease.version(), digest, control),
            caller.name(),
            caller.trace(),
            caller.key());
    Ledger.Receipt receipt = ledger.append(prediction, Duration.ofNanos(left(caller)));
    return switch (receipt) {
      case Ledger.Receipt.Earlier other -> again(other.prediction(), asked, digest);
      case Ledger.Receipt.Refused refused -> throw notKept("the ledger cannot keep the prediction");
      case Ledger.Receipt.Kept kept -> new Answered(prediction, output, receipt, false);
      case Ledger.Receipt.Buffered buffered -> new Answered(prediction, output, receipt, false);
      case Ledger.Receipt.NotKept notKept -> new Answered(prediction, output, receipt, false);
      case Ledger.Receipt.Dropped dropped -> new Answered(prediction, output, receipt, false);
    };
  }

  private long left(Caller caller) {
    return Math.max(0, caller.deadline() - nanoTime.getAsLong());
  }

  /** Why is for the operator: it may name the database's host. */
  private static ProblemException notKept(String what) {
    return Problem.later(
        503,
        "SLU-9222",
        what,
        "the service is set to answer nothing that it cannot keep; its operator sees why in the"
            + " service's log and at /v2/health/ready",
        Duration.ofSeconds(5));
  }

  /** What is not a number is not an answer: evaluate refuses it too. */
  private static void requireNumbers(List<Tensors.Tensor> output) {
    for (Tensors.Tensor table : output) {
      int bad =
          switch (table) {
            case Tensors.Tensor.Floats t -> {
              int i = 0;
              while (i < t.values().length && Float.isFinite(t.values()[i])) {
                i++;
              }
              yield i < t.values().length ? i : -1;
            }
            case Tensors.Tensor.Doubles t -> {
              int i = 0;
              while (i < t.values().length && Double.isFinite(t.values()[i])) {
                i++;
              }
              yield i < t.values().length ? i : -1;
            }
            case Tensors.Tensor.Longs t -> -1;
            case Tensors.Tensor.Flags t -> -1;
            case Tensors.Tensor.Texts t -> -1;
          };
      if (bad >= 0) {
        throw Problem.of(
            400,
            "SLU-9229",
            "the model gives no finite number for row %d".formatted(bad / table.width()),
            "rows count from 0; does the model take missing values?");
      }
    }
  }

  /** A deadline that is over while the request waited. */
  public static ProblemException late() {
    return Problem.later(
        429,
        "SLU-9218",
        "the request waited longer than its deadline, and the model did not run",
        "send less at once, or give it more time by `Sluice-Timeout`",
        Duration.ofSeconds(1));
  }

  private static Answered again(Prediction earlier, Asked asked, Digest input) {
    if (!earlier.inputDigest().equals(input) || !earlier.names().equals(asked.names())) {
      throw Problem.at(
          "Idempotency-Key",
          422,
          "SLU-9221",
          "the key belongs to prediction "
              + earlier.id()
              + ", which had another input or other names",
          "a key stands for one request: take a new one for a new request");
    }
    return new Answered(
        earlier, earlier.output().tables(), new Ledger.Receipt.Earlier(earlier), true);
  }
}
