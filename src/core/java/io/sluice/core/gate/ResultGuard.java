package io.sluice.core.gate;

import io.sluice.core.gate.NumberResult.Outcome;
import io.sluice.core.gate.Verdict.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** Whether the numbers that stages reported of a candidate are within the policy's limits. */
final class ResultGuard {
  /** Characters of a text that stands where a number belongs that are shown. */
  private static final int SHOWN = 40;

  private final List<ResultLimit> limits;
  private final Reported reported;

  ResultGuard(Comparison comparison) {
    this.limits = comparison.policy().find(GatePolicy.RESULTS).orElse(List.of());
    this.reported = comparison.rows().context().reported();
  }

  /** What was reported, in the order of the limits, and what speaks against the candidate. */
  record Judged(List<NumberResult> numbers, List<Finding> findings) {}

  /** Looks at a candidate. */
  Judged judged(String candidate) {
    String family = candidate.substring(candidate.indexOf(':') + 1);
    List<NumberResult> numbers = new ArrayList<>();
    List<Finding> findings = new ArrayList<>();
    for (ResultLimit limit : limits) {
      NumberResult number = number(limit, family);
      numbers.add(number);
      finding(limit, number, candidate, family).ifPresent(findings::add);
    }
    return new Judged(List.copyOf(numbers), List.copyOf(findings));
  }

  private NumberResult number(ResultLimit limit, String family) {
    ResultLimit.Bounds bounds = limit.bounds();
    NumberResult nothing =
        new NumberResult(
            limit.name(),
            Optional.empty(),
            bounds.max(),
            bounds.min(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Outcome.UNKNOWN,
            Optional.empty());
    Optional<String> text = reported.candidate(limit, family);
    if (text.isEmpty()) {
      return nothing.because(
          "the stage " + limit.stage() + " reported no " + limit.result() + others(limit, family));
    }
    Optional<Double> measured = text.flatMap(Reported::number);
    if (measured.isEmpty()) {
      return nothing.because(
          "the stage "
              + limit.stage()
              + " reported it as \""
              + shown(text.get())
              + "\", which is not a number");
    }
    NumberResult own =
        nothing.measured(
            measured.get(), bounds.allow(measured.get()) ? Outcome.MET : Outcome.MISSED);
    return bounds.relative() ? compared(limit, own, measured.get(), family) : own;
  }

  private NumberResult compared(
      ResultLimit limit, NumberResult own, double measured, String family) {
    ResultLimit.Bounds bounds = limit.bounds();
    boolean absolute = bounds.max().isPresent() || bounds.min().isPresent();
    Outcome without = own.outcome() == Outcome.MISSED || absolute ? own.outcome() : Outcome.SKIPPED;
    if (reported.champion().isEmpty()) {
      return own.as(without).because("there is no champion yet to compare it with");
    }
    Optional<Double> champion = reported.champion(limit, family);
    if (champion.isEmpty()) {
      boolean passes = bounds.ifUnknown().equals(Optional.of(ResultLimit.IfUnknown.PASS));
      return own.as(passes || without == Outcome.MISSED ? without : Outcome.UNKNOWN)
          .because(
              reported
                  .measuredOnChampion(limit, family)
                  .map(text ->
                      "the stage "
                          + limit.stage()
                          + " reported the champion's as \""
                          + shown(text)
                          + "\", which is not a number")
                  .orElse("the registry does not have the champion's"));
    }
    double worst = bounds.worst(champion.get());
    return own.against(
        champion.get(),
        worst,
        bounds.direction(),
        bounds.noWorse(measured, worst) ? own.outcome() : Outcome.MISSED);
  }

  /** What the stage did report, for a reader who mistyped a name. */
  private String others(ResultLimit limit, String family) {
    SortedMap<String, String> all = reported.of(limit, family);
    return all.isEmpty()
        ? ", nor anything else"
        : " (it reported " + String.join(", ", all.keySet()) + ")";
  }

  private static String shown(String text) {
    String line = text.replaceAll("\\p{Cntrl}+", " ").replace('"', '\'');
    return line.length() > SHOWN ? line.substring(0, SHOWN) + " .." : line;
  }

  private Optional<Finding> finding(
      ResultLimit limit, NumberResult number, String candidate, String family) {
    return switch (number.outcome()) {
      case MET, SKIPPED -> Optional.empty();
      case MISSED ->
          Optional.of(
              new Finding(
                  Reason.GUARD,
                  "guard",
                  number.name()
                      + " of "
                      + Words.called(candidate)
                      + " is "
                      + number.figures()
                      + ", and may be "
                      + number.asked(),
                  "a candidate that keeps to it; or another limit in gate.guards.results"));
      case UNKNOWN ->
          Optional.of(
              new Finding(
                  Reason.GUARD,
                  "guard",
                  "the limit of "
                      + number.name()
                      + " could not be checked: "
                      + number.because().orElse(""),
                  lift(limit, number, family)));
    };
  }

  private String lift(ResultLimit limit, NumberResult number, String family) {
    if (number.measured().isPresent() && reported.measuredOnChampion(limit, family).isPresent()) {
      return "let the command of "
          + limit.stage()
          + " write the champion's number to the file "
          + limit.result()
          + ".champion in SLUICE_RESULTS, or no such file; or `ifUnknown: pass` beside the limit";
    }
    return number.measured().isPresent()
        ? "a champion whose version has the number, as those do that this version of Sluice"
            + " registers with the limit in their spec; until then `ifUnknown: pass` beside the"
            + " limit"
        : "let the command of "
            + limit.stage()
            + " write the number to the file "
            + limit.result()
            + " in SLUICE_RESULTS; or take the limit away";
  }
}
