package io.sluice.app.run;

import java.time.Duration;

/**
 * How long a supervisor waits.
 *
 * @param retryDelay between two attempts to reach a cluster
 * @param maxAttempts to reach it, one after the other, before the execution fails
 * @param cancelGrace for an execution that was asked to end, its {@code finally} tasks included;
 *     then it is ended by force
 * @param forceGrace for an execution that was ended by force; then supervision stops
 */
public record Timeouts(
    Duration retryDelay, int maxAttempts, Duration cancelGrace, Duration forceGrace) {}
