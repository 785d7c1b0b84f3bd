package io.sluice.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.EntryContent;
import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.PromotionLog;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The promotion log of a model on MLflow. Entries are versions of the companion model {@code
 * <model>.promotions}: the server numbers them without gaps and shows none without its tags, which
 * is all that the rules of {@link LogState} need. Alias and tag have no compare-and-set, so they
 * are only ever projections, written again until they equal the log.
 */
final class MlflowPromotionLog implements PromotionLog {
  static final String SUFFIX = ".promotions";

  private static final String ALIAS = "champion";
  private static final String STAGE = "stage";
  private static final String PRODUCTION = "Production";

  /** Tag of the companion that holds the log's id; set when it is created, hence by one writer. */
  private static final String GENESIS = "log";

  /** Tag of the model that holds the {@link LogState.Anchor}. */
  private static final String ANCHOR = "sluice.promotions";

  private static final int PAGE = 1000;
  private static final int MAX_ROUNDS = 100;

  private final MlflowRegistry registry;
  private final Rest rest;
  private final String model;
  private final String companion;
  private final Clock clock;
  private final Supplier<String> nonces;

  /** How far this object has read; whoever replays goes on from there. */
  private @Nullable LogState checkpoint;

  MlflowPromotionLog(MlflowRegistry registry, String model, Clock clock, Supplier<String> nonces) {
    this.registry = registry;
    this.rest = registry.rest();
    this.model = model;
    this.companion = model + SUFFIX;
    this.clock = clock;
    this.nonces = nonces;
  }

  @Override
  public List<Entry> entries() {
    return MlflowRegistry.told(() -> sound(read(false)).entries());
  }

  @Override
  public Optional<Entry> champion() {
    return MlflowRegistry.told(() -> sound(read(false)).champion());
  }

  @Override
  public Head head() {
    return MlflowRegistry.told(() -> sound(read(false)).head());
  }

  @Override
  public Entry append(Request request) {
    return MlflowRegistry.told(() -> {
      LogState state = sound(read(false));
      Optional<String> shortfall = state.shortfall(request.from(), "this run");
      if (shortfall.isPresent()) {
        throw Problems.damaged(model, List.of(shortfall.get()));
      }
      // A retried step finds what its earlier attempt appended.
      Optional<Entry> earlier = earlier(state, request);
      Entry mine = earlier.isPresent() ? earlier.get() : appendTo(state, request);
      projectAfterPromotion();
      return mine;
    });
  }

  @Override
  public List<String> repairProjections() {
    return MlflowRegistry.told(this::project);
  }

  @Override
  public Inspection inspect() {
    return MlflowRegistry.told(() -> {
      LogState state = read(true);
      return new Inspection(
          state.entries(),
          state.head(),
          state.damage(),
          state.damageDigest(),
          state.accepted(),
          alias(),
          production());
    });
  }

  @Override
  public Entry accept(Digest damage, Request request) {
    return MlflowRegistry.told(() -> {
      if (request.kind() != Kind.OVERRIDE || request.why().isBlank()) {
        throw Problems.wrongInput("damage is accepted by an override with a reason only");
      }
      Optional<LogState.Anchor> remembered = anchor();
      LogState state = read(true, remembered);
      if (!state.damageDigest().equals(Optional.of(damage))) {
        throw Problems.otherDamage(model, state.damage());
      }
      if (!state.head().equals(request.from())) {
        throw moved(state, request.from());
      }
      JsonNode target = target(request.to());
      String log = begin();
      EntryContent content = content(log, request, Optional.of(damage), remembered);
      write(content, target);
      LogState after = read(true);
      Entry mine = verdict(after, content, request.from());
      sound(after);
      projectAfterPromotion();
      return mine;
    });
  }

  private Entry appendTo(LogState state, Request request) {
    if (!state.head().equals(request.from())) {
      throw moved(state, request.from());
    }
    JsonNode target = target(request.to());
    String log = state.log().isEmpty() ? begin() : state.log();
    EntryContent content = content(log, request, Optional.empty(), Optional.empty());
    write(content, target);
    return verdict(sound(read(false)), content, request.from());
  }

