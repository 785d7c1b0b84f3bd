package io.sluice.serving.follow;

import io.sluice.core.serving.ServedVersion;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A loaded model and how many hold it: the service while it is in front, and every call inside. Who
 * lets go last closes it. Nobody waits for a lock on the way in or out.
 *
 * @param <T> the loaded model
 */
final class Held<T> {
  private final T model;
  private final ServedVersion version;
  private final AtomicInteger holds = new AtomicInteger(1);
  private final Consumer<Held<T>> last;

  /**
   * Held once, by the service.
   *
   * @param last called when the last holder lets go
   */
  Held(T model, ServedVersion version, Consumer<Held<T>> last) {
    this.model = model;
    this.version = version;
    this.last = last;
  }

  T model() {
    return model;
  }

  ServedVersion version() {
    return version;
  }

  /** Takes hold, unless everybody has let go. */
  boolean retain() {
    for (int seen = holds.get(); seen > 0; seen = holds.get()) {
      if (holds.compareAndSet(seen, seen + 1)) {
        return true;
      }
    }
    return false;
  }

  void release() {
    if (holds.decrementAndGet() == 0) {
      last.accept(this);
    }
  }

  /** How many hold it now. */
  int holds() {
    return holds.get();
  }
}
