package io.sluice.serving.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.core.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes a line of JSON for each request: who asked for what, and what came of it. No body, no
 * query, no header of a request stands in it.
 */
public final class AccessLog {
  private static final int MAX_PATH = 200;

  private final Optional<OutputStream> out;
  private final AtomicLong lost = new AtomicLong();

  private AccessLog(Optional<OutputStream> out) {
    this.out = out;
  }

  /** Writes nothing. */
  public static AccessLog off() {
    return new AccessLog(Optional.empty());
  }

  public static AccessLog to(OutputStream out) {
    return new AccessLog(Optional.of(out));
  }

  /**
   * One request.
   *
   * @param micros from its first byte to the last byte of its answer
   */
  record Line(
      Instant at,
      String method,
      String path,
      int status,
      long micros,
      int bytesIn,
      int bytesOut,
      int rows,
      Optional<String> version,
      Optional<String> prediction,
      Optional<String> problem,
      Optional<String> caller,
      Optional<String> trace,
      String peer) {}

  void write(Line line) {
    if (out.isEmpty()) {
      return;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator json = Json.generator(bytes)) {
      json.writeStartObject();
      json.writeStringField("at", line.at().toString());
      json.writeStringField("method", line.method());
      json.writeStringField(
          "path",
          line.path().length() > MAX_PATH ? line.path().substring(0, MAX_PATH) : line.path());
      json.writeNumberField("status", line.status());
      json.writeNumberField("micros", line.micros());
      json.writeNumberField("bytesIn", line.bytesIn());
      json.writeNumberField("bytesOut", line.bytesOut());
      if (line.rows() > 0) {
        json.writeNumberField("rows", line.rows());
      }
      optional(json, "version", line.version());
      optional(json, "prediction", line.prediction());
      optional(json, "problem", line.problem());
      optional(json, "caller", line.caller());
      optional(json, "trace", line.trace());
      json.writeStringField("peer", line.peer());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written", e);
    }
    bytes.write('\n');
    OutputStream to = out.get();
    synchronized (this) {
      try {
        bytes.writeTo(to);
        to.flush();
      } catch (IOException e) {
        // A log that cannot be written is counted, and stops nobody from being answered.
        lost.incrementAndGet();
      }
    }
  }

  /** Lines that could not be written. */
  long lost() {
    return lost.get();
  }

  private static void optional(JsonGenerator json, String name, Optional<String> value)
      throws IOException {
    if (value.isPresent()) {
      json.writeStringField(name, value.get());
    }
  }
}
