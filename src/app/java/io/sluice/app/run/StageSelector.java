package io.sluice.app.run;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.OwnEvaluation;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.StageName;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a caller asks for, in the words of a Jenkinsfile, and the stages of a plan that it means,
 * all families of a fanned-out one together.
 *
 * @param name for people: {@code tune}, or the stage's name in the spec
 * @param kind what kind of call
 */
public record StageSelector(String name, Kind kind) {
  private static final Set<Plan.Kind> JUDGES =
      EnumSet.of(Plan.Kind.EVALUATE, Plan.Kind.GATE, Plan.Kind.REGISTER);

  /** The calls that there are; {@code STAGE} goes by name, the others by what a stage is. */
  public enum Kind {
    PREPROCESS,
    DRIFT,
    TUNE,
    TRAIN,
    EVALUATE,
    PROMOTE,
    STAGE
  }

  /**
   * A call as it is typed: {@code tune}, {@code enrich}, or {@code stages.tune} for the stage of
   * that name whatever it is.
   */
  public static StageSelector parse(String text) {
    String prefix = "stages.";
    if (text.startsWith(prefix)) {
      return stage(text.substring(prefix.length()));
    }
    return EnumSet.allOf(Kind.class).stream()
        .filter(k -> k != Kind.STAGE && of(k).name().equals(text))
        .findFirst()
        .map(StageSelector::of)
        .orElseGet(() -> stage(text));
  }

  /** What {@link #parse} reads. */
  public String text() {
    return kind == Kind.STAGE ? "stages." + name : name;
  }

  /** The call of a stage by its name in the spec. */
  public static StageSelector stage(String name) {
    return new StageSelector(name, Kind.STAGE);
  }

  /** A call of a known kind. */
  public static StageSelector of(Kind kind) {
    return new StageSelector(kind.name().toLowerCase(java.util.Locale.ROOT), kind);
  }

  /**
   * The stages that are meant, in the plan's order.
   *
   * @throws SluiceException exit code 2: {@code SLU-9601} when the pipeline has no such stage
   */
  public List<StageName> in(Plan plan) {
    List<StageName> found = found(plan);
    if (found.isEmpty()) {
      List<String> known =
          plan.stages().stream()
              .filter(s -> isUsers(s.kind()))
              .map(Plan.Stage::specName)
              .distinct()
              .sorted()
              .toList();
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9601",
              "the pipeline " + plan.model() + " has no stage " + name,
              DidYouMean.hint(known, name)));
    }
    return found;
  }

  private List<StageName> found(Plan plan) {
    return switch (kind) {
      case PREPROCESS -> Preparation.of(plan);
      case DRIFT -> of(plan, EnumSet.of(Plan.Kind.DRIFT));
      case TUNE -> of(plan, EnumSet.of(Plan.Kind.TUNE));
      case TRAIN -> of(plan, EnumSet.of(Plan.Kind.TRAIN));
      case EVALUATE -> those(plan, s -> JUDGES.contains(s.kind()) || isOwnEvaluation(s));
      case PROMOTE -> of(plan, EnumSet.of(Plan.Kind.PROMOTE));
      case STAGE -> those(plan, s -> isUsers(s.kind()) && s.specName().equals(name));
    };
  }

  private static List<StageName> of(Plan plan, Set<Plan.Kind> kinds) {
    return those(plan, s -> kinds.contains(s.kind()));
  }

  private static List<StageName> those(Plan plan, Predicate<Plan.Stage> wanted) {
    return plan.stages().stream().filter(wanted).map(Plan.Stage::name).toList();
  }

  /** Whether it is a custom stage in the place of {@code evaluate@1}. */
  private static boolean isOwnEvaluation(Plan.Stage stage) {
    return OwnEvaluation.of(stage.with()).isPresent();
  }

  /** Whether the spec names it, so that a call by name can mean it. */
  private static boolean isUsers(Plan.Kind kind) {
    return kind.has(Plan.Trait.IN_SPEC);
  }
}
