package io.sluice.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.lineage.Lineage;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.promotion.WayBack;
import io.sluice.core.record.BundleFiles;
import io.sluice.core.registry.BundleEvidence;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What people ask of, and do to, a model's releases: history, rollback, override, adopt, diff,
 * trace. All of it is read from the registry; nothing here opens the artifact store.
 *
 * <p>A person's decision that was cut off is made again by the same command: the latest entry of
 * the log shows that it stands, and alias and tag are written where they lag behind it.
 */
public final class Releases {
  private static final int VERDICT_LIMIT_BYTES = 4 << 20;

  private final ModelRegistry registry;
  private final String model;

  public Releases(ModelRegistry registry, String model) {
    this.registry = registry;
    this.model = model;
  }

  /**
   * The promotion log, oldest first.
   *
   * @param champion the entry in force; empty when nothing was promoted yet
   * @param projections alias and tag as they are
   * @param relation how they relate to the log
   * @param damage what is wrong with the log, in words; the entries are then those that read
   */
  public record History(
      String model,
      List<Entry> entries,
      Optional<Entry> champion,
      Projections projections,
      Projections.Relation relation,
      List<String> damage) {
    public JsonNode json() {
      ObjectNode root = Json.object().put("model", model);
      champion.ifPresentOrElse(c -> root.put("champion", c.to()), () -> root.putNull("champion"));
      var list = root.putArray("entries");
      entries.forEach(e -> list.add(entryJson(e)));
      ObjectNode seen = root.putObject("projections");
      seen.put("relation", relation.name().toLowerCase(Locale.ROOT));
      projections.alias().ifPresentOrElse(v -> seen.put("alias", v), () -> seen.putNull("alias"));
      var production = seen.putArray("production");
      projections.production().forEach(production::add);
      warning().ifPresent(text -> root.put("warning", text));
      var damaged = root.putArray("damage");
      damage.forEach(damaged::add);
      return root;
    }

    /** What is to be said where alias and tag do not say what the log says. */
    public Optional<String> warning() {
      String log = champion.map(c -> "version " + c.to()).orElse("no champion");
      return switch (relation) {
        case AGREE -> Optional.empty();
        case BEHIND ->
            Optional.of(
                "alias and tag lag behind the log: "
                    + projections.sentence()
                    + ", the log says "
                    + log
                    + "; `sluice doctor --fix` sets them");
        case FOREIGN ->
            Optional.of(
                "others set alias or tag: "
                    + projections.sentence()
                    + ", the log says "
                    + log
                    + "; gates hold until `sluice adopt VERSION --reason ..`"
                    + (champion.isPresent() ? " or `sluice doctor --fix`" : " or an override"));
      };
    }
  }

  /** Reads the log, damaged or not. */
  public History history() {
    PromotionLog.Inspection seen = registry.promotions(model).inspect();
    return new History(
        model,
        seen.entries(),
        seen.entries().stream().filter(e -> e.number() == seen.head().entry()).findFirst(),
        seen.projections(),
        seen.relation(),
        seen.damage());
  }

  /**
   * A person's decision that stands.
   *
   * @param repeated whether it stood before: the same person gave the same reason
   * @param unread why the version's files could not be looked at; the entry then has the digest
   *     that an earlier one has, or none
   */
  public record Decided(Entry entry, boolean repeated, Optional<String> unread) {}

  /**
   * Makes an earlier champion champion again. The same person's rollback with the same reason, made
   * again on top of itself, is that rollback.
   *
   * @param to the version, or empty for the champion before the present one; where that is one by a
   *     rollback, the one before it (ADR 430)
   * @param who the person
   * @param reason why, in their words
   * @throws SluiceException SLU-9020 when there is nothing to go back to or the version never was
   *     champion; SLU-5026 when its files are not what they were; exit 4 when somebody else moved
   *     the champion meanwhile
   */
  public Decided rollback(Optional<Integer> to, String who, String reason) {
    PromotionLog log = registry.promotions(model);
    PromotionLog.Head head = log.head();
    List<Entry> valid = log.entries().stream().filter(Entry::valid).toList();
    Optional<Entry> before = decided(log, valid, Kind.ROLLBACK, to, who, reason);
    if (before.isPresent()) {
      return new Decided(before.get(), true, Optional.empty());
    }
    if (valid.isEmpty()) {
      throw wrong("SLU-9020", model + " has no champion to roll back", "run the pipeline first");
    }
    int current = valid.getLast().to();
    int target = to.or(() -> WayBack.before(valid)).orElseThrow(() -> nothingBefore(valid));
    if (target == current) {
      throw wrong("SLU-9020", "version " + target + " is the champion already", "nothing to do");
    }
    if (valid.stream().noneMatch(e -> e.to() == target)) {
      throw wrong(
          "SLU-9020",
          "version " + target + " never was champion of " + model,
          "rollback goes to former champions; `sluice override` promotes a version that was held");
    }
    return decide(log, valid, Kind.ROLLBACK, head, existing(target), who, reason);
  }

