package io.sluice.core.evaluation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a team's own evaluation says of the {@code rows.csv} beside it: {@code rows.json}. All that
 * Sluice knows itself is not in it. Schema: {@code own-rows.schema.json}.
 *
 * @param id columns that together name a row; of forecasts a unit
 * @param group columns that together name what rows have in common: the unit of the gate
 * @param slices columns by which the gate looks at parts
 * @param classes of a task of classes, in the order of probabilities
 * @param validation what models measure on data that they are picked by
 * @param leftOut families that the evaluation could not compare, and why
 */
@Versioned
@JsonTypeName(OwnRows.API_VERSION)
public record OwnRows(
    List<String> id,
    @JsonSetter(nulls = Nulls.AS_EMPTY) @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<String> group,
    @JsonSetter(nulls = Nulls.AS_EMPTY) @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<String> slices,
    @JsonSetter(nulls = Nulls.AS_EMPTY) @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<String> classes,
    Optional<Validation> validation,
    @JsonSetter(nulls = Nulls.AS_EMPTY) @JsonInclude(JsonInclude.Include.NON_EMPTY)
        SortedMap<String, String> leftOut) {
  public static final String API_VERSION = "sluice.io/own-rows/v1";

  /** Name of the file. */
  public static final String FILE = "rows.json";

  /** Name of the table beside it. */
  public static final String ROWS = "rows.csv";

  /**
   * Models on the data by which a family and a baseline are picked.
   *
   * @param rows how many there are
   * @param values of the gate's metric, by the name of the model's column
   */
  public record Validation(long rows, SortedMap<String, Double> values) {
    public Validation {
      values = known("validation.values", values);
      if (rows < 1) {
        throw new IllegalArgumentException(
            "`validation.rows` is %d, not 1 or more".formatted(rows));
      }
      values.forEach((model, value) -> {
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException(
              "`validation.values.%s` is %s, not a number".formatted(model, value));
        }
      });
    }
  }

  public OwnRows {
    id = distinct("id", id);
    group = distinct("group", group);
    slices = distinct("slices", slices);
    classes = distinct("classes", classes);
    leftOut = known("leftOut", leftOut);
    if (id.isEmpty()) {
      throw new IllegalArgumentException("`id` names no column");
    }
    if (classes.size() == 1) {
      throw new IllegalArgumentException("`classes` names one class, and a task has two or more");
    }
  }

  /** The columns that name what the gate counts as one. */
  public List<String> unit() {
    return group.isEmpty() ? id : group;
  }

  /** What a model measures on validation, by the name of its column. */
  public Optional<Double> onValidation(String model) {
    return validation.flatMap(v -> Optional.ofNullable(v.values().get(model)));
  }

  /**
   * Reads {@code rows.json}.
   *
   * @throws IllegalArgumentException when it is anything else; the message names the field
   */
  public static OwnRows parse(JsonNode json) {
    return JsonCodec.read(json, OwnRows.class);
  }

  private static List<String> distinct(String field, List<String> names) {
    if (new LinkedHashSet<>(names).size() != names.size()
        || names.stream().anyMatch(name -> name == null || name.isEmpty())) {
      throw new IllegalArgumentException(
          "`%s` is %s: each name once, and none is empty".formatted(field, names));
    }
    return List.copyOf(names);
  }

  /** JSON can say null of any value, where a record could not leave it out. */
  private static <T> SortedMap<String, T> known(String field, SortedMap<String, T> values) {
    values.forEach((name, value) -> {
      if (value == null) {
        throw new IllegalArgumentException(
            "`%s.%s` is null: write what it is, or leave it out".formatted(field, name));
      }
    });
    return Collections.unmodifiableSortedMap(new TreeMap<>(values));
  }
}
