package io.sluice.core.serving;

import io.sluice.core.artifact.Digest;
import java.util.Optional;

/** Which inputs a ledger keeps beside their digests. */
public sealed interface InputPolicy {
  /** Every input: every prediction can be computed again. */
  record All() implements InputPolicy {}

  /** A share of the inputs, chosen by their digest. */
  record Sampled(HashShare share) implements InputPolicy {}

  /** None: the ledger proves which input it was, and does not hold it. */
  record DigestOnly() implements InputPolicy {}

  /**
   * Reads {@code all}, {@code sampled N%} or {@code digest}.
   *
   * @throws IllegalArgumentException for anything else
   */
  static InputPolicy parse(String text) {
    return switch (text) {
      case "all" -> new All();
      case "digest" -> new DigestOnly();
      default -> {
        if (!text.startsWith("sampled ")) {
          throw new IllegalArgumentException(
              "not a policy for inputs (all, `sampled 10%` or digest): " + text);
        }
        yield new Sampled(HashShare.parse(text.substring("sampled ".length()).trim()));
      }
    };
  }

  /** The input where it is kept. */
  default Optional<Tensors> keep(Tensors input, Digest digest) {
    return switch (this) {
      case All all -> Optional.of(input);
      case Sampled sampled ->
          sampled.share().has(digest, HashShare.Purpose.INPUT)
              ? Optional.of(input)
              : Optional.empty();
      case DigestOnly digestOnly -> Optional.empty();
    };
  }
}
