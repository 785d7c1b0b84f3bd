package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.JsonCodec;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The gates that this model went through before, pull requests included: {@code gates.json} of
 * resolve. A holdout that is asked again and again says yes in the end.
 *
 * @param gates newest first
 */
public record History(List<PastGate> gates) {
  /** No gate yet. */
  public static final History NONE = new History(List.of());

  /**
   * One earlier gate.
   *
   * @param reason of a hold, when it was kept
   */
  public record PastGate(
      String run,
      Instant at,
      Decision verdict,
      Optional<Reason> reason,
      @JsonProperty("holdoutKeys") HoldoutKeys keys) {

    /** An element of {@code gates.json} for a verdict. */
    public static PastGate of(String run, Instant at, Verdict verdict) {
      return new PastGate(run, at, verdict.decision(), verdict.reason(), verdict.holdoutKeys());
    }

    /**
     * Whether it could have promoted, and so has used up its rows. One that held for want of rows
     * could not.
     */
    boolean looked() {
      return !reason.equals(Optional.of(Reason.INSUFFICIENT));
    }
  }

  public History {
    gates = List.copyOf(gates);
  }

  /**
   * How much of a holdout is new.
   *
   * @param rows that no earlier gate saw
   * @param share of all rows, 0 to 1
   * @param looks earlier gates to each of which, alone, less than the wanted share was new
   */
  record Novelty(long rows, double share, int looks) {}

  Novelty novelty(HoldoutKeys now, double wanted) {
    long all = now.rows();
    long seenByAny = seen(now, gates.stream().filter(PastGate::looked).toList());
    int looks = 0;
    for (PastGate gate : gates) {
      if (gate.looked() && share(all - seen(now, List.of(gate)), all) < wanted) {
        looks++;
      }
    }
    long fresh = all - seenByAny;
    return new Novelty(fresh, share(fresh, all), looks);
  }

  /** Rounded once, as the share that a policy asks for is: 3 of 30 are 10%. */
  private static double share(long part, long all) {
    return all == 0 ? 0 : (double) part / all;
  }

  private record Place(Instant origin, int horizon) {}

  private static long seen(HoldoutKeys now, List<PastGate> past) {
    long counted =
        past.stream()
            .map(PastGate::keys)
            .filter(HoldoutKeys.Count.class::isInstance)
            .mapToLong(HoldoutKeys::rows)
            .max()
            .orElse(0);
    long listed =
        switch (now) {
          case HoldoutKeys.Cells cells -> seen(cells, past);
          case HoldoutKeys.Sample sample -> seen(sample, past);
          case HoldoutKeys.Count count -> 0;
        };
    return Math.min(now.rows(), Math.max(listed, counted));
  }

  /** What all samples together have of the current one, at the level that all of them have. */
  private static long seen(HoldoutKeys.Sample now, List<PastGate> past) {
    List<HoldoutKeys.Sample> samples =
        past.stream()
            .map(PastGate::keys)
            .filter(HoldoutKeys.Sample.class::isInstance)
            .map(HoldoutKeys.Sample.class::cast)
            .toList();
    int level = samples.stream().mapToInt(HoldoutKeys.Sample::level).reduce(now.level(), Math::max);
    List<String> here = HoldoutKeys.coarser(now, level);
    Set<String> before = new HashSet<>(); // looked up only
    samples.forEach(s -> before.addAll(s.seen()));
    long both = here.stream().filter(before::contains).count();
    if (here.isEmpty()) {
      // the coarser sample cannot tell: what nobody can call new is not
      return samples.isEmpty() ? 0 : now.rows();
    }
    return Math.round(now.rows() * share(both, here.size()));
  }

  private static long seen(HoldoutKeys.Cells now, List<PastGate> past) {
    Map<Place, Long> seen = new HashMap<>(); // looked up only
    Map<Place, HoldoutKeys.Cell> current = new HashMap<>();
    now.cells().forEach(c -> current.put(new Place(c.origin(), c.horizon()), c));
    for (PastGate gate : past) {
      if (gate.keys() instanceof HoldoutKeys.Cells cells) {
        for (HoldoutKeys.Cell cell : cells.cells()) {
          Place place = new Place(cell.origin(), cell.horizon());
          HoldoutKeys.Cell here = current.get(place);
          if (here != null) {
            long both =
                cell.units().equals(here.units())
                    ? here.rows()
                    : Math.min(here.rows(), cell.rows());
            seen.merge(place, both, Math::max);
          }
        }
      }
    }
    long listed = 0;
    for (HoldoutKeys.Cell cell : now.cells()) {
      listed += seen.getOrDefault(new Place(cell.origin(), cell.horizon()), 0L);
    }
    return listed;
  }

  /**
   * How many of the latest gates in a row held as inconclusive. Those that could not judge at all
   * ({@link Reason#INSUFFICIENT}) say nothing about the search and are passed over.
   */
  public int inconclusiveInARow() {
    int count = 0;
    for (PastGate gate : gates) {
      if (gate.looked()) {
        if (!gate.reason().equals(Optional.of(Reason.INCONCLUSIVE))) {
          break;
        }
        count++;
      }
    }
    return count;
  }

  /** The gate of a run that ended in a promotion. */
  Optional<PastGate> promotedBy(String run) {
    return gates.stream()
        .filter(g -> g.run().equals(run) && g.verdict() == Decision.PROMOTE)
        .findFirst();
  }

  /** {@code gates.json}. */
  public JsonNode toJson() {
    return JsonCodec.writeList(gates);
  }

  /**
   * Reads {@code gates.json}.
   *
   * @throws SluiceException SLU-8006 when it is not what resolve writes
   */
  public static History parse(JsonNode json) {
    try {
      return new History(JsonCodec.readList(json, PastGate.class));
    } catch (IllegalArgumentException e) {
      throw unreadable(e);
    }
  }

  /** The failure to read a record of earlier gates. */
  public static SluiceException unreadable(IllegalArgumentException e) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        List.of(
            Diagnostic.of(
                "SLU-8006",
                "the record of earlier gates cannot be read: " + e.getMessage(),
                "look at gates.json of the resolve stage, and at verdict.json of the version that"
                    + " it was made from")),
        e);
  }
}
