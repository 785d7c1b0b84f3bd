package io.sluice.core.check;

import io.sluice.core.spec.Spec;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** No stage may take longer than the whole run. */
final class TimeoutRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Spec spec = view.spec();
    Duration whole = spec.timeout().orElse(Spec.RUN_TIMEOUT);
    limits(spec)
        .forEach((path, timeout) -> {
          if (timeout.isPresent() && timeout.get().compareTo(whole) > 0) {
            findings.add(
                "SLU-1036",
                view.spans().value(path.toArray(String[]::new)),
                "a stage may take longer than the whole run",
                "the run ends after "
                    + whole.toHours()
                    + "h (timeout at the top of the spec, "
                    + Spec.RUN_TIMEOUT.toHours()
                    + "h when it is not there)");
          }
        });
  }

  /** The limits of stages that the author wrote, by their paths. */
  private static Map<List<String>, Optional<Duration>> limits(Spec spec) {
    Map<List<String>, Optional<Duration>> limits = new LinkedHashMap<>();
    limits.put(List.of("defaults", "timeout"), spec.defaults().timeout());
    spec.data().forEach((n, s) -> limits.put(List.of("data", n, "timeout"), s.limits().timeout()));
    spec.stages()
        .forEach((n, s) -> limits.put(List.of("stages", n, "timeout"), s.limits().timeout()));
    spec.profiles()
        .forEach((p, overlay) -> {
          overlay
              .data()
              .forEach(
                  (n, c) -> limits.put(List.of("profiles", p, "data", n, "timeout"), c.timeout()));
          overlay
              .stages()
              .forEach((n, c) ->
                  limits.put(List.of("profiles", p, "stages", n, "timeout"), c.timeout()));
        });
    return limits;
  }
}
