package io.sluice.worker.split;

import io.sluice.core.artifact.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * Draws the part of a row by a hash of what names it and of the seed, and of nothing else: a row
 * keeps its part when the table grows, shrinks or is sorted anew. A champion has so never learned
 * from a row that it is judged on later (docs/adr/0520).
 */
final class KeyedDraw {
  private static final String PURPOSE = "sluice.io/split/v1";
  private static final double UNIT = 0x1.0p-53;

  private final MessageDigest sha = Digest.sha256();
  private final byte[] key;
  private final double validation;
  private final double holdout;

  KeyedDraw(long seed, double validation, double holdout) {
    this.key = (PURPOSE + "\n" + seed + "\n").getBytes(StandardCharsets.UTF_8);
    this.validation = validation;
    this.holdout = holdout;
  }

  /** A number from 0 up to 1, the same for the same name and seed. */
  double at(String name) {
    sha.update(key);
    byte[] hash = sha.digest(name.getBytes(StandardCharsets.UTF_8));
    return (ByteBuffer.wrap(hash).getLong() >>> 11) * UNIT;
  }

  /** The holdout is drawn first, so that another share of validation leaves it as it is. */
  Part part(String name) {
    double drawn = at(name);
    if (drawn < holdout) {
      return Part.HOLDOUT;
    }
    return drawn < holdout + validation ? Part.VALIDATION : Part.TRAIN;
  }
}
