package io.sluice.core.check;

import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is held back from all that learns: each holdout, and what it was made from.
 *
 * <p>A stage that makes a holdout tells its outputs apart, so its other outputs are free, and so is
 * what is made from those alone. Where several outputs of one stage come together again in a
 * holdout, those that learners see are not its rows, unless they see all of them.
 */
final class HeldBack {
  private static final String HOLDOUT = "holdout";

  /** What stages call what is learned from, as {@code split@1} does. */
  private static final List<String> LEARNED = List.of("train", "validation");

  private final Spec spec;

  /** The holdouts, and the tables that {@code split@1} cut them off, with what to say of each. */
  private final Map<Ref, String> judged = new LinkedHashMap<>();

  /** What custom stages made a holdout from, with what to say of each. */
  private final Map<Ref, String> sources = new LinkedHashMap<>();

  /** The custom stages on the way to a holdout. */
  private final Set<String> makers = new LinkedHashSet<>();

  HeldBack(Spec spec) {
    this.spec = spec;
  }

  /**
   * Holds back a holdout.
   *
   * @param all whether also all that a stage cut it off whose other outputs are learned from, and
   *     not only its holdout: where nothing looks later at what was learned from
   */
  void add(Ref holdout, boolean all) {
    judged.putIfAbsent(holdout, holdout.toString());
    Ref today = today(holdout);
    judged.putIfAbsent(today, today + ", of which " + holdout + " is the champion's");
    Set<Ref> reached = new LinkedHashSet<>();
    reach(today, reached);
    reached.forEach(ref -> maker(ref).ifPresent(makers::add));
    Set<Ref> free = free(reached);
    made(today, free, all, new LinkedHashSet<>());
  }

  /** How an input has rows of a holdout: as itself, or by way of stages that look at them. */
  Optional<String> in(Ref ref) {
    return in(ref, false, new LinkedHashSet<>());
  }

  /**
   * What was looked at on the way from a learner's input.
   *
   * @param apart whether a maker of a holdout lies between, which told its outputs apart
   */
  private record Looked(Ref ref, boolean apart) {}

  private Optional<String> in(Ref ref, boolean apart, Set<Looked> looked) {
    Optional<String> itself =
        Optional.ofNullable(judged.get(ref))
            .or(() -> apart ? Optional.empty() : Optional.ofNullable(sources.get(ref)));
    if (itself.isPresent() || !looked.add(new Looked(ref, apart))) {
      return itself;
    }
    return switch (ref) {
      case Ref.Data data -> Optional.empty();
      case Ref.Output output ->
          shown(output)
              .flatMap(
                  input -> in(input, apart || makers.contains(output.stage()), looked).stream())
              .findFirst()
              .map(from -> ref + ", made from " + from);
      // rows of the champion's holdout may well be among today's
      case Ref.Champion before ->
          in(today(before), apart, looked).map(from -> ref + ", in the champion's run " + from);
    };
  }

  /** The output that this run makes of what is the champion's. */
  private static Ref today(Ref ref) {
    return ref instanceof Ref.Champion before
        ? new Ref.Output(before.stage(), before.output())
        : ref;
  }

  private Optional<Spec.Stage> producer(Ref ref) {
    return ref instanceof Ref.Output output
        ? Optional.ofNullable(spec.stages().get(output.stage()))
        : Optional.empty();
  }

  private Optional<String> maker(Ref ref) {
    return ref instanceof Ref.Output output
            && producer(ref).filter(Spec.Custom.class::isInstance).isPresent()
        ? Optional.of(output.stage())
        : Optional.empty();
  }

  /** What custom stages and {@code split@1} make something from. */
  private Stream<Ref> origins(Ref ref) {
    return producer(ref).stream()
        .filter(stage -> stage instanceof Spec.Custom || stage instanceof Spec.Split)
        .flatMap(stage -> stage.inputs().values().stream())
        .map(HeldBack::today);
  }

  private void reach(Ref ref, Set<Ref> reached) {
    if (reached.add(ref)) {
      origins(ref).forEach(from -> reach(from, reached));
    }
  }

