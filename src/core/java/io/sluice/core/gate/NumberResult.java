package io.sluice.core.gate;

import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.json.LowerCase;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a limit asks of a number, and what a stage reported.
 *
 * @param name {@code <stage>.<result>}
 * @param measured what was reported of the candidate; absent where no number was
 * @param max the policy's largest value
 * @param min the policy's least value
 * @param champion the champion's number, where it decides
 * @param worst the worst value that the champion's number allows
 * @param better which of two values is the better one, where the champion's decides
 * @param because why the limit was not checked, or not against the champion
 */
public record NumberResult(
    String name,
    Optional<Double> measured,
    Optional<Double> max,
    Optional<Double> min,
    Optional<Double> champion,
    Optional<Double> worst,
    Optional<ResultLimit.Better> better,
    Outcome outcome,
    Optional<String> because) {

  /** How a limit ends. */
  @EnumNaming(LowerCase.class)
  public enum Outcome {
    /** The number is within it. */
    MET,
    /** It is not, which holds. */
    MISSED,
    /** It could not be checked, which holds. */
    UNKNOWN,
    /** There is nothing to compare with, and that may be so. */
    SKIPPED
  }

  NumberResult because(String why) {
    return new NumberResult(
        name, measured, max, min, champion, worst, better, outcome, Optional.of(why));
  }

  NumberResult as(Outcome other) {
    return new NumberResult(name, measured, max, min, champion, worst, better, other, because);
  }

  NumberResult measured(double value, Outcome is) {
    return new NumberResult(
        name, Optional.of(value), max, min, champion, worst, better, is, because);
  }

  NumberResult against(double theirs, double bound, ResultLimit.Better way, Outcome is) {
    return new NumberResult(
        name,
        measured,
        max,
        min,
        Optional.of(theirs),
        Optional.of(bound),
        Optional.of(way),
        is,
        because);
  }

  /** What was measured, with as many digits as tell it from what is asked. */
  String figures() {
    return measured
        .map(m ->
            Stream.of(max, min, worst)
                .flatMap(Optional::stream)
                .map(bound -> Figures.apart(m, bound))
                .max(Comparator.comparingInt(String::length))
                .orElseGet(() -> Figures.number(m)))
        .orElse("not known");
  }

  /** {@code at most 50}, {@code at least 0.81, as the champion's is 0.9}. */
  String asked() {
    List<String> parts = new ArrayList<>();
    max.ifPresent(m -> parts.add("at most " + Metric.number(m)));
    min.ifPresent(m -> parts.add("at least " + Metric.number(m)));
    worst.ifPresent(w ->
        parts.add(
            (better.equals(Optional.of(ResultLimit.Better.MORE)) ? "at least " : "at most ")
                + measured.map(m -> Figures.apart(w, m)).orElseGet(() -> Figures.number(w))
                + champion.map(c -> ", as the champion's is " + Figures.apart(c, w)).orElse("")));
    return String.join(" and ", parts);
  }
}
