package io.sluice.serving.http;

import io.sluice.serving.predict.Problem;
import java.net.URI;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/**
 * Keeps web pages of others away from a service without tokens: a browser on this machine could
 * else be made to ask it, by a page's script or by a name that leads to this machine.
 */
final class OwnHost {
  private OwnHost() {}

  static void require(Request request) {
    String host = request.getHeaders().get(HttpHeader.HOST);
    if (host != null && !isLoopback(name(host))) {
      throw Problem.at(
          "Host",
          421,
          "SLU-9227",
          "a service without tokens answers on this machine's own names alone",
          "ask 127.0.0.1 or localhost, or start the service with tokens");
    }
    String origin = request.getHeaders().get(HttpHeader.ORIGIN);
    if (origin != null && !isSame(origin, Optional.ofNullable(host))) {
      throw Problem.at(
          "Origin",
          403,
          "SLU-9227",
          "a page of another site asks a service without tokens",
          "start the service with tokens");
    }
  }

  private static boolean isSame(String origin, Optional<String> host) {
    try {
      return host.filter(h -> h.equals(URI.create(origin).getRawAuthority())).isPresent();
    } catch (IllegalArgumentException e) {
      return false; // not an address: `null`, as a page from a file says
    }
  }

  private static String name(String host) {
    int end = host.startsWith("[") ? host.indexOf(']') + 1 : host.indexOf(':');
    return end <= 0 ? host : host.substring(0, end);
  }

  static boolean isLoopback(String name) {
    return name.equalsIgnoreCase("localhost")
        || name.equals("[::1]")
        || name.equals("::1")
        || name.matches("127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}");
  }
}
