package io.sluice.core.table;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What {@code table.json} says of the {@code rows.csv} beside it. Schema: {@code
 * table.schema.json}.
 *
 * @param id columns that together name a row
 * @param label column of what is predicted
 * @param features type of each column that a model may look at
 * @param time column of when a row came about, a date or an instant
 * @param knownAt column of when its label became known
 * @param group columns that together name what rows have in common, such as a household; the unit
 *     of the gate
 * @param weight column of how much a row counts; 1 without one
 * @param slices columns by which the gate looks at parts; they may be features
 * @param classes the label's words, for a task of classes; of two, the second is the positive one
 * @param period how long rows share what happens to all of them, as ISO 8601 writes it
 * @param split how the table was cut; the audit of what was learned from fits it
 */
@Versioned
@JsonTypeName(TableFormat.API_VERSION)
public record TableFormat(
    List<String> id,
    String label,
    SortedMap<String, ColumnType> features,
    Optional<String> time,
    Optional<String> knownAt,
    @JsonSetter(nulls = Nulls.AS_EMPTY) @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<String> group,
    Optional<String> weight,
    @JsonSetter(nulls = Nulls.AS_EMPTY) @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<String> slices,
    @JsonSetter(nulls = Nulls.AS_EMPTY) @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<String> classes,
    Optional<String> period,
    Optional<SplitBy> split) {
  public static final String API_VERSION = "sluice.io/table/v1";

  /** Name of the file. */
  public static final String FILE = "table.json";

  /** Name of the table beside it. */
  public static final String ROWS = "rows.csv";

  /** More columns than these are no table of features. */
  public static final int MAX_FEATURES = 10_000;

  public static final int MAX_CLASSES = 1_000;

  /** Columns of the rows that evaluate writes; columns of units and slices stand beside them. */
  private static final Set<String> RESERVED =
      Collections.unmodifiableSet(
          new LinkedHashSet<>(
              List.of("origin", "horizon", "targetEnd", "time", "actual", "weight", "champion")));

  private static final Duration WEEK = Duration.ofDays(7);

  public TableFormat {
    id = names("id", id);
    group = names("group", group);
    slices = names("slices", slices);
    classes = names("classes", classes);
    features = Collections.unmodifiableSortedMap(new TreeMap<>(features));
    if (id.isEmpty()) {
      throw new IllegalArgumentException("`id` names no column");
    }
    if (features.isEmpty() || features.size() > MAX_FEATURES) {
      throw new IllegalArgumentException(
          "`features` names %d columns, not 1 to %d".formatted(features.size(), MAX_FEATURES));
    }
    if (classes.size() == 1 || classes.size() > MAX_CLASSES) {
      throw new IllegalArgumentException(
          "`classes` names %d, not 2 to %d".formatted(classes.size(), MAX_CLASSES));
    }
    features.forEach((feature, type) -> {
      if (type == null) {
        throw new IllegalArgumentException("`features." + feature + "` is null, and not a type");
      }
    });
    for (String feature : features.keySet()) {
      if (feature.isEmpty()) {
        throw new IllegalArgumentException("`features` names a column without a name");
      }
      if (feature.equals(label)
          || id.contains(feature)
          || knownAt.filter(feature::equals).isPresent()) {
        throw new IllegalArgumentException(
            "`%s` cannot be a feature: it is the label, its `knownAt` or part of the id"
                .formatted(feature));
      }
    }
    for (List<String> keys : List.of(id, group, slices)) {
      for (String key : keys) {
        if (key.equals(label) || RESERVED.contains(key) || key.indexOf(':') >= 0) {
          throw new IllegalArgumentException(
              "`%s` cannot name a column of `id`, `group` or `slices`: it names another"
                  .formatted(key));
        }
      }
    }
    if (label.isEmpty()) {
      throw new IllegalArgumentException("`label` is empty");
    }
    if (split.filter(s -> s == SplitBy.TIME).isPresent() && time.isEmpty()) {
      throw new IllegalArgumentException("`split` is by time, and there is no column `time`");
    }
    if (split.filter(s -> s == SplitBy.GROUP).isPresent() && group.isEmpty()) {
      throw new IllegalArgumentException("`split` is by group, and there is no column `group`");
    }
    parsed(period);
  }

  private static List<String> names(String key, List<String> names) {
    if (names.stream().anyMatch(name -> name == null || name.isEmpty())) {
      throw new IllegalArgumentException("`" + key + "` holds an empty text or null");
    }
    if (names.stream().distinct().count() != names.size()) {
      throw new IllegalArgumentException("`" + key + "` names a value twice");
    }
    return List.copyOf(names);
  }

  private static Duration parsed(Optional<String> period) {
    try {
      Duration length = period.map(Duration::parse).orElse(WEEK);
      if (length.compareTo(Duration.ofMinutes(1)) < 0 || length.toDays() > 3660) {
        throw new IllegalArgumentException("a period is between a minute and ten years long");
      }
      return length;
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("`period` is not a fixed length of time such as `P7D`", e);
    }
  }

  /** The period; a week unless the table says another. */
  public Duration periodLength() {
    return parsed(period);
  }

  /** Columns that name a unit of the gate: what rows have in common, else each row by itself. */
  public List<String> unit() {
    return group.isEmpty() ? id : group;
  }

  /** Every column that rows have to have, each once. */
  public List<String> columns() {
    List<String> all = new ArrayList<>(id);
    all.add(label);
    all.addAll(features.keySet());
    Stream.of(time, knownAt, weight).flatMap(Optional::stream).forEach(all::add);
    all.addAll(group);
    all.addAll(slices);
    return all.stream().distinct().toList();
  }

  /**
   * Reads {@code table.json}.
   *
   * @throws IllegalArgumentException when it is not such a document; the message says where
   */
  public static TableFormat parse(JsonNode json) {
    return JsonCodec.read(json, TableFormat.class);
  }
}