  /** Appends a decision with the digest of the version's files, which must be what they were. */
  private Decided decide(
      PromotionLog log,
      List<Entry> valid,
      Kind kind,
      PromotionLog.Head head,
      Version version,
      String who,
      String reason) {
    BundleEvidence evidence = BundleEvidence.look(registry, version, valid).sound();
    Entry entry =
        log.append(
            new PromotionLog.Request(
                kind, head, version.version(), who, reason, "", evidence.recorded()));
    return new Decided(entry, false, evidence.unread());
  }

  /** Why there is no champion before the present one. */
  private SluiceException nothingBefore(List<Entry> valid) {
    int current = valid.getLast().to();
    List<String> others =
        valid.stream()
            .map(Entry::to)
            .filter(v -> v != current)
            .distinct()
            .map(String::valueOf)
            .toList();
    return others.isEmpty()
        ? wrong(
            "SLU-9020",
            "version " + current + " is the only champion " + model + " ever had",
            "`sluice history` lists the promotions")
        : wrong(
            "SLU-9020",
            "there is no champion before version " + current + " of " + model + " to go back to",
            "later ones were rolled back: --to names one of them ("
                + String.join(", ", others)
                + ")");
  }

  /**
   * Promotes a version against the gate's verdict (or without one): a person's decision, and logged
   * as such.
   *
   * @throws SluiceException SLU-9021 when there is no such version; SLU-5026 when its files are not
   *     what they were
   */
  public Decided override(int version, String who, String reason) {
    PromotionLog log = registry.promotions(model);
    PromotionLog.Head head = log.head();
    Version overriding = existing(version);
    List<Entry> valid = log.entries().stream().filter(Entry::valid).toList();
    Optional<Entry> before = decided(log, valid, Kind.OVERRIDE, Optional.of(version), who, reason);
    if (before.isPresent()) {
      return new Decided(before.get(), true, Optional.empty());
    }
    if (!valid.isEmpty() && valid.getLast().to() == version) {
      throw wrong("SLU-9020", "version " + version + " is the champion already", "nothing to do");
    }
    return decide(log, valid, Kind.OVERRIDE, head, overriding, who, reason);
  }

  /**
   * A champion that others had set, now known to the log.
   *
   * @param unscorable why no candidate can be compared with it; empty when that is possible
   */
  public record Adoption(Entry entry, Optional<String> unscorable) {}

  /**
   * Makes a champion that others set, by alias or tag, known to the log: from then on candidates
   * meet it.
   *
   * @throws SluiceException SLU-9021 when there is no such version; SLU-9028 when alias and tag do
   *     not name it, or others set nothing
   */
  public Adoption adopt(int version, String who, String reason) {
    PromotionLog log = registry.promotions(model);
    PromotionLog.Head head = log.head();
    Version adopted = existing(version);
    Optional<String> unscorable = unscorable(adopted);
    List<Entry> valid = log.entries().stream().filter(Entry::valid).toList();
    Optional<Entry> before = decided(log, valid, Kind.ADOPT, Optional.of(version), who, reason);
    if (before.isPresent()) {
      return new Adoption(before.get(), unscorable);
    }
    PromotionLog.Inspection seen = log.inspect();
    if (seen.relation() != Projections.Relation.FOREIGN) {
      throw wrong(
          "SLU-9028",
          "there is no champion of others to adopt: "
              + seen.projections().sentence()
              + ", and the promotion log says "
              + seen.champion().map(v -> "version " + v).orElse("no champion"),
          "`sluice override` promotes a version, `sluice doctor` shows alias and tag");
    }
    if (!seen.projections().versions().contains(version)) {
      throw wrong(
          "SLU-9028",
          "version " + version + " is not what others set: " + seen.projections().sentence(),
          "adopt a version that is named there; `sluice override` promotes another one");
    }
    if (seen.champion().equals(Optional.of(version))) {
      throw wrong(
          "SLU-9020",
          "version " + version + " is the champion of the promotion log already",
          "`sluice doctor --fix` removes what others set beside it");
    }
    return new Adoption(
        decide(log, valid, Kind.ADOPT, head, adopted, who, reason).entry(), unscorable);
  }

