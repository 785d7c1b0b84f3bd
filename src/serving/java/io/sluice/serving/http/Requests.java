package io.sluice.serving.http;

import io.sluice.core.serving.Prediction;
import io.sluice.serving.predict.Caller;
import io.sluice.serving.predict.Problem;
import io.sluice.serving.predict.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/** What the headers of a request say, and what is wrong with them. */
final class Requests {
  /** Milliseconds after which the caller wants no answer any more. */
  static final String TIMEOUT = "Sluice-Timeout";

  static final String KEY = "Idempotency-Key";

  /** Bytes of JSON in a body with binary tensors. */
  static final String JSON_LENGTH = "Inference-Header-Content-Length";

  /** With the name of a token before it, it fits the ledger's {@link Prediction#MAX_TEXT}. */
  private static final int MAX_KEY = 128;

  private static final String TRACE = "traceparent";
  private static final Pattern TRACEPARENT =
      Pattern.compile("[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*");
  private static final String NO_TRACE = "0".repeat(32);

  private Requests() {}

  static Caller caller(HttpFields headers, Optional<String> name, Limits limits, long now) {
    return new Caller(name, trace(headers), key(headers, name), now + deadline(headers, limits));
  }

  /** A trace that does not read is none: the caller's tracing is not ours to refuse. */
  private static Optional<String> trace(HttpFields headers) {
    String text = headers.get(TRACE);
    if (text == null || text.length() > 200) {
      return Optional.empty();
    }
    Matcher matcher = TRACEPARENT.matcher(text);
    return matcher.matches() && !matcher.group(1).equals(NO_TRACE)
        ? Optional.of(matcher.group(1))
        : Optional.empty();
  }

  /**
   * The value of a header that may stand once: of two, a proxy before this service could have gone
   * by the other.
   */
  static @Nullable String single(HttpFields headers, String header) {
    List<String> values = headers.getValuesList(header);
    if (values.size() > 1) {
      throw Problem.at(
          header,
          400,
          "SLU-9219",
          "the header is there %d times".formatted(values.size()),
          "send it once");
    }
    return values.isEmpty() ? null : values.getFirst();
  }

  /** Keys of two callers are two keys. */
  private static Optional<String> key(HttpFields headers, Optional<String> caller) {
    String text = single(headers, KEY);
    if (text == null) {
      return Optional.empty();
    }
    if (text.isBlank()
        || text.length() > MAX_KEY
        || text.chars().anyMatch(c -> c < 0x20 || c > 0x7e)) {
      throw Problem.at(
          KEY,
          400,
          "SLU-9219",
          "the key is empty, longer than 128 characters, or not ASCII",
          "a UUID serves well");
    }
    return Optional.of(caller.map(name -> name + "/" + text).orElse(text));
  }

  private static long deadline(HttpFields headers, Limits limits) {
    return Math.min(
        whole(headers, TIMEOUT, "milliseconds, such as 250")
            .map(ms -> ms * 1_000_000L)
            .orElse(Long.MAX_VALUE),
        limits.deadline().toNanos());
  }

  static Optional<Integer> jsonLength(HttpFields headers) {
    return whole(headers, JSON_LENGTH, "how many bytes of the body are JSON").map(Math::toIntExact);
  }

  private static Optional<Long> whole(HttpFields headers, String header, String what) {
    String text = single(headers, header);
    if (text == null) {
      return Optional.empty();
    }
    if (!text.matches("[0-9]{1,9}")) {
      throw Problem.at(header, 400, "SLU-9219", "the header is not a whole number", "send " + what);
    }
    return Optional.of(Long.valueOf(text));
  }

  /**
   * Requires a body of a form that this service reads. A form that a web page can send to another
   * site without being asked is not among them.
   */
  static void requireForm(HttpFields headers, boolean binary) {
    String type = single(headers, "Content-Type");
    String encoding = single(headers, "Content-Encoding");
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      throw Problem.at(
          "Content-Encoding",
          415,
          "SLU-9217",
          "the body is compressed",
          "send it as it is; many numbers are shorter as binary tensors");
    }
    if (!(binary && (type == null || is(type, "application/octet-stream")))
        && !is(type, "application/json")
        && !(type == null && !fromPage(headers))) {
      throw Problem.at(
          "Content-Type",
          415,
          "SLU-9217",
          type == null ? "the header is missing" : "`" + type + "` is not read here",
          binary ? "send application/octet-stream" : "send application/json");
    }
  }

  /** Whether a browser sent it on behalf of a page. */
  static boolean fromPage(HttpFields headers) {
    return headers.contains(HttpHeader.ORIGIN) || headers.contains("Sec-Fetch-Site");
  }

  private static boolean is(@Nullable String type, String wanted) {
    if (type == null) {
      return false;
    }
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).trim().equalsIgnoreCase(wanted);
  }

  static ProblemException shed(String why) {
    return Problem.later(
        429,
        "SLU-9220",
        "too much at once: " + why,
        "wait as long as Retry-After says, and longer each time",
        Duration.ofSeconds(1));
  }

  /** What the server library refused before this service saw it. */
  static Problem malformed(int status, String reason) {
    int known =
        switch (status) {
          case 408, 413, 414, 431, 505 -> status;
          default -> status >= 500 ? 500 : 400;
        };
    return new Problem(
        known == 414 ? 431 : known,
        "SLU-9216",
        known == 500
            ? "the service failed"
            : "the request is not HTTP as this service takes it: " + reason,
        "send HTTP/1.1 with one length of the body, and headers of moderate size",
        Optional.empty(),
        Optional.empty());
  }
}
