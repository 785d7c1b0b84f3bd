package io.sluice.serving.predict;

import java.util.Optional;

/**
 * Who asks, and how long that lasts.
 *
 * @param name of the token, where the service asks for one
 * @param trace the W3C trace id that came with the request
 * @param key the idempotency key that came with it
 * @param deadline of the answer, on the scale of {@link System#nanoTime}
 */
public record Caller(
    Optional<String> name, Optional<String> trace, Optional<String> key, long deadline) {}
