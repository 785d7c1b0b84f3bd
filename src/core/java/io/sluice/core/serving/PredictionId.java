package io.sluice.core.serving;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a prediction: a UUID of version 7 (RFC 9562), so that ids sort by the time of their
 * making and a ledger appends at its end. {@code java.util.UUID} is a source of random numbers too,
 * which the core does not have.
 *
 * @param high milliseconds since 1970, version, and twelve bits of the fraction of the millisecond
 * @param low variant and 62 random bits
 */
public record PredictionId(long high, long low) implements Comparable<PredictionId> {
  /** Bytes of {@link #bytes}. */
  public static final int SIZE = 16;

  private static final Pattern TEXT =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");

  public PredictionId {
    if (((high >>> 12) & 0xf) != 7 || (low >>> 62) != 2) {
      throw new IllegalArgumentException("not the id of a prediction (a UUID of version 7)");
    }
  }

  /**
   * Makes an id.
   *
   * @param at now, by the caller's clock
   * @param random 62 of its bits are used
   */
  public static PredictionId of(Instant at, long random) {
    long millis = at.toEpochMilli();
    long rest = ChronoUnit.NANOS.between(Instant.ofEpochMilli(millis), at);
    long fraction = rest * 4096 / 1_000_000;
    return new PredictionId((millis << 16) | 0x7000 | fraction, (random >>> 2) | Long.MIN_VALUE);
  }

  /**
   * Reads {@link #toString}, in lower or upper case.
   *
   * @throws IllegalArgumentException for anything else
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static PredictionId parse(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    if (!TEXT.matcher(lower).matches()) {
      throw new IllegalArgumentException(
          "not the id of a prediction, such as 019f2c3a-5b7e-7c41-9d3e-0a1b2c3d4e5f");
    }
    String hex = lower.replace("-", "");
    return new PredictionId(
        HexFormat.fromHexDigitsToLong(hex, 0, 16), HexFormat.fromHexDigitsToLong(hex, 16, 32));
  }

  /** Reads {@link #bytes}. */
  public static PredictionId of(byte[] bytes) {
    if (bytes.length != SIZE) {
      throw new IllegalArgumentException("an id of " + bytes.length + " bytes");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new PredictionId(buffer.getLong(), buffer.getLong());
  }

  /** The id as a ledger stores it; sorts as the ids do. */
  public byte[] bytes() {
    return ByteBuffer.allocate(SIZE).putLong(high).putLong(low).array();
  }

  /** When it was made, to the millisecond. */
  public Instant at() {
    return Instant.ofEpochMilli(high >>> 16);
  }

  /**
   * The id of one row of the prediction.
   *
   * @param number from 1
   */
  public RowId row(int number) {
    return new RowId(this, Optional.of(number));
  }

  @Override
  public int compareTo(PredictionId other) {
    int first = Long.compareUnsigned(high, other.high);
    return first == 0 ? Long.compareUnsigned(low, other.low) : first;
  }

  @JsonValue
  @Override
  public String toString() {
    HexFormat hex = HexFormat.of();
    String h = hex.toHexDigits(high);
    String l = hex.toHexDigits(low);
    return String.join(
        "-",
        h.substring(0, 8),
        h.substring(8, 12),
        h.substring(12),
        l.substring(0, 4),
        l.substring(4));
  }
}
