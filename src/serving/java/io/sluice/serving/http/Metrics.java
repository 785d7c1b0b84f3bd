package io.sluice.serving.http;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.sluice.core.serving.FollowStatus;
import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.ServedVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * What a service counts, in Prometheus' text form. Labels are few, and none comes from a caller.
 */
final class Metrics {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Counter requests =
      Counter.builder()
          .name("sluice_serving_requests_total")
          .help("Requests by endpoint and status.")
          .labelNames("endpoint", "status")
          .register(registry);
  private final Histogram seconds =
      Histogram.builder()
          .name("sluice_serving_request_seconds")
          .help("Seconds from a request's first byte to the end of its answer.")
          .labelNames("endpoint")
          .classicOnly()
          .classicUpperBounds(
              0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
          .register(registry);
  private final Counter rows =
      Counter.builder()
          .name("sluice_serving_rows_total")
          .help("Windows or rows predicted.")
          .register(registry);
  private final Counter review =
      Counter.builder()
          .name("sluice_serving_needs_review_total")
          .help("Requests whose answer said that a person should look.")
          .register(registry);

  Metrics(
      Admission admission,
      Supplier<Optional<ServedVersion>> served,
      Supplier<FollowStatus> following,
      Supplier<Ledger.State> ledger,
      AccessLog log) {
    gauge("sluice_serving_running", "Requests that are computed now.", admission::running);
    gauge("sluice_serving_waiting", "Requests that wait for a worker.", admission::waiting);
    gauge("sluice_serving_waiting_bytes", "Bytes of their bodies.", admission::waitingBytes);
    gauge(
        "sluice_serving_version",
        "The version that answers; 0 for none.",
        () -> served.get().map(ServedVersion::version).orElse(0));
    gauge(
        "sluice_serving_log_entry",
        "The log entry behind it; 0 for none.",
        () -> served.get().map(ServedVersion::entry).orElse(0L));
    GaugeWithCallback.builder()
        .name("sluice_serving_following")
        .help("1 for the state in which following the promotion log is.")
        .labelNames("state")
        .callback(out -> {
          FollowStatus.State now = following.get().state();
          for (FollowStatus.State state : FollowStatus.State.values()) {
            out.call(state == now ? 1 : 0, state.word());
          }
        })
        .register(registry);
    gauge(
        "sluice_serving_ledger_degraded",
        "1 while the ledger cannot be written.",
        () -> ledger.get().degraded().isPresent() ? 1 : 0);
    gauge(
        "sluice_serving_ledger_waiting",
        "Predictions that wait to be written.",
        () -> ledger.get().waiting());
    gauge(
        "sluice_serving_ledger_waiting_bytes",
        "About how much memory they take.",
        () -> ledger.get().waitingBytes());
    gauge(
        "sluice_serving_ledger_written",
        "Predictions that this process wrote.",
        () -> ledger.get().written());
    gauge(
        "sluice_serving_ledger_dropped",
        "Predictions that were answered and not kept.",
        () -> ledger.get().dropped());
    gauge(
        "sluice_serving_ledger_refused",
        "Requests refused because their prediction could not be kept.",
        () -> ledger.get().refused());
    gauge(
        "sluice_serving_access_log_lost",
        "Lines of the access log that could not be written.",
        log::lost);
  }

  private void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(out -> out.call(value.getAsDouble()))
        .register(registry);
  }

  /** Counts a request that is over. */
  void count(String endpoint, int status, double took) {
    requests.labelValues(endpoint, Integer.toString(status)).inc();
    seconds.labelValues(endpoint).observe(took);
  }

  void predicted(int count, boolean needsReview) {
    rows.inc(count);
    if (needsReview) {
      review.inc();
    }
  }

  byte[] text() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(4096);
    try {
      PrometheusTextFormatWriter.create().write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written", e);
    }
    return out.toByteArray();
  }
}
