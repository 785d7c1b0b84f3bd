package io.sluice.cluster.fold;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A part of a Kubernetes object as any JSON reader gives it: maps, lists and scalars. Whatever is
 * absent, or of another form than expected, reads as empty: the API adds fields, and drops them.
 */
public record Tree(@Nullable Object value) {
  private static final Tree NOTHING = new Tree(null);

  public Tree at(String... path) {
    Object here = value;
    for (String key : path) {
      if (!(here instanceof Map<?, ?> map)) {
        return NOTHING;
      }
      here = map.get(key);
    }
    return here == null ? NOTHING : new Tree(here);
  }

  /** The scalar as text; empty when there is none. */
  public String text() {
    return value == null || value instanceof Map || value instanceof List ? "" : value.toString();
  }

  public boolean isTrue() {
    return text().equals("true");
  }

  public Optional<Integer> number() {
    return value instanceof Number n ? Optional.of(n.intValue()) : Optional.empty();
  }

  public Optional<Instant> time() {
    String text = text();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  public boolean isPresent() {
    return value != null;
  }

  public boolean isList() {
    return value instanceof List;
  }

  public List<Tree> list() {
    return value instanceof List<?> list ? list.stream().map(o -> new Tree(o)).toList() : List.of();
  }

  /** A map of scalars, in its order. */
  public Map<String, String> texts() {
    Map<String, String> out = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach((k, v) -> out.put(String.valueOf(k), new Tree(v).text()));
    }
    return out;
  }
}
