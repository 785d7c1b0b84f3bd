package io.sluice.app.run;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.ModelRegistry;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The way back from the registry to the build of a CI system that a version comes from: the tag
 * {@value #TAG} of each version of the run.
 *
 * @param address of the build's page
 */
public record BuildLink(String address) {
  public static final String TAG = "sluice.build";

  private static final int MAX_LENGTH = 2_000;

  /** A link, where the address is one that a browser can be sent to. */
  public static Optional<BuildLink> of(Optional<String> address) {
    return address
        .map(String::strip)
        .filter(a -> a.startsWith("https://") || a.startsWith("http://"))
        .filter(a -> a.length() <= MAX_LENGTH && a.chars().noneMatch(Character::isISOControl))
        .map(BuildLink::new);
  }

  /**
   * Tags the versions that a run registered. A registry that refuses it, as to an account that may
   * only read, takes nothing else from the run.
   *
   * @param console is given the reason where the versions are not tagged
   */
  public void tag(ModelRegistry registry, RunSummary summary, Consumer<String> console) {
    try {
      Stream.concat(
              summary.version().stream(),
              summary.families().stream().flatMap(f -> f.version().stream()))
          .distinct()
          .forEach(number ->
              registry
                  .version(summary.model(), number)
                  .ifPresent(version -> registry.tag(version, TAG, address)));
    } catch (SluiceException e) {
      console.accept("(the versions do not name this build: " + e.getMessage() + ")");
    }
  }
}