  /** What is reached from a holdout and yet learned from, as other outputs of its makers are. */
  private Set<Ref> free(Set<Ref> reached) {
    Set<Ref> learned = new LinkedHashSet<>();
    learners().forEach(stage -> stage.inputs().values().forEach(ref -> learn(ref, learned)));
    Map<String, List<Ref.Output>> together =
        reached.stream()
            .filter(Ref.Output.class::isInstance)
            .map(Ref.Output.class::cast)
            .collect(
                Collectors.groupingBy(Ref.Output::stage, LinkedHashMap::new, Collectors.toList()));
    Set<Ref> free = new LinkedHashSet<>();
    together
        .values()
        .forEach(outputs -> {
          List<Ref.Output> seen =
              outputs.stream()
                  .filter(o -> learned.contains(o) && !o.output().equals(HOLDOUT))
                  .toList();
          seen.stream()
              .filter(o -> seen.size() < outputs.size() || LEARNED.contains(o.output()))
              .forEach(free::add);
        });
    boolean more = true;
    while (more) {
      more =
          free.addAll(
              reached.stream()
                  .filter(ref -> origins(ref).findAny().isPresent())
                  .filter(ref -> origins(ref).allMatch(free::contains))
                  .toList());
    }
    return free;
  }

  private Stream<Spec.Stage> learners() {
    return spec.stages().values().stream()
        .filter(stage -> stage instanceof Spec.Tune || stage instanceof Spec.Train);
  }

  /** What learners see, up to the outputs of a holdout's makers. */
  private void learn(Ref ref, Set<Ref> learned) {
    Ref at = today(ref);
    if (learned.add(at) && at instanceof Ref.Output output && !makers.contains(output.stage())) {
      shown(output).forEach(from -> learn(from, learned));
    }
  }

  private void made(Ref ref, Set<Ref> free, boolean all, Set<Ref> walked) {
    if (!walked.add(ref) || !(ref instanceof Ref.Output output)) {
      return;
    }
    Spec.Stage stage = spec.stages().get(output.stage());
    if (stage instanceof Spec.Split split) {
      split.inputs().values().forEach(table -> source(table, output.stage()));
    } else if (stage instanceof Spec.Custom custom) {
      boolean cuts = !all && cuts(output);
      for (Ref input : custom.inputs().values()) {
        Ref today = today(input);
        boolean rows =
            all || (today instanceof Ref.Output from && (!cuts || from.output().equals(HOLDOUT)));
        if (rows && !free.contains(today)) {
          sources.putIfAbsent(today, input + ", of which \"" + output.stage() + "\" makes it");
          made(today, free, all, walked);
        }
      }
    }
  }

  /** Whether learners see another output of the stage that makes something. */
  private boolean cuts(Ref.Output made) {
    Set<Ref> learned = new LinkedHashSet<>();
    learners().forEach(stage -> stage.inputs().values().forEach(ref -> learn(ref, learned)));
    return learned.stream()
        .anyMatch(ref ->
            ref instanceof Ref.Output other
                && other.stage().equals(made.stage())
                && !other.equals(made));
  }

  /** A table before the split, and all that it was made from. */
  private void source(Ref ref, String split) {
    if (judged.putIfAbsent(ref, ref + ", of which \"" + split + "\" cut it off") == null
        && producer(ref).orElse(null) instanceof Spec.Custom custom) {
      custom.inputs().values().forEach(input -> source(input, split));
    }
  }

  /** What the stage of an output reads that may come through to what it writes. */
  private Stream<Ref> shown(Ref.Output output) {
    return producer(output).stream().flatMap(HeldBack::shown);
  }

  private static Stream<Ref> shown(Spec.Stage stage) {
    return switch (stage) {
      case Spec.Custom custom -> custom.inputs().values().stream();
      case Spec.Evaluate evaluate -> evaluate.inputs().values().stream();
      case Spec.Drift drift -> drift.inputs().values().stream();
      // its parts are told apart: those of the holdout are known
      case Spec.Split split -> Stream.empty();
      // what they may read is looked at where they stand
      case Spec.Tune tune -> Stream.empty();
      case Spec.Train train -> Stream.empty();
    };
  }
}
