package io.sluice.serving.predict;

import java.time.Duration;
import java.util.Optional;

/**
 * What a caller reads when a request was not answered: the content of a problem document (RFC
 * 9457), which keeps the {@code error} that clients of the V2 protocol look for.
 *
 * @param status of the answer
 * @param id {@code SLU-nnnn}, listed in docs/errors.md
 * @param detail what is wrong with this request, a sentence without a final stop
 * @param hint what to change
 * @param field where in the request, as a JSON pointer (RFC 6901) or a header's name
 * @param retryAfter when it is worth trying again
 */
public record Problem(
    int status,
    String id,
    String detail,
    String hint,
    Optional<String> field,
    Optional<Duration> retryAfter) {
  /** Longest text that an answer repeats of a request. */
  private static final int MAX_TEXT = 300;

  public Problem {
    detail = shortened(detail);
    hint = shortened(hint);
    field = field.map(Problem::shortened);
  }

  /** A request that is wrong as a whole. */
  public static ProblemException of(int status, String id, String detail, String hint) {
    return new ProblemException(
        new Problem(status, id, detail, hint, Optional.empty(), Optional.empty()));
  }

  /** A request that is wrong in one place. */
  public static ProblemException at(
      String field, int status, String id, String detail, String hint) {
    return new ProblemException(
        new Problem(status, id, detail, hint, Optional.of(field), Optional.empty()));
  }

  /** A request that may be sent again. */
  public static ProblemException later(
      int status, String id, String detail, String hint, Duration after) {
    return new ProblemException(
        new Problem(status, id, detail, hint, Optional.empty(), Optional.of(after)));
  }

  /** What it is about, the same for every problem of an id and status. */
  public String title() {
    return switch (status) {
      case 400 -> "the request cannot be read as it is";
      case 401 -> "no valid token";
      case 403 -> "not allowed";
      case 404 -> "not here";
      case 405 -> "another method is wanted";
      case 408 -> "the request took too long to arrive";
      case 413 -> "the request is too large";
      case 415 -> "another form of body is wanted";
      case 421 -> "the request is meant for another host";
      case 422 -> "the key was used for something else";
      case 429 -> "too much at once";
      case 431 -> "the headers are too large";
      case 503 -> "no answer can be given now";
      default -> "the service failed";
    };
  }

  /** Printable, and no longer than a line or two: a request may hold anything. */
  private static String shortened(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .limit(MAX_TEXT + 1L)
        .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? ' ' : c)
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? '?' : c)
        .forEach(out::appendCodePoint);
    return out.codePointCount(0, out.length()) > MAX_TEXT
        ? out.substring(0, out.offsetByCodePoints(0, MAX_TEXT)) + ".."
        : out.toString();
  }
}
