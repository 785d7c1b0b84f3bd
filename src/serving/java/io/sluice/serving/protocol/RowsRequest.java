package io.sluice.serving.protocol;

import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.inference.TabularSignature;
import io.sluice.serving.predict.Asked;
import io.sluice.serving.predict.Problem;
import io.sluice.serving.predict.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows with their columns by name, in plain JSON, as the columns that a tabular model takes. */
final class RowsRequest {
  private static final List<String> MEMBERS = List.of("rows", "names");

  private RowsRequest() {}

  /**
   * Reads a request for this model.
   *
   * @throws ProblemException 400: what is wrong, and where
   */
  static Asked read(byte[] body, TabularSignature signature, int maxRows) {
    Parts parts = new Parts(signature, maxRows);
    Body.read(body, 0, body.length, parts::read);
    return parts.asked();
  }

  /** A column under construction; only the values of its type are there. */
  private static final class Column {
    final String name;
    final TabularSignature.Type type;
    double[] doubles = new double[8];
    long[] longs = new long[8];
    boolean[] flags = new boolean[8];
    final List<@Nullable String> texts = new ArrayList<>();

    /** Rows that had a value; the row that is being read is one more. */
    int size;

    Column(String name, TabularSignature.Type type) {
      this.name = name;
      this.type = type;
    }

    void add(Body body) throws IOException {
      if (size == doubles.length) {
        doubles = Arrays.copyOf(doubles, size * 2);
        longs = Arrays.copyOf(longs, size * 2);
        flags = Arrays.copyOf(flags, size * 2);
      }
      switch (type) {
        case FLOAT -> doubles[size] = body.numberOfFloatRangeOrMissing();
        case DOUBLE -> doubles[size] = body.numberOrMissing();
        case INT -> longs[size] = body.whole();
        case BOOL -> flags[size] = body.flag();
        case STRING -> {
          if (body.isNull()) {
            throw body.wrong(
                "a text cannot be missing",
                "in tables a text that is not there is empty: send \"\"");
          }
          texts.add(body.text());
        }
      }
      size++;
    }

    Tensor tensor() {
      return switch (type) {
        case FLOAT, DOUBLE -> new Tensor.Doubles(name, size, 1, Arrays.copyOf(doubles, size));
        case INT -> new Tensor.Longs(name, size, 1, Arrays.copyOf(longs, size));
        case BOOL -> new Tensor.Flags(name, size, 1, Arrays.copyOf(flags, size));
        case STRING -> new Tensor.Texts(name, size, 1, texts);
      };
    }
  }

  /** A request under construction. */
  private static final class Parts {
    private final int maxRows;
    private final List<Column> columns;
    private final List<String> columnNames;
    private final List<String> names = new ArrayList<>();
    private int rows;

    Parts(TabularSignature signature, int maxRows) {
      this.maxRows = maxRows;
      this.columnNames = signature.columns();
      this.columns =
          columnNames.stream().map(name -> new Column(name, type(signature, name))).toList();
    }

    /** Of several inputs that look at a column, the one that asks most of its values. */
    private static TabularSignature.Type type(TabularSignature signature, String column) {
      List<TabularSignature.Type> types =
          signature.inputs().stream()
              .filter(i -> i.columns().contains(column))
              .map(TabularSignature.Input::type)
              .toList();
      for (TabularSignature.Type type :
          List.of(
              TabularSignature.Type.STRING,
              TabularSignature.Type.INT,
              TabularSignature.Type.BOOL)) {
        if (types.contains(type)) {
          return type;
        }
      }
      return types.contains(TabularSignature.Type.FLOAT)
          ? TabularSignature.Type.FLOAT
          : TabularSignature.Type.DOUBLE;
    }

    Parts read(Body body) throws IOException {
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        switch (member) {
          case "rows" -> {
            body.list();
            while (body.element()) {
              row(body);
            }
          }
          case "names" -> {
            body.list();
            while (body.element()) {
              String name = body.name();
              if (names.size() == maxRows) {
                throw body.wrong(
                    "there are more than %d names".formatted(maxRows), "one for each row");
              }
              names.add(name);
            }
          }
          default -> throw body.unknown(member, MEMBERS);
        }
      }
      return this;
    }

    private void row(Body body) throws IOException {
      if (rows == maxRows) {
        throw body.wrong(
            "SLU-9212", "there are more than %d rows".formatted(maxRows), "send fewer at once");
      }
      body.object();
      for (String member = body.member(); member != null; member = body.member()) {
        int column = columnNames.indexOf(member);
        if (column < 0) {
          throw body.unknown(member, columnNames);
        }
        columns.get(column).add(body);
      }
      for (Column column : columns) {
        if (column.size == rows) {
          throw body.wrong(
              "the row has no `" + column.name + "`",
              "every row has every column; null says that a number is missing");
        }
      }
      rows++;
    }

    Asked asked() {
      if (rows == 0) {
        throw Problem.at(
            "/rows", 400, "SLU-9211", "there is no row", "send {\"rows\":[{column: value, ..}]}");
      }
      if (!names.isEmpty() && names.size() != rows) {
        throw Problem.at(
            "/names",
            400,
            "SLU-9212",
            "%d names for %d rows".formatted(names.size(), rows),
            "one name for each row, or none");
      }
      return new Asked(rows, names, columns.stream().map(Column::tensor).toList());
    }
  }
}
