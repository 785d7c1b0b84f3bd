package io.sluice.core.check;

import io.sluice.core.diag.Location;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spans;
import io.sluice.core.spec.Spec;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * What rules look at.
 *
 * @param spans where the parts of the spec stand in its text
 * @param tree the files beside the spec; empty for a text that stands alone
 */
record SpecView(Spec spec, Spans spans, Optional<SpecFiles> tree) {

  /** Calls back for each reference that the author wrote, with its place. */
  void references(BiConsumer<Ref, Location> reference) {
    spec.stages()
        .forEach((name, stage) ->
            stage
                .inputs()
                .forEach((input, ref) ->
                    reference.accept(ref, spans.value("stages", name, "inputs", input))));
    reference.accept(spec.gate().rows(), spans.value("gate", "rows"));
  }

  /** Calls back for each file or folder that the spec names in full, with its place. */
  void files(BiConsumer<String, Location> file) {
    spec.environments()
        .forEach((name, e) ->
            e.lock()
                .ifPresent(lock -> file.accept(lock, spans.value("environments", name, "lock"))));
    spec.data()
        .forEach((name, source) -> {
          if (source.origin() instanceof Spec.DataSource.Stored stored
              && !stored.path().contains("://")) {
            file.accept(stored.path(), spans.value("data", name, "path"));
          }
        });
  }

  /** Calls back for each glob of the code, with its place. */
  void globs(BiConsumer<String, Location> glob) {
    List<String> globs = spec.code().include();
    for (int i = 0; i < globs.size(); i++) {
      glob.accept(globs.get(i), spans.value("code", "include", Integer.toString(i)));
    }
  }

  /** Calls back for each command that the author wrote, with its place. */
  void commands(BiConsumer<Spec.Command, Location> command) {
    spec.data()
        .forEach((name, source) -> {
          if (source.origin() instanceof Spec.DataSource.Produced produced) {
            command.accept(produced.command(), spans.value("data", name, "run"));
          }
          source
              .fingerprint()
              .ifPresent(c -> command.accept(c, spans.value("data", name, "fingerprint")));
        });
    spec.families()
        .forEach((name, family) -> {
          if (family.trainer() instanceof Spec.Family.ByCommand by) {
            command.accept(by.command(), spans.value("families", name, "run"));
          }
          family
              .predict()
              .ifPresent(c -> command.accept(c, spans.value("families", name, "predict")));
        });
    spec.stages()
        .forEach((name, stage) -> {
          if (stage instanceof Spec.Custom custom) {
            command.accept(custom.command(), spans.value("stages", name, "run"));
          }
        });
  }

  /** Whether a stage searches parameters. */
  boolean searches() {
    return spec.stages().values().stream().anyMatch(s -> s instanceof Spec.Tune);
  }
}
