package io.sluice.mlflow;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Brief;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.EntryContent;
import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.mlflow.api.proto.ModelRegistry.CreateModelVersion;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.tracking.MlflowClientException;

/**
 * The promotion log of a model on MLflow. Entries are versions of the companion model {@code
 * <model>.promotions}: the server numbers them without gaps and shows none without its tags, which
 * is all that the rules of {@link LogState} need. See {@link ChampionProjections} for alias and
 * tag.
 */
final class MlflowPromotionLog implements PromotionLog {
  static final String SUFFIX = ".promotions";

  /** Tag of the companion that holds the log's id; set when it is created, hence by one writer. */
  private static final String GENESIS = "log";

  /**
   * MLflow wants every version to have files somewhere. An entry's are where its run has none, so
   * that nobody gets a model who takes an entry for one.
   */
  private static final String NO_FILES = "promotion-log-entry";

  private static final int MAX_ROUNDS = 100;

  /** How often an alias that a slow writer may have set is looked at, and how far apart. */
  private static final int LOOKS = 5;

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(400);

  private final Rest rest;
  private final ModelVersions versions;
  private final ChampionProjections projections;
  private final String model;
  private final String companion;
  private final Clock clock;
  private final Supplier<String> nonces;

  /** How far this object has read; the next replay continues from there. */
  private @Nullable LogState checkpoint;

  MlflowPromotionLog(
      Rest rest, ModelVersions versions, String model, Clock clock, Supplier<String> nonces) {
    this.rest = rest;
    this.versions = versions;
    this.projections = new ChampionProjections(versions, model);
    this.model = model;
    this.companion = model + SUFFIX;
    this.clock = clock;
    this.nonces = nonces;
  }

  @Override
  public List<Entry> entries() {
    return rest.reporting(() -> sound(read(false)).entries());
  }

  @Override
  public LogState follow(Optional<LogState> known) {
    return rest.reporting(() -> {
      if (known.isEmpty()) {
        return read(true);
      }
      LogState state = known.get();
      List<LogState.Stored> stored = after(Math.max(0, state.last() - 1));
      // Without an entry there is no log yet, and the first one says too little: all of it then.
      return state.last() == 0 && !stored.isEmpty() ? read(true) : state.continued(stored);
    });
  }

  @Override
  public Optional<Entry> champion() {
    return rest.reporting(() -> sound(read(false)).champion());
  }

  @Override
  public Head head() {
    return rest.reporting(() -> sound(read(false)).head());
  }

  @Override
  public Entry append(Request request, Consumer<Entry> appended) {
    return rest.reporting(() -> {
      LogState state = sound(read(false));
      Optional<String> shortfall = state.shortfall(request.from(), "this run");
      if (shortfall.isPresent()) {
        throw RegistryErrors.damaged(model, List.of(shortfall.get()));
      }
      // A retried step finds what its earlier attempt appended.
      Optional<Entry> earlier = earlier(state, request);
      Entry mine = earlier.isPresent() ? earlier.get() : appendTo(state, request);
      appended.accept(mine);
      projectAfter(mine);
      return mine;
    });
  }

  @Override
  public Optional<Projections> foreignProjections() {
    return rest.reporting(this::foreign);
  }

  /**
   * Alias and tag if others set them. A slow writer of this log may have put back an earlier
   * champion, which it mends within moments: one of those is looked at again.
   */
  private Optional<Projections> foreign() {
    for (int look = 1; ; look++) {
      Projections now = projections.read();
      LogState state = sound(read(false));
      if (now.relation(state.entries(), state.head()) != Projections.Relation.FOREIGN) {
        return Optional.empty();
      }
      if (look == LOOKS || !former(state).containsAll(now.versions())) {
        return Optional.of(now);
      }
      rest.pause(BETWEEN_LOOKS);
    }
  }

  private static List<Integer> former(LogState state) {
    return state.entries().stream().filter(Entry::valid).map(Entry::to).toList();
  }

  @Override
  public List<String> repairProjections() {
    return rest.reporting(() -> project(false));
  }