  private static Optional<Entry> earlier(LogState state, Request r) {
    return state.entries().stream()
        .filter(Entry::valid)
        .filter(e ->
            !r.run().isEmpty()
                && e.run().equals(r.run())
                && e.from() == r.from().entry()
                && e.to() == r.to()
                && e.kind() == r.kind())
        .findFirst();
  }

  private Entry verdict(LogState state, EntryContent content, Head from) {
    return state.entries().stream()
        .filter(e -> e.valid() && e.digest().equals(content.digest()))
        .findFirst()
        .orElseThrow(() -> moved(state, from));
  }

  private SluiceException moved(LogState state, Head from) {
    return state
        .winner(from.entry())
        .map(winner -> Problems.lostRace(model, winner, from.entry()))
        .orElseGet(
            () -> Problems.wrongInput("entry " + from.entry() + " never was the head of the log"));
  }

  private EntryContent content(
      String log, Request r, Optional<Digest> accepts, Optional<LogState.Anchor> remembered) {
    return new EntryContent(
        log,
        nonces.get(),
        r.kind(),
        r.from().entry(),
        r.from().digest(),
        r.to(),
        cut(r.who()),
        cut(r.why()),
        r.run(),
        clock.instant().truncatedTo(ChronoUnit.MILLIS),
        accepts,
        remembered);
  }

  private JsonNode target(int version) {
    return registry
        .rawVersion(model, version)
        .orElseThrow(() -> Problems.noVersion(model, version));
  }

  /** The id of the log, which is made with the companion by whoever is first. */
  private String begin() {
    registry.createModel(companion, Map.of(GENESIS, nonces.get()));
    return genesis()
        .orElseThrow(() -> Problems.unexpected(rest.uri(), companion + " vanished again"));
  }

  private Optional<String> genesis() {
    // Without the tag somebody else made it: that is no log of ours, and its entries will not fit.
    return registry
        .rawModel(companion)
        .map(found -> MlflowRegistry.tagsOf(found).getOrDefault(GENESIS, "unknown"));
  }

  /** Creates the entry's version; after a call without an answer, looks for it first. */
  private void write(EntryContent content, JsonNode target) {
    ObjectNode body =
        Json.object()
            .put("name", companion)
            .put("source", registry.text(target, "source"))
            .put("run_id", target.path("run_id").asText(""));
    body.set("tags", Rest.tags(content.tags()));
    boolean[] reached = {false};
    try {
      rest.patiently(() -> {
        if (reached[0] && isThere(content)) {
          return true;
        }
        try {
          rest.once("model-versions/create", body);
          return true;
        } catch (Rest.Unanswered e) {
          reached[0] |= e.reached;
          throw e;
        }
      });
    } catch (SluiceException e) {
      throw reached[0] ? Problems.outcomeUnknown(model, e) : e;
    }
  }

  private boolean isThere(EntryContent content) {
    return read(false).entries().stream().anyMatch(e -> e.digest().equals(content.digest()));
  }

  /** Replays; {@code whole} from the first entry, else from where this object was last. */
  private LogState read(boolean whole) {
    // The model's memory before the log: the log may grow in between, never fall short of it.
    return read(whole, anchor());
  }

  private synchronized LogState read(boolean whole, Optional<LogState.Anchor> anchor) {
    String log = genesis().orElse("");
    LogState state = checkpoint;
    if (whole || state == null || !state.log().equals(log)) {
      state = LogState.begin(log);
    }
    if (!log.isEmpty()) {
      List<JsonNode> page;
      do {
        page =
            registry.searchVersions(
                "name = '" + companion + "' and version_number > " + state.last());
        List<LogState.Stored> stored = new ArrayList<>();
        for (JsonNode v : page) {
          stored.add(new LogState.Stored(registry.number(v), MlflowRegistry.tagsOf(v)));
        }
        state = state.then(stored);
      } while (page.size() == PAGE);
    }
    checkpoint = state;
    return state.against(anchor);
  }

  private LogState sound(LogState state) {
    if (!state.damage().isEmpty()) {
      throw Problems.damaged(model, state.damage());
    }
    return state;
  }

