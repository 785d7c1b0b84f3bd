package io.sluice.worker;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.diag.Brief;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DiagnosticRenderer;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.RecordedEnvironment;
import io.sluice.worker.command.WorkerContext;
import io.sluice.worker.source.Receive;
import io.sluice.worker.step.Evaluate;
import io.sluice.worker.step.Fetch;
import io.sluice.worker.step.GateStep;
import io.sluice.worker.step.Promote;
import io.sluice.worker.step.RecordStage;
import io.sluice.worker.step.Register;
import io.sluice.worker.step.Resolve;
import io.sluice.worker.step.Split;
import io.sluice.worker.step.StoreOutputs;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The program {@code sluice-worker}: the commands that the steps of a stage run. It reads argv,
 * environment variables and folders, and nothing of its process, so that the local runner calls it
 * in process and a pod by {@link WorkerMain} with the same outcome. Thread-safe when its factories
 * are.
 *
 * <p>The commands are idempotent: a step that was killed and starts again ends as if it had run
 * once.
 */
public final class Worker {
  /** Characters of a foreign message that are worth a reader's time. */
  private static final int MAX_MESSAGE_CHARS = 500;

  private final Clock clock;
  private final WorkerContext.Stores stores;
  private final WorkerContext.Registries registries;
  private final WorkerContext.Environments environments;

  /** A worker where images are pulled: a recorded environment is its recorded image. */
  public Worker(Clock clock, WorkerContext.Stores stores, WorkerContext.Registries registries) {
    this(clock, stores, registries, (recorded, messages) -> pulled(recorded));
  }

  /** A worker that has another way to recorded environments. */
  public Worker(
      Clock clock,
      WorkerContext.Stores stores,
      WorkerContext.Registries registries,
      WorkerContext.Environments environments) {
    this.clock = clock;
    this.stores = stores;
    this.registries = registries;
    this.environments = environments;
  }

  private static String pulled(RecordedEnvironment recorded) {
    if (recorded.image().startsWith(RecordedEnvironment.LOCAL)) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-6312",
              "the champion predicts by a command in the environment "
                  + recorded.name()
                  + ", which was built on a single machine: there is no image of it to pull",
              "run on such a machine, or roll back to a version that was trained on a cluster"));
    }
    return recorded.image();
  }

  /**
   * Runs one command: {@code argv} is its name and its arguments. Every failure is a diagnostic on
   * {@code err}, with a stack trace only when {@code SLUICE_DEBUG} is set in {@code env}.
   *
   * @return the exit status: of the user's command for {@code store}, else an {@link ExitCode}
   * @throws InterruptedException when the thread was interrupted while it read or wrote
   */
  public int run(
      List<String> argv, Map<String, String> env, Path cwd, PrintStream out, PrintStream err)
      throws InterruptedException {
    return run(argv, env, cwd, InputStream.nullInputStream(), out, err);
  }

  /**
   * As {@link #run(List, Map, Path, PrintStream, PrintStream)}, for {@code receive}, which reads
   * what it is sent.
   */
  public int run(
      List<String> argv,
      Map<String, String> env,
      Path cwd,
      InputStream in,
      PrintStream out,
      PrintStream err)
      throws InterruptedException {
    try {
      return dispatch(
          argv,
          new WorkerContext(
              clock, stores, registries, environments, Map.copyOf(env), cwd, in, out));
    } catch (SluiceException e) {
      e.diagnostics().forEach(d -> print(err, d));
      return e.exitCode().code();
    } catch (ArtifactStore.CorruptBlobException e) {
      print(
          err,
          Diagnostic.of(
              "SLU-4001",
              e.getMessage() + ": it was moved aside",
              "run again: the stage that made it will run instead of being a cache hit"));
      return ExitCode.RUN_FAILED.code();
    } catch (IOException e) {
      return unreadable(e, argv, env, err);
    } catch (UncheckedIOException e) {
      return unreadable(
          Objects.requireNonNullElse(e.getCause(), new IOException(e)), argv, env, err);
    } catch (RuntimeException e) {
      // a worker reads only what a worker wrote: any other failure is damage or a bug of ours
      print(
          err,
          Diagnostic.of(
              "SLU-4060",
              said(e),
              "a record or resolved.json in the store is not as a worker writes it, or this is a"
                  + " bug in Sluice: look with `sluice doctor`, and report what SLUICE_DEBUG=1"
                  + " prints"));
      trace(e, env, err);
      return ExitCode.RUN_FAILED.code();
    }
  }

  private static int unreadable(
      IOException e, List<String> argv, Map<String, String> env, PrintStream err)
      throws InterruptedException {
    if (e instanceof ClosedByInterruptException) {
      Thread.interrupted();
      var interrupted = new InterruptedException(argv.getFirst() + " was interrupted");
      interrupted.initCause(e);
      throw interrupted;
    }
    if (e instanceof ArtifactStore.MissingBlobException) {
      print(
          err,
          Diagnostic.of(
              "SLU-4004",
              argv.getFirst() + " needs something that the run refers to: " + said(e.getMessage()),
              "was the store cleaned up or replaced since a stage wrote it? Start the run again"
                  + " under another id: it makes what is missing anew"));
      return ExitCode.RUN_FAILED.code();
    }
    print(
        err,
        Diagnostic.of(
            "SLU-4002", said(e), "look at the store's folder: is it there, whole and writable?"));
    trace(e, env, err);
    return ExitCode.RUN_FAILED.code();
  }

  /** Class and message on one line: messages quote files that anybody may have written. */
  private static String said(Exception e) {
    String kind = e.getClass().getSimpleName();
    if (e.getMessage() == null) {
      return kind;
    }
    return kind + ": " + said(e.getMessage());
  }

  private static String said(@Nullable String text) {
    return Brief.line(Objects.requireNonNullElse(text, ""), MAX_MESSAGE_CHARS);
  }

  private static void trace(Exception e, Map<String, String> env, PrintStream err) {
    if (!env.getOrDefault("SLUICE_DEBUG", "").isEmpty()) {
      e.printStackTrace(err);
    }
  }

  private int dispatch(List<String> argv, WorkerContext context)
      throws IOException, InterruptedException {
    if (argv.isEmpty()) {
      throw Arguments.wrong("no command");
    }
    List<String> rest = argv.subList(1, argv.size());
    return switch (argv.getFirst()) {
      case "fetch" -> Fetch.run(context, rest);
      case "store" -> StoreOutputs.run(context, rest);
      case "resolve" -> Resolve.run(context, rest);
      case "split" -> Split.run(context, rest);
      case "evaluate" -> Evaluate.run(context, rest);
      case "gate" -> GateStep.run(context, rest);
      case "register" -> Register.run(context, rest);
      case "promote" -> Promote.run(context, rest);
      case "record" -> RecordStage.run(context, rest);
      case "receive" -> Receive.run(context, rest);
      default -> throw Arguments.wrong("unknown command " + argv.getFirst());
    };
  }

  private static void print(PrintStream err, Diagnostic d) {
    err.print(DiagnosticRenderer.plain().render(List.of(d)));
  }
}