  @Override
  public List<String> overwriteProjections() {
    return rest.reporting(() -> project(true));
  }

  @Override
  public Inspection inspect() {
    return rest.reporting(() -> {
      Projections now = projections.read(); // before the log, which may grow in between
      LogState state = read(true);
      return new Inspection(
          state.entries(),
          state.head(),
          state.damage(),
          state.damageDigest(),
          state.accepted(),
          now);
    });
  }

  @Override
  public Entry accept(Digest damage, Request request) {
    return rest.reporting(() -> {
      if (request.kind() != Kind.OVERRIDE || request.why().isBlank()) {
        throw RegistryErrors.wrongInput("damage is accepted by an override with a reason only");
      }
      Optional<LogState.Anchor> remembered = projections.anchor();
      LogState state = read(true, remembered);
      if (!state.damageDigest().equals(Optional.of(damage))) {
        throw RegistryErrors.otherDamage(model, state.damage());
      }
      if (!state.head().equals(request.from())) {
        throw moved(state, request.from());
      }
      ModelVersion target = target(request.to());
      String log = begin();
      EntryContent content = content(log, request, Optional.of(damage), remembered);
      write(content, target);
      LogState after = read(true);
      Entry mine = verdict(after, content, request.from());
      sound(after);
      projectAfter(mine);
      return mine;
    });
  }