  private Optional<LogState.Anchor> anchor() {
    return registry
        .rawModel(model)
        .map(MlflowRegistry::tagsOf)
        .map(tags -> tags.get(ANCHOR))
        .map(text -> {
          try {
            return LogState.Anchor.parse(text);
          } catch (IllegalArgumentException e) {
            // Somebody wrote something else there: it names no log that exists.
            return new LogState.Anchor("'" + foreign(text) + "'", Head.EMPTY);
          }
        });
  }

  /**
   * A stranger's text as part of a message and a tag: printable, short, and still telling apart.
   */
  private static String foreign(String text) {
    String line = text.replaceAll("[^\\p{Print}]", "?");
    return line.equals(text) && line.length() <= 80
        ? line
        : line.substring(0, Math.min(80, line.length())) + ".. " + Digest.of(text).brief();
  }

  private Optional<Integer> alias() {
    try {
      JsonNode found =
          rest.get("registered-models/alias", "name", model, "alias", ALIAS).path("model_version");
      return Optional.of(registry.number(found));
    } catch (Rest.Refused e) {
      // A missing alias is INVALID_PARAMETER_VALUE to MLflow.
      if (e.absent() || e.is("INVALID_PARAMETER_VALUE")) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private List<Integer> production() {
    List<Integer> found = new ArrayList<>();
    for (JsonNode v :
        registry.searchVersions(
            "name = '" + model + "' and tags.`" + STAGE + "` = '" + PRODUCTION + "'")) {
      found.add(registry.number(v));
    }
    Collections.sort(found);
    return found;
  }

  private void projectAfterPromotion() {
    try {
      project();
    } catch (Rest.Refused | Rest.Unanswered e) {
      throw Problems.projectionsBehind(model, ExitCode.UNREACHABLE, String.valueOf(e.getMessage()));
    } catch (SluiceException e) {
      if (e.exitCode() == ExitCode.UNREACHABLE || e.exitCode() == ExitCode.INTERRUPTED) {
        throw Problems.projectionsBehind(model, e.exitCode(), String.valueOf(e.getMessage()));
      }
      throw e;
    }
  }

  /** Writes and reads again until a round finds nothing to write: others write too. */
  private List<String> project() {
    List<String> done = new ArrayList<>();
    for (int round = 0; round < MAX_ROUNDS; round++) {
      LogState state = sound(read(false));
      Optional<Entry> champion = state.champion();
      if (champion.isEmpty() || !changed(state, champion.get().to(), done)) {
        return List.copyOf(done);
      }
    }
    throw Problems.projectionsBehind(model, ExitCode.UNREACHABLE, "others kept changing them");
  }

  private boolean changed(LogState state, int version, List<String> done) {
    int before = done.size();
    LogState.Anchor anchor = new LogState.Anchor(state.log(), state.head());
    boolean anchored = anchor().equals(Optional.of(anchor));
    if (!anchored) {
      rest.post(
          "registered-models/set-tag",
          Json.object().put("name", model).put("key", ANCHOR).put("value", anchor.toString()));
    }
    Optional<Integer> alias = alias();
    if (!alias.equals(Optional.of(version))) {
      rest.post(
          "registered-models/alias",
          Json.object()
              .put("name", model)
              .put("alias", ALIAS)
              .put("version", Integer.toString(version)));
      done.add(
          "alias "
              + ALIAS
              + ": "
              + alias.map(v -> "version " + v).orElse("none")
              + " -> version "
              + version);
    }
    List<Integer> production = production();
    if (!production.contains(version)) {
      registry.setVersionTag(model, version, STAGE, PRODUCTION);
      done.add("tag " + STAGE + "=" + PRODUCTION + " set on version " + version);
    }
    for (int other : production) {
      if (other != version) {
        untag(other);
        done.add("tag " + STAGE + "=" + PRODUCTION + " removed from version " + other);
      }
    }
    return !anchored || done.size() > before;
  }

  private void untag(int version) {
    try {
      rest.delete(
          "model-versions/delete-tag",
          Json.object()
              .put("name", model)
              .put("version", Integer.toString(version))
              .put("key", STAGE));
    } catch (Rest.Refused e) {
      // Another promoter removed it first.
      if (!e.absent()) {
        throw e;
      }
    }
  }

  private static String cut(String text) {
    return text.length() <= EntryContent.MAX_TEXT
        ? text
        : text.substring(0, EntryContent.MAX_TEXT - 2) + "..";
  }
}
