package io.sluice.serving.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.core.json.Json;
import io.sluice.inference.ForecastSignature;
import io.sluice.inference.TabularSignature;
import io.sluice.serving.predict.Answered;
import io.sluice.serving.predict.Asked;
import io.sluice.serving.predict.Caller;
import io.sluice.serving.predict.Lease;
import io.sluice.serving.predict.Predictions;
import io.sluice.serving.predict.Problem;
import io.sluice.serving.predict.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What each endpoint makes of a body, by the version that a lease holds; knows no sockets. */
public final class Endpoints {
  /** Of the protocol: the model repository is not offered, because the promotion log decides. */
  private static final String BINARY = "binary_tensor_data";

  private final Predictions predictions;
  private final int maxRows;

  public Endpoints(Predictions predictions, int maxRows) {
    this.predictions = predictions;
    this.maxRows = maxRows;
  }

  /**
   * {@code POST /v2/models/M/infer}.
   *
   * @param json how many bytes of the body are JSON, where tensors follow
   * @throws ProblemException what is wrong with the request
   */
  public Reply infer(Lease lease, byte[] body, Optional<Integer> json, Caller caller)
      throws InterruptedException {
    ModelForm model = ModelForm.of(lease.predictor().signature());
    V2Request request = V2Request.read(body, json, model, maxRows);
    return V2Reply.write(request, predictions.predict(lease, request.asked(), caller));
  }

  /** {@code POST /v1/forecasts}; throws as {@link #infer} does. */
  public Reply forecasts(Lease lease, byte[] body, Caller caller) throws InterruptedException {
    return switch (lease.predictor().signature()) {
      case ForecastSignature forecast -> {
        ForecastRequest request = ForecastRequest.read(body, forecast, maxRows);
        Answered answered = predictions.predict(lease, request.asked(), caller);
        yield PlainReply.forecasts(answered, request.origins(), forecast.period());
      }
      case TabularSignature tabular -> throw otherKind("predicts rows", "/v1/predictions");
    };
  }

  /** {@code POST /v1/predictions}; throws as {@link #infer} does. */
  public Reply rows(Lease lease, byte[] body, Caller caller) throws InterruptedException {
    return switch (lease.predictor().signature()) {
      case TabularSignature tabular -> {
        Asked asked = RowsRequest.read(body, tabular, maxRows);
        yield PlainReply.rows(predictions.predict(lease, asked, caller), tabular);
      }
      case ForecastSignature forecast -> throw otherKind("forecasts series", "/v1/forecasts");
    };
  }

  private static ProblemException otherKind(String what, String where) {
    return Problem.of(404, "SLU-9213", "the model " + what, "send it to " + where);
  }

  private interface Writing {
    void write(JsonGenerator json) throws IOException;
  }

  private static byte[] json(Writing writing) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    try (JsonGenerator json = Json.generator(out)) {
      json.writeStartObject();
      writing.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written", e);
    }
    return out.toByteArray();
  }

  /** {@code GET /v2}. */
  public static byte[] server(String version) {
    return json(out -> {
      out.writeStringField("name", "sluice");
      out.writeStringField("version", version);
      out.writeArrayFieldStart("extensions");
      out.writeString(BINARY);
      out.writeEndArray();
    });
  }

  /** {@code GET /v2/models/M}. */
  public static byte[] model(Lease lease) {
    ModelForm model = ModelForm.of(lease.predictor().signature());
    String version = Integer.toString(lease.version().version());
    return json(out -> {
      out.writeStringField("name", lease.version().model());
      out.writeArrayFieldStart("versions");
      out.writeString(version);
      out.writeEndArray();
      out.writeStringField("platform", "onnxruntime_onnx");
      tensors(out, "inputs", model.inputs().stream());
      tensors(out, "outputs", Stream.concat(model.outputs().stream(), ModelForm.EXTRA.stream()));
      out.writeObjectFieldStart("parameters");
      out.writeNumberField("log_entry", lease.version().entry());
      out.writeStringField("bundle", lease.version().bundle().toString());
      out.writeStringField("family", model.signature().family());
      switch (model.signature()) {
        case ForecastSignature forecast -> {
          out.writeStringField("channels", String.join(",", forecast.channels()));
          out.writeStringField(
              "horizons",
              String.join(",", forecast.horizons().stream().map(String::valueOf).toList()));
          out.writeStringField("period", Dates.write(forecast.period()));
        }
        case TabularSignature tabular -> {
          out.writeStringField("task", tabular.task().word());
          out.writeStringField("columns", String.join(",", tabular.columns()));
          out.writeStringField("classes", String.join(",", tabular.classes()));
        }
      }
      out.writeEndObject();
    });
  }

  private static void tensors(JsonGenerator out, String member, Stream<TensorSpec> specs)
      throws IOException {
    out.writeArrayFieldStart(member);
    for (TensorSpec spec : specs.toList()) {
      out.writeStartObject();
      out.writeStringField("name", spec.name());
      out.writeStringField("datatype", spec.type().name());
      out.writeArrayFieldStart("shape");
      for (long size : spec.shape(-1)) {
        out.writeNumber(size);
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  /** {@code GET /v2/health/live}; the protocol's text has two names for what it says. */
  public static byte[] live() {
    return json(out -> out.writeBooleanField("live", true));
  }

  /** A health answer: whether, and if not, why not. */
  public static byte[] ready(boolean ready, List<String> notes) {
    return json(out -> {
      out.writeBooleanField("live", true);
      out.writeBooleanField("ready", ready);
      out.writeArrayFieldStart("notes");
      for (String note : notes) {
        out.writeString(note);
      }
      out.writeEndArray();
    });
  }

  /** {@code GET /v2/models/M/ready}. */
  public static byte[] modelReady(String model, boolean ready) {
    return json(out -> {
      out.writeStringField("name", model);
      out.writeBooleanField("ready", ready);
    });
  }

  /** A problem document (RFC 9457) with the member that V2 clients look for. */
  public static byte[] problem(Problem problem) {
    return json(out -> {
      out.writeStringField("type", "urn:sluice:error:" + problem.id());
      out.writeStringField("title", problem.title());
      out.writeNumberField("status", problem.status());
      out.writeStringField("detail", problem.detail());
      if (problem.field().isPresent()) {
        out.writeStringField("field", problem.field().get());
      }
      out.writeStringField("hint", problem.hint());
      out.writeStringField("id", problem.id());
      out.writeStringField(
          "error",
          problem.id()
              + ": "
              + problem.field().map(f -> f + ": ").orElse("")
              + problem.detail()
              + "; "
              + problem.hint());
    });
  }
}
