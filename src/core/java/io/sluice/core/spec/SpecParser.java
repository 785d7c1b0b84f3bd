package io.sluice.core.spec;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.SourceFile;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reads a spec strictly: all that is wrong with the text and with the types of its parts is
 * reported at once, each with its place. Whether the parts fit together is for {@code
 * io.sluice.core.check.Checker} to say.
 */
public final class SpecParser {
  private SpecParser() {}

  /** Reads one {@code sluice.yaml}. Never throws because of what the text says. */
  public static Parsed<Spec> parse(SourceFile file) {
    Problems problems = new Problems();
    YamlReader.Document document = YamlReader.read(file, problems);
    Optional<Spec> spec = document.root().flatMap(root -> SpecModel.spec().read(root, problems));
    spec.ifPresent(s ->
        s.profiles()
            .forEach((name, overlay) ->
                values(s, overlay, document.root(), List.of("profiles", name), problems)));
    return parsed(file, spec, document, problems);
  }

  /**
   * Reads what a step of a run changes, a document of the form of a profile, against the spec that
   * it changes.
   */
  public static Parsed<Overlay> parseOverlay(SourceFile file, Spec spec) {
    Problems problems = new Problems();
    YamlReader.Document document = YamlReader.read(file, problems);
    Optional<Overlay> overlay =
        document.root().flatMap(root -> SpecModel.runOverlay().read(root, problems));
    overlay.ifPresent(o -> {
      known("stage", spec.stages().keySet(), document.root(), "stages", problems);
      known("data source", spec.data().keySet(), document.root(), "data", problems);
      values(spec, o, document.root(), List.of(), problems);
    });
    return parsed(file, overlay, document, problems);
  }

  private static void known(
      String what, Set<String> known, Optional<Yaml> root, String key, Problems problems) {
    if (root.flatMap(r -> r.find(List.of(key))).orElse(null) instanceof Yaml.Mapping named) {
      for (Yaml.Entry entry : named.entries()) {
        if (!known.contains(entry.key())) {
          problems.add(
              "SLU-1021",
              entry.keyAt(),
              "no " + what + " \"" + entry.key() + "\" to change",
              DidYouMean.hint(known, entry.key()));
        }
      }
    }
  }

  /** Where an overlay changes a known task, its values must be ones that the task knows. */
  private static void values(
      Spec spec, Overlay overlay, Optional<Yaml> root, List<String> prefix, Problems problems) {
    for (Map.Entry<String, Overlay.Change> change : overlay.stages().entrySet()) {
      List<String> path =
          Stream.concat(prefix.stream(), List.of("stages", change.getKey(), "with").stream())
              .toList();
      Optional<Yaml> with = root.flatMap(r -> r.find(path));
      Spec.Stage stage = spec.stages().get(change.getKey());
      if (with.isEmpty() || stage == null) {
        continue;
      }
      switch (stage) {
        case Spec.Tune tune ->
            SpecModel.tuneOptions()
                .read(with.get(), problems)
                .filter(o -> o.warmStart().equals(Optional.of(Spec.WarmStart.CHAMPION)))
                .filter(o -> tune.with().warmStart().equals(Optional.of(Spec.WarmStart.NONE)))
                .ifPresent(o ->
                    problems.add(
                        "SLU-1028",
                        with.get().find(List.of("warmStart")).orElse(with.get()).at(),
                        "a warm start in a profile of a pipeline that has none",
                        "its stages read no earlier study; write warmStart: champion in the"
                            + " stage, and none in the profiles that start cold"));
        case Spec.Evaluate evaluate ->
            problems.add(
                "SLU-1028",
                with.get().at(),
                "values of the evaluate@1 stage \"" + change.getKey() + "\" in a profile",
                "they decide what the gate sees, and every run is judged by the same rules");
        case Spec.Split split ->
            problems.add(
                "SLU-1028",
                with.get().at(),
                "values of the split@1 stage \"" + change.getKey() + "\" in a profile",
                "they decide what the gate sees, and every run is judged by the same rules");
        case Spec.Drift drift ->
            problems.add(
                "SLU-1028",
                with.get().at(),
                "values of the drift@1 stage \"" + change.getKey() + "\" in a profile",
                "they decide what the gate sees, and every run is judged by the same rules");
        case Spec.Train train -> {}
        case Spec.Custom custom -> {
          if (Edges.ownEvaluation(spec).filter(custom::equals).isPresent()) {
            problems.add(
                "SLU-1028",
                with.get().at(),
                "values of the evaluation \"" + change.getKey() + "\" in a profile",
                "they decide what the gate sees, and every run is judged by the same rules");
          }
        }
      }
    }
  }

  private static <T> Parsed<T> parsed(
      SourceFile file, Optional<T> value, YamlReader.Document document, Problems problems) {
    return new Parsed<>(
        file, problems.any() ? Optional.empty() : value, document.spans(), problems.sorted());
  }
}
