package io.sluice.core.gate;

import io.sluice.core.gate.Verdict.Finding;
import io.sluice.core.gate.Verdict.FloorResult;
import io.sluice.core.gate.Verdict.FloorResult.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Whether a candidate's own figures on the holdout are as good as the policy's floors ask. */
final class FloorGuard {
  /** Of every slice of a column, those with fewer rows are named and not judged. */
  static final int FEW = 10;

  /** So many slices are listed in a sentence. */
  private static final int LISTED = 5;

  private final Comparison comparison;
  private final HoldoutRows rows;
  private final List<Floor> floors;
  private final Proof proof;

  FloorGuard(Comparison comparison, Proof proof) {
    this.comparison = comparison;
    this.rows = comparison.rows();
    this.floors = comparison.policy().find(GatePolicy.FLOORS).orElse(List.of());
    this.proof = proof;
  }

  /**
   * What a candidate measures, in the order of the floors, then of the slices, and what speaks
   * against it.
   */
  record Judged(List<FloorResult> results, List<Finding> findings) {}

  /** Looks at a candidate. */
  Judged judged(String candidate) {
    List<FloorResult> all = new ArrayList<>();
    List<Finding> findings = new ArrayList<>();
    for (Floor floor : floors) {
      List<FloorResult> results = results(candidate, floor);
      all.addAll(results);
      finding(floor, candidate, results).ifPresent(findings::add);
    }
    return new Judged(List.copyOf(all), List.copyOf(findings));
  }

  private List<FloorResult> results(String candidate, Floor floor) {
    if (floor.column().isEmpty()) {
      BitSet all = new BitSet();
      all.set(0, rows.size());
      return List.of(result(candidate, floor, Optional.empty(), all));
    }
    HoldoutRows.Codes codes = rows.slice(floor.column().get());
    List<BitSet> parts = new ArrayList<>();
    codes.names().forEach(name -> parts.add(new BitSet()));
    for (int i = 0; i < rows.size(); i++) {
      parts.get(codes.code()[i]).set(i);
    }
    if (floor.value().isPresent()) {
      int code = codes.names().indexOf(floor.value().get());
      BitSet part = code < 0 ? new BitSet() : parts.get(code);
      return List.of(result(candidate, floor, floor.value(), part));
    }
    List<FloorResult> every = new ArrayList<>();
    for (int code = 0; code < parts.size(); code++) {
      if (!parts.get(code).isEmpty()) {
        every.add(result(candidate, floor, Optional.of(codes.names().get(code)), parts.get(code)));
      }
    }
    return noted(every);
  }

  /**
   * A floor of every slice holds for those where it can be looked at; where there are none it could
   * not be checked at all. Chance has as many tries as there are slices.
   */
  private static List<FloorResult> noted(List<FloorResult> every) {
    List<FloorResult> few =
        every.stream()
            .map(r ->
                r.rows() < FEW
                    ? r.unknown(
                        Words.count(r.rows(), "row")
                            + ", and slices are judged from "
                            + FEW
                            + " rows on")
                    : r)
            .toList();
    long judged = few.stream().filter(r -> r.outcome() != Outcome.UNKNOWN).count();
    return few.stream()
        .map(r ->
            r.outcome() == Outcome.UNKNOWN && judged > 0
                ? r.as(Outcome.SKIPPED)
                : r.amongTries(judged))
        .toList();
  }

  private FloorResult result(String candidate, Floor floor, Optional<String> value, BitSet part) {
    int[] kept = part.stream().toArray();
    int width = rows.width(candidate);
    double[] actual = Arrays.stream(kept).mapToDouble(i -> rows.actual()[i]).toArray();
    double[] weight = Arrays.stream(kept).mapToDouble(i -> rows.weight()[i]).toArray();
    double[] predicted = new double[kept.length * width];
    for (int i = 0; i < kept.length; i++) {
      System.arraycopy(rows.predictions(candidate), kept[i] * width, predicted, i * width, width);
    }
    FloorResult empty =
        new FloorResult(
            floor.figure().name(),
            floor.column(),
            value,
            floor.bound(),
            kept.length,
            Optional.empty(),
            Optional.empty(),
            Outcome.UNKNOWN,
            Optional.empty());
    Optional<String> objection = objection(floor.figure(), actual, predicted, width);
    if (objection.isPresent()) {
      return empty.unknown(objection.get());
    }
    double measured = floor.figure().value(actual, predicted, weight);
    if (!Double.isFinite(measured)) {
      return empty.unknown("the figure is not defined on its " + Words.count(kept.length, "row"));
    }
    boolean met = floor.metBy(measured);
    return new FloorResult(
        floor.figure().name(),
        floor.column(),
        value,
        floor.bound(),
        kept.length,
        Optional.of(measured),
        met
            ? Optional.empty()
            : missedByChance(floor, value, part, floor.figure().losses(actual, predicted, weight)),
        met ? Outcome.MET : Outcome.MISSED,
        Optional.empty());
  }

