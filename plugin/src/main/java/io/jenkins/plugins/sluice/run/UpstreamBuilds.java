package io.jenkins.plugins.sluice.run;

import hudson.model.Cause;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The upstream builds behind one build: each is looked at once, and not a long chain of them.
 *
 * <p>A build keeps a copy of the causes of those above it, which has not all of them: Jenkins
 * copies the first of a build's actions of causes. So a build that is not looked at may hide a
 * person, and says so.
 */
final class UpstreamBuilds {
  /** As many as Jenkins keeps with a build. */
  static final int MAX_READ = 25;

  private final TreeSet<String> read = new TreeSet<>();

  /**
   * The causes that were kept of a build, and all of its own while it is there.
   *
   * @param build job and number
   * @param kept the copy of its causes with the build that it started
   * @param lookUp its causes now; empty where Jenkins does not have it
   */
  Starters.Above above(String build, List<Cause> kept, Supplier<Optional<List<Cause>>> lookUp) {
    if (read.contains(build)) {
      return new Starters.Above(build, kept, Optional.empty());
    }
    if (read.size() == MAX_READ) {
      return new Starters.Above(
          build, kept, Optional.of("more than " + MAX_READ + " upstream builds"));
    }
    read.add(build);
    Optional<List<Cause>> there = lookUp.get();
    return new Starters.Above(
        build,
        Stream.concat(kept.stream(), there.stream().flatMap(List::stream)).distinct().toList(),
        there.isPresent()
            ? Optional.empty()
            : Optional.of(
                "the upstream build "
                    + build
                    + ", which was discarded or whose job was renamed or removed (let that job keep"
                    + " its builds until those that they start are over)"));
  }
}
