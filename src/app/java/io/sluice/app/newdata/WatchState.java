package io.sluice.app.newdata;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * What is known of a data source that is watched: a value, written down as JSON after each change.
 *
 * @param checks number of the last one that was begun; it makes its id, and only grows
 * @param going number of the check under way
 * @param seen the fingerprint that a build was started for, or that was there at first
 * @param last how the last check ended
 * @param code of the last check that succeeded, so that the next one need not upload the same
 */
public record WatchState(
    long checks,
    Optional<Long> going,
    Optional<Seen> seen,
    Optional<Last> last,
    Optional<Code> code) {
  private static final String FORMAT = "sluice.io/data-watch/v1";

  /** Of a source that was never asked. */
  public static final WatchState NEW =
      new WatchState(0, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * A fingerprint.
   *
   * @param digest what is compared
   * @param text its first line, for people; empty when the line was lost
   */
  public record Seen(Digest digest, String text, Instant at) {
    /** How people are told of it. */
    public String words() {
      return text.isEmpty() ? digest.brief() : text;
    }
  }

  /** How a check ended. */
  public enum Outcome {
    /** The fingerprint was there before. */
    SAME,
    /** There was none to compare with, and nothing was started. */
    FIRST,
    /** A build was started. */
    STARTED,
    /** It is new, and no build could be started: the next check tries again. */
    REFUSED,
    /** It says nothing of the data. */
    FAILED
  }

  /**
   * The last check.
   *
   * @param text the fingerprint, or why there is none
   */
  public record Last(Outcome outcome, String text, Instant at) {}

  /**
   * Code that was brought into a store.
   *
   * @param key of everything that decided about it: revision, spec, target
   */
  public record Code(String key, Digest digest) {}

  WatchState begun(long number) {
    return new WatchState(number, Optional.of(number), seen, last, code);
  }

  /** A check that gave a fingerprint. */
  WatchState ended(Outcome outcome, Seen found, Optional<Code> itsCode) {
    boolean known = outcome == Outcome.FIRST || outcome == Outcome.STARTED;
    return new WatchState(
        checks,
        Optional.empty(),
        known ? Optional.of(found) : seen,
        Optional.of(new Last(outcome, found.words(), found.at())),
        itsCode);
  }

  /** A check that gave none: what was seen stays, whatever was uploaded is uploaded again. */
  WatchState failed(String why, Instant at) {
    return new WatchState(
        checks,
        Optional.empty(),
        seen,
        Optional.of(new Last(Outcome.FAILED, why, at)),
        Optional.empty());
  }

  /** The whole as JSON, the same bytes for equal states. */
  public String json() {
    ObjectNode root = Json.object().put("format", FORMAT).put("checks", checks);
    going.ifPresent(g -> root.put("going", g));
    seen.ifPresent(s ->
        root.putObject("seen")
            .put("digest", s.digest().toString())
            .put("text", s.text())
            .put("at", s.at().toString()));
    last.ifPresent(l ->
        root.putObject("last")
            .put("outcome", l.outcome().name().toLowerCase(Locale.ROOT))
            .put("text", l.text())
            .put("at", l.at().toString()));
    code.ifPresent(
        c -> root.putObject("code").put("key", c.key()).put("digest", c.digest().toString()));
    return Json.pretty(root);
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException for anything else, such as the state of a newer version
   */
  public static WatchState parse(String text) {
    JsonNode root = Json.parse(text);
    if (!FORMAT.equals(root.path("format").asText())) {
      throw new IllegalArgumentException(
          "the state of a watch in the format " + root.path("format").asText() + ", not " + FORMAT);
    }
    JsonNode seen = root.path("seen");
    JsonNode last = root.path("last");
    JsonNode code = root.path("code");
    return new WatchState(
        root.path("checks").asLong(),
        root.has("going") ? Optional.of(root.path("going").asLong()) : Optional.empty(),
        seen.isObject()
            ? Optional.of(
                new Seen(
                    Digest.parse(seen.path("digest").asText()),
                    seen.path("text").asText(),
                    Instant.parse(seen.path("at").asText())))
            : Optional.empty(),
        last.isObject()
            ? Optional.of(
                new Last(
                    Outcome.valueOf(last.path("outcome").asText().toUpperCase(Locale.ROOT)),
                    last.path("text").asText(),
                    Instant.parse(last.path("at").asText())))
            : Optional.empty(),
        code.isObject()
            ? Optional.of(
                new Code(code.path("key").asText(), Digest.parse(code.path("digest").asText())))
            : Optional.empty());
  }
}
