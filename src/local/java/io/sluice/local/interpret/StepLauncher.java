package io.sluice.local.interpret;

import io.sluice.core.diag.Diagnostic;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** What runs a step once it is known what it says; the interpreter knows no processes. */
public interface StepLauncher {

  /**
   * A container's command, all variables expanded.
   *
   * @param image as the task says, expanded
   * @param argv program and arguments
   * @param environment the declared variables in order; the launcher adds what the image would have
   * @param home a folder of its own for {@code HOME} and {@code TMPDIR} unless declared
   * @param workingDirectory exists
   * @param memory how many bytes it may hold with all that it starts
   */
  record Call(
      String image,
      List<String> argv,
      Map<String, String> environment,
      Path home,
      Path workingDirectory,
      OptionalLong memory) {
    public Call {
      argv = List.copyOf(argv);
      environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    }
  }

  /** A step that was started. */
  interface RunningStep {
    /** Waits for the end at most this long; the exit code, or empty when it still runs. */
    OptionalInt await(Duration limit) throws InterruptedException;

    /**
     * Ends it: asks, and after the grace period insists. Returns when it is gone. Interrupts do not
     * shorten it beyond the grace period; the flag stays set.
     */
    void stop(Duration grace);

    /** Whether it was killed because it held more memory than it may. */
    boolean isOutOfMemory();
  }

  /** Why a limit of memory does not hold for steps of an image; empty where it does. */
  Optional<String> unlimited(String image);

  /**
   * Whether such a step can run here, asked before anything starts.
   *
   * @param program first word of the command; {@code /bin/sh} for scripts without an interpreter
   * @param surely whether it will run; one that depends on a step before it may have the worker's
   *     image because nothing is there to run
   * @return the reason why not
   */
  Optional<Diagnostic> refusal(String where, String image, String program, boolean surely);

  /** Starts it; {@code lines} gets its output from another thread, one line at a time. */
  RunningStep launch(Call call, Consumer<String> lines) throws IOException;
}
