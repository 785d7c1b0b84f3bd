package io.sluice.app.newdata;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.LowerCase;
import java.time.Instant;
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
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "format")
@JsonTypeName(WatchState.FORMAT)
public record WatchState(
    long checks,
    Optional<Long> going,
    Optional<Seen> seen,
    Optional<Last> last,
    Optional<Code> code) {
  static final String FORMAT = "sluice.io/data-watch/v1";

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
  @EnumNaming(LowerCase.class)
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
    return Json.pretty(JsonCodec.write(this));
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException for anything else, such as the state of a newer version
   */
  public static WatchState parse(String text) {
    return JsonCodec.read(Json.parse(text), WatchState.class);
  }
}
