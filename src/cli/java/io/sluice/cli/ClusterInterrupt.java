package io.sluice.cli;

import io.sluice.core.diag.SluiceException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C for a run on a cluster: the first one cancels the run, the second one stops following it.
 * Until there is a run to cancel, the first one ends the command.
 *
 * <p>By a signal handler, because the JVM is on its way down once its shutdown hooks run, and a
 * second Ctrl-C then does nothing. {@code sun.misc.Signal} is supported by every JDK but cannot be
 * named without a warning; where there is none, Ctrl-C leaves the run at once.
 */
final class ClusterInterrupt implements AutoCloseable {
  private final Thread worker = Thread.currentThread();
  private final String[] signals = {"INT", "TERM"};
  private final @Nullable Object[] before = new @Nullable Object[signals.length];
  private @Nullable Runnable cancel;
  private boolean asked;
  private boolean left;
  private @Nullable SluiceException failure;

  private ClusterInterrupt() {}

  static ClusterInterrupt open() {
    ClusterInterrupt interrupt = new ClusterInterrupt();
    for (int i = 0; i < interrupt.signals.length; i++) {
      interrupt.before[i] = handle(interrupt.signals[i], interrupt::came);
    }
    return interrupt;
  }

  /** Sets the action by which the first Ctrl-C cancels the run. */
  synchronized void cancelBy(Runnable action) {
    cancel = action;
  }

  /** Whether there is a run that can be cancelled. */
  synchronized boolean hasRun() {
    return cancel != null;
  }

  /** Whether the run was cancelled. */
  synchronized boolean asked() {
    return asked;
  }

  private void came() {
    Runnable action;
    synchronized (this) {
      action = cancel;
      if (asked || action == null) {
        left = true;
        worker.interrupt();
        return;
      }
      asked = true;
    }
    // Not in the signal's thread: a cluster may take its time to answer.
    Thread.ofVirtual().name("cancel").start(() -> ask(action));
  }

  /** A run that cannot be asked to end is left, with the reason. */
  private void ask(Runnable action) {
    try {
      action.run();
    } catch (SluiceException e) {
      synchronized (this) {
        failure = e;
      }
      worker.interrupt();
    }
  }

  /** Why the run could not be asked to end; empty when it could, or nobody tried. */
  synchronized Optional<SluiceException> failure() {
    return Optional.ofNullable(failure);
  }

  /** Whether the user stopped following the run. */
  synchronized boolean left() {
    return left;
  }

  /** Installs a handler; returns the one before, or null where the JVM has no signals. */
  private static @Nullable Object handle(String signal, Runnable action) {
    try {
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      MethodHandle run =
          MethodHandles.lookup()
              .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
              .bindTo(action);
      Object proxy =
          MethodHandleProxies.asInterfaceInstance(
              handler, MethodHandles.dropArguments(run, 0, Class.forName("sun.misc.Signal")));
      return install(signal, handler, proxy);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable Object install(String signal, Class<?> handler, Object how)
      throws ReflectiveOperationException {
    Class<?> type = Class.forName("sun.misc.Signal");
    Method handle = type.getMethod("handle", type, handler);
    try {
      return handle.invoke(null, type.getConstructor(String.class).newInstance(signal), how);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException("the JVM keeps signal " + signal + " to itself", e);
    }
  }

  @Override
  public void close() {
    for (int i = 0; i < signals.length; i++) {
      Object handler = before[i];
      if (handler != null) {
        try {
          install(signals[i], Class.forName("sun.misc.SignalHandler"), handler);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
          return; // It was installed before: the JVM has such a thing.
        }
      }
    }
  }
}
