package io.sluice.core.spec;

import static io.sluice.core.spec.Struct.Field.optional;
import static io.sluice.core.spec.Struct.Field.required;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.table.ColumnType;
import io.sluice.core.table.SplitBy;
import io.sluice.core.table.SplitSettings;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The values of {@code split@1}: which columns of a table mean what, and how rows are parted. */
final class SplitShapes {
  private static final String ALL_OTHERS = "all others";
  private static final String LEAST = "0.1";
  private static final String MOST = "90";

  private SplitShapes() {}

  static Shape<SplitSettings> settings() {
    var column =
        Shapes.matching("a column's name", SpecModel.COLUMN, "SLU-1011", "as in the header row");
    var id = required("id", columns(column, 1), "the columns that name a row, for example [id]");
    var label = required("label", column, "the column that is predicted");
    var classes =
        optional(
            "classes",
            Shapes.distinct("a list of classes", Shapes.argument(), 2),
            "the label's words, of the tasks binary and multiclass; of two, the second is the"
                + " positive one");
    var features =
        optional("features", features(column), "columns that a model may look at (all others)");
    var types =
        optional(
            "types",
            Shapes.map(
                "a map of columns",
                SpecModel.COLUMN,
                "as in the header row",
                Shapes.map(
                    Shapes.word(Stream.of(ColumnType.values()).map(ColumnType::word).toList()),
                    word -> ColumnType.of(word).orElseThrow())),
            "types of features, where they are not to be inferred: { zip: string }");
    var time = optional("time", column, "the column of when a row came about: a date or instant");
    var knownAt = optional("knownAt", column, "the column of when its label became known");
    var group =
        optional(
            "group",
            columns(column, 1),
            "columns that name what rows have in common, such as a household: never torn");
    var weight = optional("weight", column, "the column of how much a row counts (1)");
    var slices = optional("slices", columns(column, 0), "columns by which the gate looks at parts");
    var ignore =
        optional("ignore", columns(column, 0), "columns that are no features of `all others`");
    var period =
        optional(
            "period",
            Shapes.duration(),
            "how long rows share what happens to all of them; needs time (7d)");
    var by =
        optional(
            "by",
            Shapes.map(
                Shapes.word(Stream.of(SplitBy.values()).map(SplitBy::word).toList()),
                word -> SplitBy.of(word).orElseThrow()),
            "how rows come into their part (time where there is one, else group, else random)");
    var validation =
        optional("validation", Shapes.percentage(LEAST, MOST), "share of the rows (20%)");
    var holdout = optional("holdout", Shapes.percentage(LEAST, MOST), "share of the rows (20%)");
    return Struct.of(
        "the values of split@1",
        List.of(
            id,
            label,
            classes,
            features,
            types,
            time,
            knownAt,
            group,
            weight,
            slices,
            ignore,
            period,
            by,
            validation,
            holdout),
        v -> {
          List<String> groups = v.find(group).orElse(List.of());
          return new SplitSettings(
              v.get(id),
              v.get(label),
              v.find(features).orElse(List.of()),
              v.find(types).orElse(SpecModel.none()),
              v.find(time),
              v.find(knownAt),
              groups,
              v.find(weight),
              v.find(slices).orElse(List.of()),
              v.find(ignore).orElse(List.of()),
              v.find(classes).orElse(List.of()),
              v.find(period).map(IsoPeriod::of),
              v.find(by).orElse(usual(v.find(time).isPresent(), !groups.isEmpty())),
              v.find(validation).orElse(SplitSettings.SHARE),
              v.find(holdout).orElse(SplitSettings.SHARE));
        });
  }

  private static SplitBy usual(boolean times, boolean groups) {
    return times ? SplitBy.TIME : groups ? SplitBy.GROUP : SplitBy.RANDOM;
  }

  private static Shape<List<String>> columns(Shape<String> column, int least) {
    return Shapes.distinct("a list of columns", column, least);
  }

  /** A list, or the words that stand for every column without another role. */
  private static Shape<List<String>> features(Shape<String> column) {
    Shape<List<String>> list = columns(column, 1);
    Shape<String> word = Shapes.word(List.of(ALL_OTHERS));
    return new Shape<>() {
      @Override
      public Optional<List<String>> read(Yaml node, Problems problems) {
        return node instanceof Yaml.Scalar
            ? word.read(node, problems).map(w -> List.of())
            : list.read(node, problems);
      }

      @Override
      public ObjectNode schema() {
        ObjectNode schema = JsonNodeFactory.instance.objectNode();
        schema.putArray("anyOf").add(list.schema()).add(word.schema());
        return schema;
      }
    };
  }
}
