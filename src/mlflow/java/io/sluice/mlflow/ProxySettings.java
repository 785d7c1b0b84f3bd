package io.sluice.mlflow;

import io.sluice.mlflow.MlflowConfig.Secret;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxy through which a registry is reached, by the variables and rules of requests, the HTTP
 * library of MLflow's own client: {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and
 * {@code NO_PROXY}, each in lower case first.
 *
 * @param variable that names it
 * @param authorization value of the header Proxy-Authorization
 */
record ProxySettings(String variable, String host, int port, Optional<Secret> authorization) {

  /** The proxy for a server; empty where it is reached directly. */
  static Optional<ProxySettings> of(URI server, Map<String, String> environment) {
    String scheme = server.getScheme();
    for (String name : List.of(scheme + "_proxy", "all_proxy")) {
      Optional<Setting> setting = setting(environment, name);
      if (setting.isPresent() && !bypassed(server, environment)) {
        return Optional.of(parse(setting.get()));
      }
    }
    return Optional.empty();
  }

  private record Setting(String variable, String value) {}

  private static Optional<Setting> setting(Map<String, String> environment, String lower) {
    String upper = lower.toUpperCase(Locale.ROOT);
    String name = environment.containsKey(lower) ? lower : upper;
    String value = environment.getOrDefault(name, "").strip();
    return value.isEmpty() ? Optional.empty() : Optional.of(new Setting(name, value));
  }

  private static ProxySettings parse(Setting setting) {
    URI uri;
    try {
      uri =
          new URI(setting.value().contains("://") ? setting.value() : "http://" + setting.value());
    } catch (URISyntaxException e) {
      throw refused(setting, "is not the address of a proxy"); // a password may stand in it
    }
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (!scheme.equals("http")) {
      throw refused(setting, "names a proxy that is spoken to by " + scheme + ":");
    }
    if (uri.getHost() == null) {
      throw refused(setting, "names no host");
    }
    return new ProxySettings(
        setting.variable(),
        uri.getHost(),
        uri.getPort() < 0 ? 80 : uri.getPort(),
        Optional.ofNullable(uri.getRawUserInfo()).map(ProxySettings::basic));
  }

  private static Secret basic(String user) {
    String plain = URLDecoder.decode(user.replace("+", "%2B"), StandardCharsets.UTF_8);
    return new Secret(
        "Basic " + Base64.getEncoder().encodeToString(plain.getBytes(StandardCharsets.UTF_8)));
  }

  private static RuntimeException refused(Setting setting, String what) {
    return MlflowConfig.refused(
        setting.variable() + " " + what,
        "Give http://host:port, or name the registry's host in NO_PROXY.");
  }

  /** Whether {@code NO_PROXY} names the server: a host, the end of one, an address, a network. */
  static boolean bypassed(URI server, Map<String, String> environment) {
    Optional<Setting> none = setting(environment, "no_proxy");
    if (none.isEmpty()) {
      return false;
    }
    String host = server.getHost().toLowerCase(Locale.ROOT);
    String hostAndPort = server.getPort() < 0 ? host : host + ":" + server.getPort();
    for (String part : List.of(none.get().value().split(","))) {
      String entry = part.strip().toLowerCase(Locale.ROOT);
      if (entry.isEmpty()) {
        continue;
      }
      boolean meant =
          entry.equals("*")
              || (isIpv4(host)
                  ? entry.equals(host) || entry.equals(hostAndPort) || inNetwork(host, entry)
                  : host.endsWith(entry) || hostAndPort.endsWith(entry));
      String domain = entry.replaceFirst("^\\.+", "");
      if (meant || isOrEndsIn(host, domain) || isOrEndsIn(hostAndPort, domain)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOrEndsIn(String host, String domain) {
    return host.equals(domain) || host.endsWith("." + domain);
  }

  private static boolean isIpv4(String host) {
    return host.matches("\\d{1,3}(\\.\\d{1,3}){3}");
  }

  private static boolean inNetwork(String address, String network) {
    int slash = network.indexOf('/');
    if (slash < 0
        || !isIpv4(network.substring(0, slash))
        || !network.substring(slash + 1).matches("\\d{1,2}")) {
      return false;
    }
    int bits = Integer.parseInt(network.substring(slash + 1));
    if (bits < 1 || bits > 32) {
      return false;
    }
    long mask = 0xffffffffL << (32 - bits) & 0xffffffffL;
    return (number(address) & mask) == (number(network.substring(0, slash)) & mask);
  }

  private static long number(String address) {
    long all = 0;
    for (String part : List.of(address.split("\\."))) {
      all = all << 8 | Integer.parseInt(part);
    }
    return all;
  }

  /** For messages; without its password. */
  String shown() {
    return "the proxy " + host + ":" + port + " that " + variable + " names";
  }

  /** Sends everything through the proxy. */
  ProxySelector selector() {
    Proxy proxy = new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(host, port));
    return new ProxySelector() {
      @Override
      public List<Proxy> select(URI uri) {
        return new ArrayList<>(List.of(proxy));
      }

      @Override
      public void connectFailed(URI uri, SocketAddress address, IOException cause) {
        // The call fails with the same cause.
      }
    };
  }
}
