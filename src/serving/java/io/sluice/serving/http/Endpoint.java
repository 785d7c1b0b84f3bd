package io.sluice.serving.http;

import java.util.Locale;
import java.util.Optional;

/** What can be asked for; the words of metrics, and who may. */
enum Endpoint {
  LIVE("GET", Optional.empty()),
  READY("GET", Optional.empty()),
  SERVER("GET", Optional.of(Access.Role.PREDICT)),
  MODEL("GET", Optional.of(Access.Role.PREDICT)),
  MODEL_READY("GET", Optional.of(Access.Role.PREDICT)),
  INFER("POST", Optional.of(Access.Role.PREDICT)),
  FORECASTS("POST", Optional.of(Access.Role.PREDICT)),
  PREDICTIONS("POST", Optional.of(Access.Role.PREDICT)),
  OPENAPI("GET", Optional.of(Access.Role.PREDICT)),
  METRICS("GET", Optional.of(Access.Role.ADMIN)),
  OTHER("", Optional.empty());

  final String method;

  /** The role that a token needs; empty where none is asked for. */
  final Optional<Access.Role> role;

  Endpoint(String method, Optional<Access.Role> role) {
    this.method = method;
    this.role = role;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
