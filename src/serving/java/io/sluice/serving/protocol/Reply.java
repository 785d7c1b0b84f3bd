package io.sluice.serving.protocol;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * The body of an answer.
 *
 * @param version that made the prediction
 * @param json how many of the bytes are JSON, where tensors follow
 * @param rows that were predicted
 * @param needsReview whether a person should look
 * @param prediction the id under which the ledger knows it
 * @param ledger the word of the header {@code Sluice-Ledger}
 */
@SuppressWarnings("ArrayRecordComponent") // bytes on their way out; nobody compares two
public record Reply(
    byte[] body,
    int version,
    OptionalInt json,
    int rows,
    boolean needsReview,
    Optional<String> prediction,
    Optional<String> ledger) {}
