package io.sluice.serving.protocol;

import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.inference.BundleSignature;
import io.sluice.inference.ForecastSignature;
import io.sluice.inference.Predictor;
import io.sluice.inference.TabularSignature;
import io.sluice.serving.predict.Problem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A model as tensors of the protocol: the inputs and outputs that its signature names, whole rows
 * of a graph's input for a tabular one.
 *
 * @param inputs that a request must bring, all of them
 * @param outputs of the model itself
 */
record ModelForm(BundleSignature signature, List<TensorSpec> inputs, List<TensorSpec> outputs) {
  /** What every model can be asked for beside its own outputs. */
  static final List<TensorSpec> EXTRA =
      List.of(
          new TensorSpec("prediction_id", Datatype.BYTES, List.of()),
          new TensorSpec("needs_review", Datatype.BOOL, List.of()),
          new TensorSpec("review_reason", Datatype.BYTES, List.of()));

  ModelForm {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  static ModelForm of(BundleSignature signature) {
    return switch (signature) {
      case ForecastSignature forecast -> of(forecast);
      case TabularSignature tabular -> of(tabular);
    };
  }

  private static ModelForm of(ForecastSignature forecast) {
    List<TensorSpec> inputs = new ArrayList<>();
    inputs.add(
        new TensorSpec(
            forecast.window(),
            Datatype.FP32,
            List.of(forecast.lookback(), forecast.channels().size())));
    forecast
        .originDay()
        .ifPresent(name -> inputs.add(new TensorSpec(name, Datatype.INT64, List.of(1))));
    return new ModelForm(
        forecast,
        inputs,
        List.of(
            new TensorSpec(forecast.output(), Datatype.FP32, List.of(forecast.horizons().size()))));
  }

  private static ModelForm of(TabularSignature tabular) {
    List<TensorSpec> inputs =
        tabular.inputs().stream()
            .map(i -> new TensorSpec(i.name(), datatype(i.type()), List.of(i.columns().size())))
            .toList();
    return new ModelForm(
        tabular,
        inputs,
        List.of(new TensorSpec(Predictor.PREDICTION, Datatype.FP64, List.of(tabular.width()))));
  }

  private static Datatype datatype(TabularSignature.Type type) {
    return switch (type) {
      case FLOAT -> Datatype.FP32;
      case DOUBLE -> Datatype.FP64;
      case INT -> Datatype.INT64;
      case STRING -> Datatype.BYTES;
      case BOOL -> Datatype.BOOL;
    };
  }

  /** The number of an input, or -1. */
  int input(String name) {
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The tables that {@link Predictor#predict} takes.
   *
   * @param tensors one for each of {@link #inputs}, in that order
   */
  List<Tensor> tables(List<Tensor> tensors) {
    return switch (signature) {
      case ForecastSignature forecast -> tensors;
      case TabularSignature tabular -> columns(tabular, tensors);
    };
  }

  private static List<Tensor> columns(TabularSignature tabular, List<Tensor> tensors) {
    Map<String, Tensor> columns = new LinkedHashMap<>();
    for (int i = 0; i < tensors.size(); i++) {
      List<String> names = tabular.inputs().get(i).columns();
      for (int c = 0; c < names.size(); c++) {
        Tensor column = column(tensors.get(i), names.get(c), c);
        Tensor other = columns.put(names.get(c), column);
        if (other != null && !same(other, column)) {
          throw Problem.of(
              400,
              "SLU-9212",
              "column `%s` stands in two inputs, and they say different things of it"
                  .formatted(names.get(c)),
              "send the same values of a column in every input that has it");
        }
        if (other instanceof Tensor.Longs) {
          columns.put(names.get(c), other); // whole numbers serve an input of fractions too
        }
      }
    }
    return List.copyOf(columns.values());
  }

  private static Tensor column(Tensor tensor, String name, int column) {
    int rows = tensor.rows();
    int width = tensor.width();
    return switch (tensor) {
      case Tensor.Floats t -> {
        double[] values = new double[rows];
        Arrays.setAll(values, r -> t.values()[r * width + column]);
        yield new Tensor.Doubles(name, rows, 1, values);
      }
      case Tensor.Doubles t -> {
        double[] values = new double[rows];
        Arrays.setAll(values, r -> t.values()[r * width + column]);
        yield new Tensor.Doubles(name, rows, 1, values);
      }
      case Tensor.Longs t -> {
        long[] values = new long[rows];
        Arrays.setAll(values, r -> t.values()[r * width + column]);
        yield new Tensor.Longs(name, rows, 1, values);
      }
      case Tensor.Flags t -> {
        boolean[] values = new boolean[rows];
        for (int r = 0; r < rows; r++) {
          values[r] = t.values()[r * width + column];
        }
        yield new Tensor.Flags(name, rows, 1, values);
      }
      case Tensor.Texts t -> {
        List<@Nullable String> values = new ArrayList<>(rows);
        for (int r = 0; r < rows; r++) {
          values.add(t.values().get(r * width + column));
        }
        yield new Tensor.Texts(name, rows, 1, values);
      }
    };
  }

  private static boolean same(Tensor a, Tensor b) {
    for (int r = 0; r < a.rows(); r++) {
      if (!Objects.equals(value(a, r), value(b, r))) {
        return false;
      }
    }
    return true;
  }

  private static @Nullable Object value(Tensor column, int row) {
    return switch (column) {
      case Tensor.Floats t -> (double) t.values()[row];
      case Tensor.Doubles t -> t.values()[row];
      case Tensor.Longs t -> (double) t.values()[row];
      case Tensor.Flags t -> t.values()[row] ? 1.0 : 0.0;
      case Tensor.Texts t -> t.values().get(row);
    };
  }
}
