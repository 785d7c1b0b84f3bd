package io.sluice.serving.http;

import io.sluice.serving.predict.Problem;
import io.sluice.serving.protocol.Endpoints;
import io.sluice.serving.protocol.Reply;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** One request and its answer: what is known of it when it is counted and logged. */
final class Exchange {
  static final String VERSION = "Sluice-Version";
  static final String LEDGER = "Sluice-Ledger";
  private static final String JSON = "application/json";
  private static final HttpField NO_STORE =
      new PreEncodedHttpField(HttpHeader.CACHE_CONTROL, "no-store");
  private static final HttpField NO_SNIFF =
      new PreEncodedHttpField("X-Content-Type-Options", "nosniff");

  /** Who hears that an exchange is over. */
  interface End {
    void over(Exchange exchange, int status, int bytes);
  }

  final Request request;
  private final Response response;
  private final Callback callback;
  private final End end;
  final Instant at;
  final long since;
  Endpoint endpoint = Endpoint.OTHER;
  Optional<String> caller = Optional.empty();
  Optional<String> trace = Optional.empty();
  Optional<String> version = Optional.empty();
  Optional<String> prediction = Optional.empty();
  Optional<String> problem = Optional.empty();
  int bytesIn;
  int rows;

  Exchange(Request request, Response response, Callback callback, Instant at, End end) {
    this.request = request;
    this.response = response;
    this.callback = callback;
    this.end = end;
    this.at = at;
    this.since = System.nanoTime();
  }

  HttpFields headers() {
    return request.getHeaders();
  }

  /** Ends the connection after this answer. */
  void closing() {
    response.getHeaders().put(HttpHeader.CONNECTION, "close");
  }

  void header(String name, String value) {
    response.getHeaders().put(name, value);
  }

  void answer(Reply reply) {
    rows = reply.rows();
    version = Optional.of(Integer.toString(reply.version()));
    prediction = reply.prediction();
    reply.ledger().ifPresent(word -> header(LEDGER, word));
    if (reply.json().isPresent()) {
      header(Requests.JSON_LENGTH, Integer.toString(reply.json().getAsInt()));
      answer(200, "application/octet-stream", reply.body());
    } else {
      answer(200, JSON, reply.body());
    }
  }

  void answer(int status, byte[] json) {
    answer(status, JSON, json);
  }

  void answer(int status, String type, byte[] body) {
    response.setStatus(status);
    HttpFields.Mutable headers = response.getHeaders();
    headers.put(HttpHeader.CONTENT_TYPE, type);
    headers.put(NO_STORE);
    headers.put(NO_SNIFF);
    version.ifPresent(v -> headers.put(VERSION, v));
    response.write(
        true,
        ByteBuffer.wrap(body),
        Callback.from(
            () -> {
              end.over(this, status, body.length);
              callback.succeeded();
            },
            failure -> {
              end.over(this, status, 0);
              callback.failed(failure);
            }));
  }

  void refuse(Problem refused) {
    problem = Optional.of(refused.id());
    refused
        .retryAfter()
        .ifPresent(after -> header("Retry-After", Long.toString(Math.max(1, after.toSeconds()))));
    if (refused.status() == 401) {
      header("WWW-Authenticate", "Bearer realm=\"sluice\"");
    }
    if (refused.status() == 408 || refused.status() == 413) {
      closing(); // the rest of the body is not read
    }
    answer(refused.status(), "application/problem+json", Endpoints.problem(refused));
  }

  /** The caller is gone before its request was there. */
  void lost(Throwable why) {
    end.over(this, 499, 0);
    callback.failed(why);
  }
}