  /** Why a figure cannot be computed of rows. */
  private Optional<String> objection(
      Metric.Loss figure, double[] actual, double[] predicted, int width) {
    if (actual.length == 0) {
      return Optional.of("the holdout has no such row");
    }
    Optional<String> ofActual =
        Arrays.stream(actual)
            .mapToObj(a -> figure.objection(a, width))
            .flatMap(Optional::stream)
            .findFirst()
            .map(must -> "for this figure every actual value " + must);
    boolean usable =
        IntStream.range(0, actual.length)
            .allMatch(row -> figure.usable(predicted, row, width, rows.negativeLabels()));
    return ofActual.or(() ->
        usable
            ? Optional.empty()
            : Optional.of("there are predictions that this figure cannot judge"));
  }

  /**
   * One-sided p of losing as much when the true figure is the bound: the tests of the gate on the
   * losses less the mean loss that the bound stands for. Empty for figures that no mean stands for.
   */
  private Optional<Double> missedByChance(
      Floor floor, Optional<String> value, BitSet part, double[] lost) {
    if (!(floor.figure() instanceof Metric.RowLoss loss)) {
      return Optional.empty();
    }
    return loss.meanLoss(floor.bound())
        .map(mean -> {
          double[] allowed = new double[rows.size()];
          double[] losses = new double[rows.size()];
          int next = 0;
          for (int i = part.nextSetBit(0); i >= 0; i = part.nextSetBit(i + 1)) {
            allowed[i] = mean * rows.weight()[i];
            losses[i] = lost[next++];
          }
          return proof
              .oneSided(
                  comparison.contrast(allowed, losses, 1, part),
                  "floor " + floor.name() + " " + value.orElse(""),
                  level())
              .p();
        });
  }

  private double level() {
    return 1 - comparison.policy().get(GatePolicy.CONFIDENCE);
  }

  private Optional<Finding> finding(Floor floor, String candidate, List<FloorResult> results) {
    List<FloorResult> missed = outcome(results, Outcome.MISSED);
    if (!missed.isEmpty()) {
      return Optional.of(
          new Finding(
              Reason.GUARD,
              "floor",
              missed(floor, candidate, results, missed),
              "a candidate that reaches the floor"
                  + (floor.column().isPresent()
                      ? ": look at the data and features of what misses it"
                      : "")
                  + "; or another bound in gate.floors"));
    }
    List<FloorResult> unknown = outcome(results, Outcome.UNKNOWN);
    if (unknown.isEmpty() && !results.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Reason.GUARD,
            "floor",
            "the floor "
                + floor.name()
                + " could not be checked: "
                + (results.isEmpty()
                    ? "the holdout has no rows"
                    : listed(unknown.stream().map(r -> r.where() + ": " + r.why()).toList(), "; ")),
            "a holdout that the floor can be checked on; or another floor in gate.floors"));
  }

  private static List<FloorResult> outcome(List<FloorResult> results, Outcome outcome) {
    return results.stream().filter(r -> r.outcome() == outcome).toList();
  }

  private String missed(
      Floor floor, String candidate, List<FloorResult> results, List<FloorResult> missed) {
    String title = "the " + floor.figure().title() + " of " + Words.called(candidate);
    FloorResult first = missed.getFirst();
    if (missed.size() == 1) {
      return title
          + " is "
          + first.figures()
          + " "
          + first.where()
          + ", and the floor asks for "
          + first.asked()
          + proven(first, ", which is proven to be missed: ", "; that is not proven: ");
    }
    return title
        + " is not "
        + first.asked()
        + ", as the floor asks, in "
        + missed.size()
        + " of "
        + results.size()
        + " slices: "
        + listed(
            missed.stream()
                .map(r ->
                    r.figures()
                        + " "
                        + r.where()
                        + r.p()
                            .map(p -> Rounding.atMost(p, level()) ? " (proven)" : " (not proven)")
                            .orElse(""))
                .toList(),
            ", ");
  }

  private String proven(FloorResult result, String yes, String no) {
    return result
        .p()
        .map(p ->
            (Rounding.atMost(p, level()) ? yes : no)
                + "a model that just meets it would look as bad in "
                + Words.chance(p)
                + Words.ofSuch(comparison.policy().task()))
        .orElse("");
  }

  private static String listed(List<String> all, String between) {
    return all.stream().limit(LISTED).collect(Collectors.joining(between))
        + (all.size() > LISTED ? between + "and " + (all.size() - LISTED) + " more" : "");
  }
}
