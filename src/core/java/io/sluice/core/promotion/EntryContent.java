package io.sluice.core.promotion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What an entry says before it has a number: exactly the tags under which the registry stores it.
 * Its digest covers all of it, and the next valid entry carries that digest, so that no entry can
 * change or vanish unnoticed.
 *
 * @param log id that the log was given when it began; an entry of another log does not count in
 *     this
 * @param key nonce of the attempt that wrote it: how a writer whose call was cut finds its entry
 * @param from number of the entry it replaces; 0 for the first
 * @param fromDigest digest of that entry's content; of the empty string for the first
 * @param to model version that it makes champion, from 1
 * @param who service account or person
 * @param why the reason, at most {@link #MAX_TEXT} characters
 * @param run Sluice run id; empty for a person's entry
 * @param at when it was written, by the writer's clock; orders nothing
 * @param accepts digest of the damage that a person accepts by this entry; see {@link LogState}
 * @param remembered what the model remembered of the log when the person looked, if anything: part
 *     of the damage follows from it, and every replay must come to the same
 * @param bundle digest of the files of version {@code to}, as the writer found them; empty in
 *     entries that are older than this, and where the registry does not serve the files
 */
public record EntryContent(
    String log,
    String key,
    PromotionLog.Kind kind,
    long from,
    Digest fromDigest,
    int to,
    String who,
    String why,
    String run,
    Instant at,
    Optional<Digest> accepts,
    Optional<LogState.Anchor> remembered,
    Optional<Digest> bundle) {

  /** Longest {@code who} and {@code why}, in UTF-16 units. */
  public static final int MAX_TEXT = 4000;

  private static final String OWN_DIGEST = "digest";

  public EntryContent {
    if (log.isEmpty() || key.isEmpty()) {
      throw new IllegalArgumentException("an entry needs the id of its log and a key");
    }
    if (from < 0 || to < 1) {
      throw new IllegalArgumentException("an entry from " + from + " to version " + to);
    }
    if (who.length() > MAX_TEXT || why.length() > MAX_TEXT) {
      throw new IllegalArgumentException("who or why is longer than " + MAX_TEXT + " characters");
    }
    if (accepts.isPresent() && kind != PromotionLog.Kind.OVERRIDE) {
      throw new IllegalArgumentException("only an override accepts damage");
    }
    if (remembered.isPresent() && accepts.isEmpty()) {
      throw new IllegalArgumentException("what the model remembers belongs to accepted damage");
    }
    if (kind == PromotionLog.Kind.CONFIRM && bundle.isEmpty()) {
      throw new IllegalArgumentException("a confirmation without the digest that it confirms");
    }
  }

  /** The digest of the content, as stored beside it and as the next entry's {@code fromDigest}. */
  public Digest digest() {
    return digest(content());
  }

  /** What is stored: the content, sorted by name, and its digest. Empty texts are left out. */
  public Map<String, String> tags() {
    TreeMap<String, String> tags = content();
    tags.put(OWN_DIGEST, digest(tags).toString());
    return Collections.unmodifiableMap(tags);
  }

  /**
   * Reads {@link #tags}. Tags of other names are ignored: registries add their own.
   *
   * @throws IllegalArgumentException when a tag is missing, has no valid value, or does not fit the
   *     digest; the message says which
   */
  public static EntryContent parse(Map<String, String> tags) {
    EntryContent read;
    try {
      read =
          new EntryContent(
              need(tags, "log"),
              need(tags, "key"),
              PromotionLog.Kind.valueOf(need(tags, "kind")),
              Long.parseLong(need(tags, "from")),
              Digest.parse(need(tags, "fromDigest")),
              Integer.parseInt(need(tags, "to")),
              tags.getOrDefault("who", ""),
              tags.getOrDefault("why", ""),
              tags.getOrDefault("run", ""),
              Instant.parse(need(tags, "at")),
              Optional.ofNullable(tags.get("accepts")).map(Digest::parse),
              Optional.ofNullable(tags.get("remembered")).map(LogState.Anchor::parse),
              Optional.ofNullable(tags.get("bundle")).map(Digest::parse));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("its time does not read: " + e.getMessage(), e);
    }
    String stored = need(tags, OWN_DIGEST);
    if (!stored.equals(read.digest().toString())) {
      throw new ChangedException(read);
    }
    return read;
  }

  /** The entry reads, but is not what its writer wrote: something set a tag afterwards. */
  static final class ChangedException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;
    private final transient EntryContent found;

    ChangedException(EntryContent found) {
      super("its content no longer has the digest that it was written with");
      this.found = found;
    }

    EntryContent found() {
      return found;
    }
  }

  private TreeMap<String, String> content() {
    TreeMap<String, String> tags = new TreeMap<>();
    tags.put("log", log);
    tags.put("key", key);
    tags.put("kind", kind.name());
    tags.put("from", Long.toString(from));
    tags.put("fromDigest", fromDigest.toString());
    tags.put("to", Integer.toString(to));
    tags.put("who", who);
    tags.put("why", why);
    tags.put("run", run);
    tags.put("at", at.toString());
    accepts.ifPresent(d -> tags.put("accepts", d.toString()));
    remembered.ifPresent(a -> tags.put("remembered", a.toString()));
    bundle.ifPresent(d -> tags.put("bundle", d.toString()));
    tags.values().removeIf(String::isEmpty);
    return tags;
  }

  private static Digest digest(Map<String, String> content) {
    ObjectNode json = Json.object();
    content.forEach(json::put);
    return Digest.of(Json.canonical(json));
  }

  private static String need(Map<String, String> tags, String name) {
    String value = tags.get(name);
    if (value == null) {
      throw new IllegalArgumentException("it has no " + name);
    }
    return value;
  }
}
