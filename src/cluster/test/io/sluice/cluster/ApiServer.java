package io.sluice.cluster;

import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.MappingBuilder;
import com.github.tomakehurst.wiremock.matching.RequestPatternBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;

/**
 * An API server of recorded answers and of faults. It takes no web sockets, so watches go over
 * plain HTTP, as they do behind proxies that refuse web sockets.
 */
final class ApiServer implements AutoCloseable {
  static final String NAMESPACE = "n";
  private final WireMockServer server =
      new WireMockServer(options().dynamicPort().bindAddress("127.0.0.1"));

  ApiServer() {
    server.start();
  }

  void stubFor(MappingBuilder mapping) {
    var unused = server.stubFor(mapping);
  }

  /** How many requests like this one came so far. */
  int count(RequestPatternBuilder pattern) {
    return server.findAll(pattern).size();
  }

  /** A client of it that asks again almost at once where it asks again at all. */
  Cluster cluster() {
    return cluster(0);
  }

  Cluster cluster(int retries) {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl("http://127.0.0.1:" + server.port() + "/")
            .withRequestRetryBackoffLimit(retries)
            .withRequestRetryBackoffInterval(10)
            .withWatchReconnectInterval(10)
            .withOnlyHttpWatches(true)
            .build();
    return Cluster.of(config, NAMESPACE, new JdkHttpClientFactory());
  }

  @Override
  public void close() {
    server.stop();
  }
}
