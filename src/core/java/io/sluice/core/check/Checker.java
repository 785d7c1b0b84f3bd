package io.sluice.core.check;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.spec.Parsed;
import io.sluice.core.spec.Spec;
import java.util.List;
import java.util.Optional;

/**
 * Says whether the parts of a well-formed spec fit together: names that are referred to exist, the
 * graph has no cycle, ranges are possible, nothing reaches outside its folder or past the gate. A
 * spec on which it finds nothing can be planned. Each {@link Rule} is a class of its own, with
 * pairs of files in {@code test-fixtures/specs/bad}.
 */
public final class Checker {
  /** All rules. Where two find something at one place, the earlier one is reported first. */
  static final List<Rule> RULES =
      List.of(
          new PathEscapeRule(),
          new FileMissingRule(),
          new RemoteDataRule(),
          new UnknownEnvironmentRule(),
          new FunctionEnvironmentRule(),
          new PredictEnvironmentRule(),
          new EmptySpaceRule(),
          new ImpossibleRangeRule(),
          new EmptyCommandRule(),
          new PipeRule(),
          new WindowsLinesRule(),
          new BudgetRule(),
          new NameRule(),
          new NoFamiliesRule(),
          new UnknownStageRule(),
          new UndeclaredArtifactRule(),
          new RetriesRule(),
          new CycleRule(),
          new HoldoutLeakRule(),
          new SplitTaskRule(),
          new EvaluateTaskRule(),
          new OwnEvaluationRule(),
          new DriftTaskRule(),
          new GateRowsRule(),
          new GateAuditRule(),
          new MetricTaskRule(),
          new ResultLimitRule(),
          new ProfileRule(),
          new TriggerRule(),
          new TimeoutRule());

  private Checker() {}

  /**
   * Everything that is wrong with a spec and the files that it names, in the order of the text.
   * What could not even be read is reported alone: rules about a half-read spec would only guess.
   */
  public static List<Diagnostic> check(Parsed<Spec> parsed, SpecFiles tree) {
    return check(parsed, Optional.of(tree), RULES);
  }

  /** The same without looking at files, for a text that stands alone. */
  public static List<Diagnostic> check(Parsed<Spec> parsed) {
    return check(parsed, Optional.empty(), RULES);
  }

  static List<Diagnostic> check(Parsed<Spec> parsed, Optional<SpecFiles> tree, List<Rule> rules) {
    if (parsed.value().isEmpty()) {
      return parsed.diagnostics();
    }
    SpecView view = new SpecView(parsed.value().get(), parsed.spans(), tree);
    Findings findings = new Findings();
    rules.forEach(rule -> rule.check(view, findings));
    return findings.sorted();
  }
}
