package io.sluice.local;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DiagnosticRenderer;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.run.LineCutter;
import io.sluice.local.interpret.StepLauncher;
import io.sluice.local.process.SupervisedProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Where steps run on this machine: a process in an environment, or the worker in this JVM. */
final class MachineLauncher implements StepLauncher {
  private static final String WORKER = "sluice-worker";

  private final LocalRunner.Setting setting;

  MachineLauncher(LocalRunner.Setting setting) {
    this.setting = setting;
  }

  @Override
  public Optional<Diagnostic> refusal(String where, String image, String program, boolean surely) {
    if (setting.workerImages().contains(image)) {
      return Path.of(program).endsWith(WORKER) || !surely
          ? Optional.empty()
          : Optional.of(
              Diagnostic.of(
                  "SLU-3001",
                  where
                      + " runs "
                      + program
                      + " in the worker's image, which here is only "
                      + WORKER,
                  "run it in an image that is bound to an environment"));
    }
    if (setting.environments().find(image).isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        Diagnostic.of(
            "SLU-3001",
            where
                + " runs in image "
                + (image.isEmpty() ? "(none)" : image)
                + ", which is bound to no environment on this machine (bound: "
                + String.join(", ", setting.environments().images())
                + ")",
            "add an environment with this image to the spec, or run on a cluster"));
  }

  @Override
  public RunningStep launch(Call call, Consumer<String> lines) throws IOException {
    Optional<Environment> environment = setting.environments().find(call.image());
    return setting.workerImages().contains(call.image()) || environment.isEmpty()
        ? inProcess(call, lines)
        : process(call, environment.get(), lines);
  }

  private static RunningStep process(Call call, Environment environment, Consumer<String> lines)
      throws IOException {
    Map<String, String> variables = new TreeMap<>(environment.variables());
    home(call, variables);
    variables.putAll(call.environment());
    SupervisedProcess process =
        SupervisedProcess.start(
            new SupervisedProcess.Command(
                environment.argv(call.argv()),
                variables,
                call.workingDirectory(),
                SupervisedProcess.canLimitMemory() ? call.memory() : OptionalLong.empty()),
            lines);
    return new RunningStep() {
      @Override
      public OptionalInt await(Duration limit) throws InterruptedException {
        return process.await(limit) ? OptionalInt.of(process.await()) : OptionalInt.empty();
      }

      @Override
      public void stop(Duration grace) {
        process.stop(grace);
      }

      @Override
      public boolean isOutOfMemory() {
        return process.isOutOfMemory();
      }
    };
  }

  @Override
  public Optional<String> unlimited(String image) {
    if (setting.workerImages().contains(image)) {
      return Optional.of(
          "Sluice's own steps share one Java process, which may use "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MiB for Java objects (SLUICE_JAVA_OPTIONS=-Xmx4g changes that)");
    }
    return SupervisedProcess.canLimitMemory()
        ? Optional.empty()
        : Optional.of("its /proc does not tell how much memory a process holds");
  }

  private RunningStep inProcess(Call call, Consumer<String> lines) {
    Map<String, String> variables = new TreeMap<>();
    variables.put("LANG", "C.UTF-8");
    home(call, variables);
    variables.putAll(call.environment());
    // What this machine says about the registry wins: the objects are the same everywhere.
    variables.putAll(setting.registryVariables());
    List<String> argv = call.argv().subList(1, call.argv().size());
    CompletableFuture<Integer> exit = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name(String.join(" ", call.argv().subList(0, Math.min(2, call.argv().size()))))
            .start(() -> {
              // One cutter each: half a line of one stream is not continued by the other.
              try (PrintStream out = stream(lines);
                  PrintStream err = stream(lines)) {
                exit.complete(worker(argv, variables, call.workingDirectory(), out, err));
              }
            });
    return new WorkerThread(thread, exit);
  }

  private int worker(
      List<String> argv,
      Map<String, String> variables,
      Path workingDirectory,
      PrintStream out,
      PrintStream err) {
    int code;
    try {
      code = setting.worker().run(argv, Map.copyOf(variables), workingDirectory, out, err);
    } catch (InterruptedException e) {
      code = 143;
    } catch (OutOfMemoryError e) {
      // What the command held is garbage by now: the run can still be recorded.
      err.print(DiagnosticRenderer.plain().render(List.of(outOfMemory(argv, e))));
      code = ExitCode.RUN_FAILED.code();
    } catch (RuntimeException | Error e) {
      // As a process that dies of an uncaught exception: trace on its output, exit code 1.
      e.printStackTrace(err);
      code = 1;
    }
    // Before the exit code is known, as a process's last output is.
    out.close();
    err.close();
    return code;
  }

  private static Diagnostic outOfMemory(List<String> argv, OutOfMemoryError e) {
    return Diagnostic.of(
        "SLU-3301",
        argv.getFirst()
            + " ran out of memory: "
            + e.getMessage()
            + "; this process may use "
            + (Runtime.getRuntime().maxMemory() >> 20)
            + " MiB for Java objects",
        "give it more, for example SLUICE_JAVA_OPTIONS=-Xmx4g, or write smaller tables");
  }

  private static PrintStream stream(Consumer<String> lines) {
    OutputStream cutter = new LineCutter(lines);
    return new PrintStream(cutter, true, StandardCharsets.UTF_8);
  }

  private static void home(Call call, Map<String, String> variables) {
    variables.put("HOME", call.home().toString());
    variables.put("TMPDIR", call.home().toString());
  }

  /** A worker command in a thread; a thread can be asked to end, but not made to. */
  private record WorkerThread(Thread thread, CompletableFuture<Integer> exit)
      implements RunningStep {
    @Override
    public boolean isOutOfMemory() {
      return false; // its memory is this process's
    }

    @Override
    public OptionalInt await(Duration limit) throws InterruptedException {
      try {
        return OptionalInt.of(exit.get(limit.toNanos(), TimeUnit.NANOSECONDS));
      } catch (TimeoutException e) {
        return OptionalInt.empty();
      } catch (ExecutionException e) {
        throw new IllegalStateException("never completed exceptionally", e);
      }
    }

    @Override
    public void stop(Duration grace) {
      thread.interrupt();
      boolean interrupted = false;
      long end = System.nanoTime() + grace.toNanos();
      while (thread.isAlive() && end - System.nanoTime() > 0) {
        try {
          thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