  private Entry appendTo(LogState state, Request request) {
    if (!state.head().equals(request.from())) {
      throw moved(state, request.from());
    }
    if (request.kind() == Kind.PROMOTE) {
      foreign()
          .ifPresent(found -> {
            throw RegistryErrors.foreignChampion(model, found);
          });
    }
    if (request.kind() == Kind.CONFIRM
        && !state.champion().map(Entry::to).equals(Optional.of(request.to()))) {
      throw RegistryErrors.wrongInput(
          "version " + request.to() + " is not the champion whose files are to be confirmed");
    }
    ModelVersion target = target(request.to());
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
        .map(winner -> RegistryErrors.lostRace(model, winner, from.entry()))
        .orElseGet(() ->
            RegistryErrors.wrongInput("entry " + from.entry() + " never was the head of the log"));
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
        remembered,
        r.bundle());
  }

  private ModelVersion target(int version) {
    return versions
        .find(model, version)
        .orElseThrow(() -> RegistryErrors.noVersion(model, version));
  }

  /** The id of the log, which the first writer makes with the companion. */
  private String begin() {
    versions.createModel(
        companion,
        Map.of(GENESIS, nonces.get(), MlflowRegistry.KIND, "promotion-log"),
        "Not a model: the promotion log of "
            + model
            + ". Each version is an entry, which says which version of "
            + model
            + " became champion, by whom and why. None of them can be loaded; do not change them.");
    return genesis()
        .orElseThrow(() -> RegistryErrors.unexpected(rest.uri(), companion + " vanished again"));
  }

  private Optional<String> genesis() {
    // Without the tag another program made it: it is not a log, and its entries will not fit.
    return versions
        .model(companion)
        .map(found -> ModelVersions.tags(found).getOrDefault(GENESIS, "unknown"));
  }

  /** Creates the entry's version; after a call without an answer, looks for it first. */
  private void write(EntryContent content, ModelVersion target) {
    String source = rest.required(target.getSource(), "source");
    CreateModelVersion entry =
        CreateModelVersion.newBuilder()
            .setName(companion)
            // a reference to another version is whole: MLflow refuses a path below it
            .setSource(source.startsWith("models:") ? source : source + "/" + NO_FILES)
            .setRunId(target.getRunId())
            .setDescription(description(content))
            .addAllTags(ModelVersions.tags(content.tags()))
            .build();
    boolean[] reached = {false};
    try {
      rest.patiently(() -> {
        if (reached[0] && isThere(content)) {
          return true;
        }
        try {
          versions.create(entry);
          return true;
        } catch (RegistryUnavailable e) {
          reached[0] |= e.mayHaveTakenEffect();
          throw e;
        } catch (MlflowClientException e) {
          reached[0] = true; // it answered 200, and something that does not read
          throw e;
        }
      });
    } catch (SluiceException e) {
      throw reached[0] ? RegistryErrors.outcomeUnknown(model, e) : e;
    }
  }

  /** The entry for people who look at MLflow's pages. */
  private String description(EntryContent entry) {
    return ExperimentRuns.note(
        entry.kind()
            + ": version "
            + entry.to()
            + " of "
            + model
            + (entry.kind() == Kind.CONFIRM
                ? " stays champion, its files are recorded"
                : " becomes champion")
            + (entry.from() == 0 ? "" : ", after entry " + entry.from() + " of this log")
            + ". By "
            + entry.who()
            + (entry.run().isEmpty() ? "" : ", run " + entry.run())
            + "."
            + entry.bundle().map(d -> " Its files: " + d + ".").orElse("")
            + "\n\n"
            + entry.why());
  }

  private boolean isThere(EntryContent content) {
    return read(false).entries().stream().anyMatch(e -> e.digest().equals(content.digest()));
  }

  /** Replays; {@code whole} from the first entry, else from where this object was last. */
  private LogState read(boolean whole) {
    // The model's memory before the log: the log may grow in between, never fall short of it.
    return read(whole, projections.anchor());
  }

  private synchronized LogState read(boolean whole, Optional<LogState.Anchor> anchor) {
    String log = genesis().orElse("");
    LogState state = checkpoint;
    if (whole || state == null || !state.log().equals(log)) {
      state = LogState.begin(log);
    }
    if (!log.isEmpty()) {
      state = state.then(after(state.last()));
    }
    checkpoint = state;
    return state.against(anchor);
  }

  /** The entries with higher numbers: one call, unless there are more than a page of them. */
  private List<LogState.Stored> after(long number) {
    List<LogState.Stored> stored = new ArrayList<>();
    long last = number;
    List<ModelVersion> page;
    do {
      page = versions.search("name = '" + companion + "' and version_number > " + last);
      for (ModelVersion v : page) {
        last = versions.number(v);
        stored.add(new LogState.Stored(last, ModelVersions.tags(v)));
      }
    } while (page.size() == ModelVersions.PAGE);
    return stored;
  }

  private LogState sound(LogState state) {
    if (!state.damage().isEmpty()) {
      throw RegistryErrors.damaged(model, state.damage());
    }
    return state;
  }

  /** Alias and tag after an entry of ours; a person's entry replaces what others set. */
  private void projectAfter(Entry entry) {
    try {
      project(entry.kind() != Kind.PROMOTE);
    } catch (ApiError | RegistryUnavailable | MlflowClientException e) {
      throw RegistryErrors.projectionsBehind(
          model, entry, ExitCode.UNREACHABLE, String.valueOf(e.getMessage()));
    } catch (SluiceException e) {
      if (e.exitCode() == ExitCode.UNREACHABLE || e.exitCode() == ExitCode.INTERRUPTED) {
        throw RegistryErrors.projectionsBehind(
            model, entry, e.exitCode(), String.valueOf(e.getMessage()));
      }
      throw e;
    }
  }

  /**
   * Writes and reads again until a round finds nothing to write: others write too. From the first
   * write on, what differs may be this writer's own.
   */
  private List<String> project(boolean overwriteForeign) {
    boolean overwrite = overwriteForeign;
    List<String> reports = new ArrayList<>();
    for (int round = 0; round < MAX_ROUNDS; round++) {
      ChampionProjections.Found found = projections.find();
      LogState state = sound(read(false));
      Optional<Entry> champion = state.champion();
      if (champion.isEmpty()) {
        return List.copyOf(reports);
      }
      ChampionProjections.Round written =
          projections.write(found, state, champion.get().to(), overwrite);
      reports.addAll(written.reports());
      if (!written.changed()) {
        return List.copyOf(reports);
      }
      overwrite = true;
    }
    throw RegistryErrors.alwaysChanged(rest.uri(), model);
  }

  private static String cut(String text) {
    return Brief.sentences(text, EntryContent.MAX_TEXT);
  }
}
