package io.sluice.app.past;

import io.sluice.core.registry.ModelRegistry;
import java.util.List;
import java.util.Optional;

/** A place where runs left their records. */
public interface RunSource {
  /** Every run of it, in any order; one whose record does not read is among them. */
  List<KnownRun> runs();

  /**
   * The runs that a registry has a record of.
   *
   * @param address of the registry, for people
   * @param most how many, newest first
   */
  static RunSource of(ModelRegistry registry, String model, String address, int most) {
    return () ->
        registry.recordedRuns(model, most).stream()
            .map(bytes ->
                KnownRun.read(Optional.empty(), bytes, address, Optional::empty, Optional.empty()))
            .toList();
  }
}
