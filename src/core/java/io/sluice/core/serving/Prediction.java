package io.sluice.core.serving;

import io.sluice.core.artifact.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the ledger keeps of one request: one row, however many series or rows were asked for.
 *
 * @param at when it was made
 * @param version what computed it
 * @param names of the rows, as the caller named them; empty when they have no names
 * @param rows how many forecasts or predictions it holds
 * @param inputDigest of all inputs, whether they are kept or not
 * @param input what the model was given; empty where the policy keeps digests alone
 * @param output what was answered, and nothing that was computed again
 * @param caller who asked, as the service knows it
 * @param trace the W3C trace id that came with the request, 32 hexadecimal digits
 * @param key the caller's idempotency key
 */
public record Prediction(
    PredictionId id,
    Instant at,
    ServedVersion version,
    List<String> names,
    int rows,
    Digest inputDigest,
    Optional<Tensors> input,
    Tensors output,
    ReviewFlag review,
    Optional<String> caller,
    Optional<String> trace,
    Optional<String> key) {

  /** Longest {@code caller} and {@code key}, in UTF-16 units; a service refuses longer ones. */
  public static final int MAX_TEXT = 200;

  public Prediction {
    names = List.copyOf(names);
    if (!names.isEmpty() && names.size() != rows) {
      throw new IllegalArgumentException(names.size() + " names for " + rows + " rows");
    }
    if (caller.filter(c -> c.length() > MAX_TEXT).isPresent()
        || key.filter(k -> k.isEmpty() || k.length() > MAX_TEXT).isPresent()) {
      throw new IllegalArgumentException("caller or key is longer than " + MAX_TEXT);
    }
    if (trace.filter(t -> !t.matches("[0-9a-f]{32}")).isPresent()) {
      throw new IllegalArgumentException("not a W3C trace id: " + trace.get());
    }
  }

  /** About how much memory it takes while it waits to be written. */
  public int weight() {
    int names = this.names.stream().mapToInt(n -> 48 + 2 * n.length()).sum();
    return 400 + names + output.size() + input.map(Tensors::size).orElse(0);
  }
}
