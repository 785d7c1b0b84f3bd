package io.sluice.serving.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.core.json.Json;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.core.task.Task;
import io.sluice.inference.Predictor;
import io.sluice.inference.TabularSignature;
import io.sluice.serving.predict.Answered;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Answers in plain JSON: what was predicted for each series or row, by which version. */
final class PlainReply {
  private PlainReply() {}

  private interface Writing {
    void write(JsonGenerator json) throws IOException;
  }

  /** The members that every answer has, and then those of its kind. */
  private static Reply write(Answered answered, Writing rest) {
    Prediction prediction = answered.prediction();
    ByteArrayOutputStream out = new ByteArrayOutputStream(512);
    try (JsonGenerator json = Json.generator(out)) {
      json.writeStartObject();
      json.writeStringField("model", prediction.version().model());
      json.writeNumberField("version", prediction.version().version());
      json.writeNumberField("logEntry", prediction.version().entry());
      json.writeStringField("id", prediction.id().toString());
      json.writeBooleanField("needsReview", prediction.review().needsReview());
      json.writeStringField("reviewReason", prediction.review().reason());
      rest.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written", e);
    }
    return new Reply(
        out.toByteArray(),
        prediction.version().version(),
        OptionalInt.empty(),
        prediction.rows(),
        prediction.review().needsReview(),
        Optional.of(prediction.id().toString()),
        Optional.of(answered.receipt().word()));
  }

  /**
   * The forecasts of series.
   *
   * @param origins of the series, in their order
   * @param period length of one period
   */
  static Reply forecasts(Answered answered, List<Instant> origins, Duration period) {
    Prediction prediction = answered.prediction();
    Tensor.Floats values = null;
    Tensor.Longs horizons = null;
    for (Tensor tensor : answered.output()) {
      if (tensor instanceof Tensor.Floats floats) {
        values = floats;
      } else if (tensor instanceof Tensor.Longs longs && tensor.name().equals(Predictor.HORIZON)) {
        horizons = longs;
      }
    }
    if (values == null || horizons == null) {
      throw new IllegalStateException("a forecast without values or horizons");
    }
    float[] forecast = values.values();
    long[] ahead = horizons.values();
    return write(
        answered,
        json -> {
          json.writeArrayFieldStart("forecasts");
          for (int r = 0; r < origins.size(); r++) {
            json.writeStartObject();
            json.writeStringField("id", prediction.id().row(r + 1).toString());
            if (!prediction.names().isEmpty()) {
              json.writeStringField("series", prediction.names().get(r));
            }
            json.writeStringField("origin", Dates.write(origins.get(r)));
            json.writeArrayFieldStart("forecast");
            for (int h = 0; h < ahead.length; h++) {
              Instant end = origins.get(r).plus(period.multipliedBy(ahead[h]));
              json.writeStartObject();
              json.writeNumberField("horizon", ahead[h]);
              json.writeStringField("period", Dates.write(end.minus(period)));
              json.writeStringField("targetEnd", Dates.write(end));
              json.writeFieldName("value");
              json.writeNumber(forecast[r * ahead.length + h]);
              json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  /** The predictions of rows. */
  static Reply rows(Answered answered, TabularSignature signature) {
    Prediction prediction = answered.prediction();
    if (!(answered.output().getFirst() instanceof Tensor.Doubles table)) {
      throw new IllegalStateException("predictions of rows that are not numbers");
    }
    double[] values = table.values();
    return write(
        answered,
        json -> {
          json.writeStringField("task", signature.task().word());
          if (signature.quantile().isPresent()) {
            json.writeNumberField("quantile", signature.quantile().get());
          }
          json.writeArrayFieldStart("predictions");
          for (int r = 0; r < prediction.rows(); r++) {
            json.writeStartObject();
            json.writeStringField("id", prediction.id().row(r + 1).toString());
            if (!prediction.names().isEmpty()) {
              json.writeStringField("name", prediction.names().get(r));
            }
            int first = r * table.width();
            if (signature.task() == Task.MULTICLASS) {
              json.writeObjectFieldStart("probabilities");
              for (int k = 0; k < table.width(); k++) {
                number(json, signature.classes().get(k), values[first + k]);
              }
              json.writeEndObject();
            } else if (signature.task() == Task.BINARY) {
              json.writeStringField("class", signature.classes().get(1));
              number(json, "probability", values[first]);
            } else {
              number(json, "value", values[first]);
            }
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  private static void number(JsonGenerator json, String name, double value) throws IOException {
    json.writeNumberField(name, value);
  }
}
