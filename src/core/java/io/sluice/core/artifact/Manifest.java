package io.sluice.core.artifact;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.annotation.Nulls;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a stage left behind: every file of every output artifact, plus the small named results and
 * the instant as of which the data in it was known. Its digest is the stage's one Tekton result.
 * The first path segment of an entry is the artifact's name. Schema: {@code manifest.schema.json}.
 *
 * @param asOf what the content knows up to; inherited from inputs, set by data stages
 * @param results small named values from {@code SLUICE_RESULTS}, sorted by name
 * @param entries the files, sorted by path, paths unique
 */
@Versioned
@JsonTypeName(Manifest.API_VERSION)
public record Manifest(
    Optional<Instant> asOf,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) @JsonSetter(nulls = Nulls.AS_EMPTY)
        Map<String, String> results,
    List<Entry> entries) {
  public static final String API_VERSION = "sluice.io/manifest/v1";

  /** In place of the name of an artifact: {@link #results}. No artifact can be called so. */
  public static final String RESULTS = "@results";

  /**
   * One regular file. Links and special files are refused before an entry is made.
   *
   * @param path relative, {@code /}-separated, no empty, {@code .} or {@code ..} segment
   * @param executable whether the owner may execute it: the only mode bit that is kept
   * @param size bytes
   * @param digest of the content
   */
  public record Entry(String path, boolean executable, long size, Digest digest) {
    public Entry {
      if (!safe(path)) {
        throw new IllegalArgumentException("not a safe relative path: " + path);
      }
      if (size < 0) {
        throw new IllegalArgumentException("negative size of " + path);
      }
    }

    /** How an entry is written. */
    public record Stored(String path, String mode, long size, String sha256) {}

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static Entry of(Stored s) {
      if (!s.mode().equals("0644") && !s.mode().equals("0755")) {
        throw new IllegalArgumentException("mode " + s.mode() + " in a manifest");
      }
      return new Entry(s.path(), s.mode().equals("0755"), s.size(), new Digest(s.sha256()));
    }

    @JsonValue
    Stored stored() {
      return new Stored(path, executable ? "0755" : "0644", size, digest.hex());
    }

    private static boolean safe(String path) {
      if (path.isEmpty() || path.indexOf('\\') >= 0 || path.indexOf('\0') >= 0) {
        return false;
      }
      for (String segment : path.split("/", -1)) {
        if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
          return false;
        }
      }
      return true;
    }
  }

  public Manifest {
    results = java.util.Collections.unmodifiableMap(new TreeMap<>(results));
    entries = entries.stream().sorted(java.util.Comparator.comparing(Entry::path)).toList();
    for (int i = 1; i < entries.size(); i++) {
      if (entries.get(i).path().equals(entries.get(i - 1).path())) {
        throw new IllegalArgumentException("path twice in a manifest: " + entries.get(i).path());
      }
    }
  }

  /**
   * The part below one artifact (or a path inside one), with paths relative to it. A single file
   * keeps its last path segment as its path. Carries no as-of and no results, so its digest depends
   * on content alone: cache keys are made of these.
   *
   * @return empty when there is no such artifact
   */
  public Optional<Manifest> artifact(String path) {
    List<Entry> found = new ArrayList<>();
    for (Entry e : entries) {
      if (e.path().equals(path)) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        return Optional.of(
            new Manifest(
                Optional.empty(),
                Map.of(),
                List.of(new Entry(name, e.executable(), e.size(), e.digest()))));
      }
      if (e.path().startsWith(path + "/")) {
        found.add(
            new Entry(e.path().substring(path.length() + 1), e.executable(), e.size(), e.digest()));
      }
    }
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(new Manifest(Optional.empty(), Map.of(), found));
  }

  /** Names of the artifacts, sorted. */
  public SortedSet<String> names() {
    return entries.stream()
        .map(e -> e.path().split("/", 2)[0])
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Whether {@code path} names one file rather than a folder. */
  public boolean isFile(String path) {
    return entries.stream().anyMatch(e -> e.path().equals(path));
  }

  /** The canonical bytes, UTF-8: what is stored and what {@link #digest} is taken of. */
  public byte[] bytes() {
    return Json.canonical(JsonCodec.write(this)).getBytes(StandardCharsets.UTF_8);
  }

  /** The digest of {@link #bytes}. */
  public Digest digest() {
    return Digest.of(bytes());
  }

  /**
   * Reads what {@link #bytes} wrote.
   *
   * @throws IllegalArgumentException when the bytes are no manifest of this version
   */
  public static Manifest parse(byte[] bytes) {
    return JsonCodec.read(Json.parse(bytes), Manifest.class);
  }
}
