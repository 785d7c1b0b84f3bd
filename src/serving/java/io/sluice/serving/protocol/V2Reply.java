package io.sluice.serving.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.core.json.Json;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.serving.predict.Answered;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The answer to a {@link V2Request}. */
final class V2Reply {
  private V2Reply() {}

  static Reply write(V2Request request, Answered answered) {
    Prediction prediction = answered.prediction();
    ByteArrayOutputStream out = new ByteArrayOutputStream(512);
    List<byte[]> binaries = new ArrayList<>();
    try (JsonGenerator json = Json.generator(out)) {
      json.writeStartObject();
      json.writeStringField("model_name", prediction.version().model());
      json.writeStringField("model_version", Integer.toString(prediction.version().version()));
      if (request.id().isPresent()) {
        json.writeStringField("id", request.id().get());
      }
      json.writeObjectFieldStart("parameters");
      json.writeStringField("prediction_id", prediction.id().toString());
      json.writeNumberField("log_entry", prediction.version().entry());
      json.writeBooleanField("needs_review", prediction.review().needsReview());
      json.writeStringField("review_reason", prediction.review().reason());
      json.writeStringField("ledger", answered.receipt().word());
      json.writeEndObject();
      json.writeArrayFieldStart("outputs");
      for (V2Request.Wanted wanted : request.outputs()) {
        Tensor tensor = tensor(wanted.spec(), answered);
        json.writeStartObject();
        json.writeStringField("name", wanted.spec().name());
        json.writeStringField("datatype", wanted.spec().type().name());
        json.writeArrayFieldStart("shape");
        for (long size : wanted.spec().shape(prediction.rows())) {
          json.writeNumber(size);
        }
        json.writeEndArray();
        if (wanted.binary()) {
          byte[] binary = BinaryTensors.write(tensor);
          binaries.add(binary);
          json.writeObjectFieldStart("parameters");
          json.writeNumberField("binary_data_size", binary.length);
          json.writeEndObject();
        } else {
          json.writeArrayFieldStart("data");
          data(json, tensor);
          json.writeEndArray();
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written", e);
    }
    OptionalInt length = binaries.isEmpty() ? OptionalInt.empty() : OptionalInt.of(out.size());
    binaries.forEach(out::writeBytes);
    return new Reply(
        out.toByteArray(),
        prediction.version().version(),
        length,
        prediction.rows(),
        prediction.review().needsReview(),
        Optional.of(prediction.id().toString()),
        Optional.of(answered.receipt().word()));
  }

  private static Tensor tensor(TensorSpec spec, Answered answered) {
    Prediction prediction = answered.prediction();
    int rows = prediction.rows();
    for (Tensor tensor : answered.output()) {
      if (tensor.name().equals(spec.name())) {
        return tensor;
      }
    }
    return switch (spec.name()) {
      case "prediction_id" -> {
        List<@Nullable String> ids = new ArrayList<>(rows);
        for (int r = 1; r <= rows; r++) {
          ids.add(prediction.id().row(r).toString());
        }
        yield new Tensor.Texts(spec.name(), rows, 1, ids);
      }
      case "review_reason" ->
          new Tensor.Texts(
              spec.name(),
              rows,
              1,
              new ArrayList<>(Collections.nCopies(rows, prediction.review().reason())));
      case "needs_review" -> {
        boolean[] flags = new boolean[rows];
        java.util.Arrays.fill(flags, prediction.review().needsReview());
        yield new Tensor.Flags(spec.name(), rows, 1, flags);
      }
      default ->
          // an earlier prediction under the caller's key, by a version with other names
          throw io.sluice.serving.predict.Problem.of(
              422,
              "SLU-9221",
              "the key belongs to a prediction of version %d, which has no output `%s`"
                  .formatted(prediction.version().version(), spec.name()),
              "take a new key for a new request");
    };
  }

  private static void data(JsonGenerator json, Tensor tensor) throws IOException {
    switch (tensor) {
      case Tensor.Floats t -> {
        for (float value : t.values()) {
          json.writeNumber(value);
        }
      }
      case Tensor.Doubles t -> {
        for (double value : t.values()) {
          json.writeNumber(value);
        }
      }
      case Tensor.Longs t -> {
        for (long value : t.values()) {
          json.writeNumber(value);
        }
      }
      case Tensor.Flags t -> {
        for (boolean value : t.values()) {
          json.writeBoolean(value);
        }
      }
      case Tensor.Texts t -> {
        for (String value : t.values()) {
          json.writeString(value);
        }
      }
    }
  }
}