  /** Why a version cannot be scored; the registry's own "no run" and "no files" are reasons too. */
  private Optional<String> unscorable(Version version) {
    try {
      Set<String> missing =
          BundleFiles.missing(
              registry.files(version).stream()
                  .filter(f -> f.startsWith(BundleFiles.FOLDER))
                  .map(f -> f.substring(BundleFiles.FOLDER.length()))
                  .toList());
      return missing.isEmpty()
          ? Optional.empty()
          : Optional.of("the registry has no " + String.join(", ", missing));
    } catch (SluiceException e) {
      if (e.exitCode() != ExitCode.INPUT_WRONG) {
        throw e;
      }
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** The head, when it is this very decision; alias and tag are then written where they lag. */
  private static Optional<Entry> decided(
      PromotionLog log,
      List<Entry> valid,
      Kind kind,
      Optional<Integer> to,
      String who,
      String reason) {
    Optional<Entry> same =
        valid.stream()
            .reduce((first, last) -> last)
            .filter(e -> e.kind() == kind && e.who().equals(who) && e.why().equals(reason))
            .filter(e -> to.isEmpty() || to.get() == e.to());
    same.ifPresent(e -> log.repairProjections());
    return same;
  }

  /**
   * One line of a comparison; a side is empty where that version has no such value.
   *
   * @param incomparable why the two values say nothing about each other; empty where they do
   */
  public record Difference(
      String section,
      String key,
      Optional<String> left,
      Optional<String> right,
      Optional<String> incomparable) {}

  /** Two versions side by side. */
  public record Diff(String model, int left, int right, List<Difference> differences) {
    public JsonNode json() {
      ObjectNode root = Json.object().put("model", model).put("left", left).put("right", right);
      var list = root.putArray("differences");
      for (Difference d : differences) {
        ObjectNode o = list.addObject().put("section", d.section()).put("key", d.key());
        d.left().ifPresentOrElse(v -> o.put("left", v), () -> o.putNull("left"));
        d.right().ifPresentOrElse(v -> o.put("right", v), () -> o.putNull("right"));
        d.incomparable().ifPresent(why -> o.put("incomparable", why));
      }
      return root;
    }
  }

  /** Where two versions differ: parameters, metrics, lineage. */
  public Diff diff(int left, int right) {
    Version a = existing(left);
    Version b = existing(right);
    List<Difference> out = new ArrayList<>();
    Optional<String> none = Optional.empty();
    compare("params", registry.params(a), registry.params(b), key -> none, out);
    Optional<String> holdout = unlike("rows of the holdout", a, b, Lineage::holdoutOf);
    Optional<String> data = unlike("data", a, b, Lineage::snapshotOf);
    compare(
        "metrics",
        texts(registry.metrics(a)),
        texts(registry.metrics(b)),
        key ->
            key.contains("holdout") || key.equals("improvement")
                ? holdout
                : key.startsWith("validation") ? data : none,
        out);
    compare("lineage", a.tags(), b.tags(), key -> none, out);
    return new Diff(model, left, right, out);
  }

  /** Why figures of both say nothing about each other: they were measured on different things. */
  private static Optional<String> unlike(
      String what, Version a, Version b, Function<Map<String, String>, Optional<String>> on) {
    Optional<String> left = on.apply(a.tags());
    Optional<String> right = on.apply(b.tags());
    if (left.isEmpty() || right.isEmpty()) {
      return Optional.of(
          "not comparable: which " + what + " one of them was measured on is unknown");
    }
    return left.equals(right)
        ? Optional.empty()
        : Optional.of("not comparable: measured on different " + what);
  }

  /**
   * Everything that a version came from.
   *
   * @param promotions entries that made it champion, oldest first
   * @param verdict the gate's verdict, as recorded; empty for a version that no gate saw
   */
  public record Trace(
      Version version,
      Map<String, String> params,
      Map<String, Double> metrics,
      List<Entry> promotions,
      boolean champion,
      Optional<JsonNode> verdict,
      List<String> files,
      Optional<String> page) {
    public JsonNode json() {
      ObjectNode root =
          Json.object()
              .put("model", version.model())
              .put("version", version.version())
              .put("champion", champion)
              .put("created", version.created().toString())
              .put("run", version.run());
      ObjectNode lineage = root.putObject("lineage");
      new TreeMap<>(version.tags()).forEach(lineage::put);
      ObjectNode p = root.putObject("params");
      new TreeMap<>(params).forEach(p::put);
      ObjectNode m = root.putObject("metrics");
      new TreeMap<>(metrics).forEach(m::put);
      var list = root.putArray("promotions");
      promotions.forEach(e -> list.add(entryJson(e)));
      verdict.ifPresent(v -> root.set("verdict", v));
      var f = root.putArray("files");
      files.forEach(f::add);
      page.ifPresent(u -> root.put("page", u));
      return root;
    }
  }

  /**
   * Traces a version to data, parameters, code, environments, verdict and promotions.
   *
   * @throws SluiceException SLU-9021 when there is no such version
   */
  public Trace trace(int number) {
    Version version = existing(number);
    PromotionLog log = registry.promotions(model);
    List<Entry> mine = log.entries().stream().filter(e -> e.valid() && e.to() == number).toList();
    List<String> files = registry.files(version);
    Optional<JsonNode> verdict =
        files.contains("verdict.json") ? Optional.of(verdict(version)) : Optional.empty();
    return new Trace(
        version,
        registry.params(version),
        registry.metrics(version),
        mine,
        log.champion().map(Entry::to).equals(Optional.of(number)),
        verdict,
        files,
        registry.page(version));
  }

  private JsonNode verdict(Version version) {
    try (InputStream in = registry.open(version, "verdict.json")) {
      return Json.parse(in.readNBytes(VERDICT_LIMIT_BYTES));
    } catch (IOException | IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.UNREACHABLE,
          List.of(
              Diagnostic.of(
                  "SLU-9022",
                  "the verdict logged with version "
                      + version.version()
                      + " cannot be read: "
                      + e.getMessage(),
                  "look at the version's files in MLflow")),
          e);
    }
  }

  private Version existing(int version) {
    return registry
        .version(model, version)
        .orElseThrow(() ->
            wrong(
                "SLU-9021",
                model + " has no version " + version,
                "`sluice history` lists what was promoted; MLflow lists all versions"));
  }

  private static void compare(
      String section,
      Map<String, String> a,
      Map<String, String> b,
      Function<String, Optional<String>> incomparable,
      List<Difference> out) {
    TreeSet<String> keys = new TreeSet<>(a.keySet());
    keys.addAll(b.keySet());
    for (String key : keys) {
      Optional<String> left = Optional.ofNullable(a.get(key));
      Optional<String> right = Optional.ofNullable(b.get(key));
      if (!left.equals(right)) {
        out.add(new Difference(section, key, left, right, incomparable.apply(key)));
      }
    }
  }

  private static Map<String, String> texts(Map<String, Double> numbers) {
    Map<String, String> out = new TreeMap<>();
    numbers.forEach((k, v) -> out.put(k, v.toString()));
    return out;
  }

  private static JsonNode entryJson(Entry e) {
    return Json.object()
        .put("entry", e.number())
        .put("kind", e.kind().name().toLowerCase(Locale.ROOT))
        .put("from", e.from())
        .put("to", e.to())
        .put("who", e.who())
        .put("why", e.why())
        .put("run", e.run())
        .put("at", e.at().toString())
        .put("valid", e.valid())
        .put("bundle", e.bundle().map(Digest::toString).orElse(null));
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
