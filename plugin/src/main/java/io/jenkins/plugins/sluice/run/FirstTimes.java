package io.jenkins.plugins.sluice.run;

import io.sluice.core.run.RunId;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** When something was first seen of executions. Lost with a restart: then it is seen anew. */
final class FirstTimes {
  private final Duration grace;
  private final Map<RunId, Instant> first = new ConcurrentHashMap<>();

  /**
   * Nothing was seen yet.
   *
   * @param grace after which the first time is long ago
   */
  FirstTimes(Duration grace) {
    this.grace = grace;
  }

  /** Keeps the first time. */
  void note(RunId execution, Instant now) {
    first.putIfAbsent(execution, now);
  }

  boolean has(RunId execution) {
    return first.containsKey(execution);
  }

  /** Whether it was first seen, and that long ago. */
  boolean isLongAgo(RunId execution, Instant now) {
    @Nullable Instant then = first.get(execution);
    return then != null && !now.isBefore(then.plus(grace));
  }

  void forget(RunId execution) {
    first.remove(execution);
  }

  /** Forgets all others. */
  void retain(Collection<RunId> executions) {
    first.keySet().retainAll(executions);
  }
}
