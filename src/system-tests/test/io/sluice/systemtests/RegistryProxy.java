package io.sluice.systemtests;

import io.sluice.mlflow.FaultProxy;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/** A {@link FaultProxy} before a real MLflow that fails for good from a certain request on. */
final class RegistryProxy implements AutoCloseable {
  /** How it behaves once it is broken. */
  enum Fault {
    /** Accepts requests and never answers. */
    HANGS(FaultProxy.HANG),
    /** Hangs up before the server sees the request. */
    HANGS_UP(FaultProxy.CUT_BEFORE),
    /** Answers 503. */
    FAILS(FaultProxy.answer(503, "text/html", "try later")),
    /** Answers 200 with what is not JSON. */
    TALKS_GARBAGE(FaultProxy.answer(200, "application/json", "{\u0000\u0001"));

    private final FaultProxy.Fault fault;

    Fault(FaultProxy.Fault fault) {
      this.fault = fault;
    }
  }

  private final FaultProxy proxy;
  private final AtomicBoolean broken;

  private RegistryProxy(FaultProxy proxy, AtomicBoolean broken) {
    this.proxy = proxy;
    this.broken = broken;
  }

  /** Passes everything on, each request this much later. */
  static RegistryProxy late(String registry, Duration delay) {
    FaultProxy.Fault late = new FaultProxy.Fault.Late(delay);
    return new RegistryProxy(
        new FaultProxy(URI.create(registry), request -> late), new AtomicBoolean());
  }

  /** Passes everything on until the first request of a kind; that and all later ones fail. */
  static RegistryProxy broken(String registry, Fault fault, Predicate<FaultProxy.Request> from) {
    AtomicBoolean broken = new AtomicBoolean();
    FaultProxy proxy =
        new FaultProxy(
            URI.create(registry),
            request -> {
              if (from.test(request)) {
                broken.set(true);
              }
              return broken.get() ? fault.fault : FaultProxy.NONE;
            });
    return new RegistryProxy(proxy, broken);
  }

  String uri() {
    return proxy.uri().toString();
  }

  /** The credentials that came with requests, each once; empty for those without. */
  Set<String> authorizations() {
    return proxy.authorizations();
  }

  /** Whether the request that it was to break at came. */
  boolean isBroken() {
    return broken.get();
  }

  @Override
  public void close() {
    proxy.close();
  }
}
