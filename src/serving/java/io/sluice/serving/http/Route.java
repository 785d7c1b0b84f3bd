package io.sluice.serving.http;

import java.util.List;
import java.util.Optional;

/**
 * What a path means.
 *
 * @param model that it names
 * @param version that it names
 */
record Route(Endpoint endpoint, Optional<String> model, Optional<String> version) {

  /** Reads a decoded path. */
  static Route of(String path) {
    return switch (path) {
      case "/v2/health/live" -> of(Endpoint.LIVE);
      case "/v2/health/ready" -> of(Endpoint.READY);
      case "/v2", "/v2/" -> of(Endpoint.SERVER);
      case "/v1/forecasts" -> of(Endpoint.FORECASTS);
      case "/v1/predictions" -> of(Endpoint.PREDICTIONS);
      case "/openapi.json" -> of(Endpoint.OPENAPI);
      case "/metrics" -> of(Endpoint.METRICS);
      default -> model(List.of(path.split("/", -1)));
    };
  }

  private static Route of(Endpoint endpoint) {
    return new Route(endpoint, Optional.empty(), Optional.empty());
  }

  /** {@code /v2/models/M[/versions/V][/ready|/infer]}. */
  private static Route model(List<String> parts) {
    if (parts.size() < 4 || !parts.get(1).equals("v2") || !parts.get(2).equals("models")) {
      return of(Endpoint.OTHER);
    }
    Optional<String> model = Optional.of(parts.get(3));
    Optional<String> version = Optional.empty();
    List<String> rest = parts.subList(4, parts.size());
    if (rest.size() >= 2 && rest.getFirst().equals("versions")) {
      version = Optional.of(rest.get(1));
      rest = rest.subList(2, rest.size());
    }
    if (rest.isEmpty()) {
      return new Route(Endpoint.MODEL, model, version);
    }
    if (rest.size() == 1 && rest.getFirst().equals("ready")) {
      return new Route(Endpoint.MODEL_READY, model, version);
    }
    if (rest.size() == 1 && rest.getFirst().equals("infer")) {
      return new Route(Endpoint.INFER, model, version);
    }
    return of(Endpoint.OTHER);
  }
}
