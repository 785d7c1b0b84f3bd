package io.sluice.serving.follow;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;

/**
 * What a person decides about following.
 *
 * @param model registered model whose promotion log is followed
 * @param interval from one look at the log to the next, while all is well
 * @param longest pause that failures lead to
 * @param pin the version to serve whatever the log says
 * @param acceptUnverified whether a version is served of which the log records no files
 * @param state folder of the cache and of what is remembered
 */
public record FollowSettings(
    String model,
    Duration interval,
    Duration longest,
    OptionalInt pin,
    boolean acceptUnverified,
    Path state) {
  /** The interval without a setting. */
  public static final Duration INTERVAL = Duration.ofSeconds(10);

  /** The longest pause without a setting. */
  public static final Duration LONGEST = Duration.ofMinutes(5);

  public FollowSettings {
    if (interval.compareTo(Duration.ofMillis(1)) < 0 || longest.compareTo(interval) < 0) {
      throw new IllegalArgumentException(
          "an interval of " + interval + " with pauses up to " + longest);
    }
    if (pin.isPresent() && pin.getAsInt() < 1) {
      throw new IllegalArgumentException("version " + pin.getAsInt() + " is not a version");
    }
  }

  /** The folder of a model within a state folder: a name without separators, and no way out. */
  public static Path folder(Path state, String model) {
    String name = URLEncoder.encode(model, StandardCharsets.UTF_8);
    return state
        .resolve("serving")
        .resolve(name.startsWith(".") ? "%2E" + name.substring(1) : name)
        .toAbsolutePath()
        .normalize();
  }
}
