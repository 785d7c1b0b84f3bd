package io.sluice.app.past;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The runs of all places together, newest first; a run that lies in several counts once. */
public final class PastRuns {
  /** So many ids are named to someone who asked for one that is not there. */
  private static final int NAMED = 5;

  private final List<KnownRun> all;

  private PastRuns(List<KnownRun> all) {
    this.all = all;
  }

  /** Reads the places; of a run in several of them the first with a record that reads counts. */
  public static PastRuns of(List<RunSource> sources) {
    Map<String, KnownRun> byId = new LinkedHashMap<>();
    List<KnownRun> nameless = new ArrayList<>();
    for (RunSource source : sources) {
      for (KnownRun run : source.runs()) {
        if (run.run().startsWith("(")) {
          nameless.add(run);
        } else {
          byId.merge(run.run(), run, PastRuns::better);
        }
      }
    }
    List<KnownRun> all = new ArrayList<>(byId.values());
    all.addAll(nameless);
    all.sort(
        Comparator.comparing((KnownRun r) -> r.began().orElse(Instant.MIN))
            .thenComparing(KnownRun::run)
            .reversed());
    return new PastRuns(List.copyOf(all));
  }

  private static KnownRun better(KnownRun first, KnownRun second) {
    KnownRun with = first.record().isPresent() || second.record().isEmpty() ? first : second;
    return new KnownRun(
        with.run(),
        with.where(),
        with.record(),
        with.trouble(),
        with.began(),
        with.ended(),
        with.log().or(() -> with.equals(first) ? second.log() : first.log()));
  }

  /**
   * Which runs are wanted; what is empty filters nothing.
   *
   * @param since runs that began then or later; one whose beginning nobody knows is shown
   */
  public record Filter(Optional<String> model, Set<Standing> standings, Optional<Instant> since) {
    public Filter {
      standings = Collections.unmodifiableSet(new TreeSet<>(standings));
    }

    private boolean takes(KnownRun run) {
      // a damaged record may be of any model: it is shown rather than hidden
      return (model.isEmpty() || run.model().isEmpty() || run.model().equals(model))
          && (standings.isEmpty() || standings.contains(run.standing()))
          && (since.isEmpty() || run.began().map(b -> !b.isBefore(since.get())).orElse(true));
    }
  }

  /** Newest first. */
  public List<KnownRun> list(Filter filter) {
    return all.stream().filter(filter::takes).toList();
  }

  /** A list as JSON. */
  public static JsonNode json(List<KnownRun> runs) {
    ObjectNode root = Json.object();
    var list = root.putArray("runs");
    runs.forEach(r -> list.add(r.summary()));
    return root;
  }

  /** The run of an id. */
  public Optional<KnownRun> find(String id) {
    return all.stream().filter(r -> r.run().equals(id)).findFirst();
  }

  /**
   * The run of an id.
   *
   * @param looked where it was looked for, in words
   * @throws SluiceException SLU-9050 when there is none
   */
  public KnownRun get(String id, String looked) {
    List<String> ids = all.stream().map(KnownRun::run).toList();
    return find(id)
        .orElseThrow(() ->
            new SluiceException(
                ExitCode.INPUT_WRONG,
                Diagnostic.of(
                    "SLU-9050",
                    "there is no run " + id + " in " + looked,
                    DidYouMean.among(ids, id).map(near -> "did you mean " + near + "? ").orElse("")
                        + (ids.isEmpty()
                            ? "no run left anything there"
                            : "the latest: "
                                + String.join(", ", ids.subList(0, Math.min(NAMED, ids.size())))
                                + "; `sluice runs` lists them")
                        + "; a pipeline in no repository keeps its runs in its own folder: `sluice"
                        + " show "
                        + id
                        + " --pipeline FOLDER`; SLUICE_STATE names another state folder")));
  }
}
