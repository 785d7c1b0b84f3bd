package io.sluice.local.interpret;

import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.local.files.Folders;
import io.sluice.tekton.PipelineRunner;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import io.sluice.tekton.TaskWords;
import io.sluice.tekton.lower.SelfContained;
import io.sluice.tekton.v1.OnError;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineResult;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineRunSpec;
import io.sluice.tekton.v1.Quantity;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.WorkspaceReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of a pipeline: starts tasks when what they wait for has ended, side by side up to a
 * bound, then the {@code finally} tasks. One thread decides, one per running task waits.
 *
 * <p>As in Tekton: a failed task keeps new ones from starting but lets running ones end; a task
 * whose {@code when} says no is skipped together with those that take its results, while those that
 * are merely ordered after it run; a result that a task which ran did not give ends the run.
 */
public final class Execution implements PipelineRunner.Running {
  /** Tekton's default for runs and tasks that say nothing. */
  private static final Duration DEFAULT_TIMEOUT = Duration.ofHours(1);

  /**
   * The machine under a run.
   *
   * @param work the run's folder for attempts; emptied as they end
   * @param workspaces folders by the pipeline's names of workspaces
   * @param parallelism tasks that run side by side, at least 1
   * @param grace between asking a step to end and killing it
   * @param closed called once after the last event
   */
  public record Machine(
      StepLauncher launcher,
      Path work,
      Map<String, Path> workspaces,
      int parallelism,
      Duration grace,
      Clock clock,
      Runnable closed) {
    public Machine {
      if (parallelism < 1) {
        throw new IllegalArgumentException("no task could run");
      }
      workspaces = Map.copyOf(workspaces);
    }
  }

  private enum State {
    WAITING,
    RUNNING,
    ENDED
  }

  /** How one task stands; touched by the deciding thread only, once the run has begun. */
  private static final class Progress {
    final Graph.Node node;
    State state = State.WAITING;
    @Nullable Thread thread;
    TaskOutcome outcome = new TaskOutcome(StageStatus.SKIPPED, 0, false, Map.of(), "not reached");
    Map<String, ParamValue> results = Map.of();

    Progress(Graph.Node node) {
      this.node = node;
    }

    boolean ignoresErrors() {
      return node.use().onError().equals(Optional.of(OnError.CONTINUE));
    }

    RunOutcome.TaskEnd end() {
      return new RunOutcome.TaskEnd(
          node.name(), SelfContained.taskName(node.use()), ignoresErrors(), outcome);
    }

    boolean failed() {
      return state == State.ENDED
          && outcome.status() != StageStatus.SUCCEEDED
          && outcome.status() != StageStatus.SKIPPED;
    }
  }

  private sealed interface Message {
    record Ended(Progress task, TaskOutcome outcome, Map<String, ParamValue> results)
        implements Message {}

    record Cancel() implements Message {}
  }

  private final Machine machine;
  private final Graph graph;
  private final RunId run;
  private final Consumer<RunEvent> consumer;
  private final Map<String, Progress> tasks = new LinkedHashMap<>();
  private final List<Progress> last = new ArrayList<>();
  private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CompletableFuture<RunOutcome> end = new CompletableFuture<>();
  private final Object eventLock = new Object();
  private final UnlimitedMemory unlimited;
  private boolean muted;
  private volatile @Nullable RuntimeException consumerFailure;
  private volatile @Nullable RunOutcome outcome;

  /** Why no more tasks are started. */
  private @Nullable StageStatus stopping;

  private String reason = "";
  private boolean cancelled;
  private Deadline runDeadline = Deadline.NEVER;

  private Execution(Machine machine, Graph graph, RunId run, Consumer<RunEvent> consumer) {
    this.machine = machine;
    this.graph = graph;
    this.run = run;
    this.consumer = consumer;
    this.unlimited = new UnlimitedMemory(this::event, machine.clock());
    graph.tasks().forEach(n -> tasks.put(n.name().value(), new Progress(n)));
    graph.last().forEach(n -> last.add(new Progress(n)));
  }

  /** A run that was checked and can begin. */
  public interface Ready {
    PipelineRunner.Running begin(Machine machine, Consumer<RunEvent> events);
  }

  /**
   * Checks everything that can be known before a run.
   *
   * @param bound names of the pipeline's workspaces that this machine has folders for
   * @throws io.sluice.core.diag.SluiceException SLU-3001, 3002, 3004, 3005: all reasons at once
   */
  public static Ready check(
      RunId id,
      PipelineRun run,
      Pipeline pipeline,
      List<Task> catalog,
      java.util.function.Predicate<String> bound,
      StepLauncher launcher) {
    Graph graph = new Graph(run, pipeline, catalog, bound, launcher);
    return (machine, events) -> {
      Execution execution = new Execution(machine, graph, id, events);
      Thread.ofPlatform().daemon().name("run " + id).start(execution::decide);
      return execution;
    };
  }

  @Override
  public RunOutcome await() throws InterruptedException {
    ended.await();
    RuntimeException failure = consumerFailure;
    if (failure != null) {
      throw failure;
    }
    RunOutcome result = outcome;
    if (result == null) {
      throw new IllegalStateException("run " + run + " ended without an outcome");
    }
    return result;
  }

  @Override
  public CompletionStage<RunOutcome> end() {
    return end.minimalCompletionStage();
  }

  @Override
  public void cancel() {
    messages.add(new Message.Cancel());
  }

  private void decide() {
    try {
      List<StageName> stages =
          graph.all().stream()
              .filter(n -> n.use().matrix().isEmpty())
              .map(Graph.Node::name)
              .toList();
      event(new RunEvent.RunStarted(now(), run, stages));
      PipelineRunSpec.Timeouts timeouts =
          graph
              .run()
              .spec()
              .timeouts()
              .orElse(
                  new PipelineRunSpec.Timeouts(
                      Optional.empty(), Optional.empty(), Optional.empty()));
      Duration whole = timeouts.pipeline().orElse(DEFAULT_TIMEOUT);
      runDeadline = Deadline.in(whole);
      Deadline tasksDeadline =
          timeouts
              .tasks()
              .or(() -> timeouts.last().filter(l -> whole.compareTo(l) > 0).map(whole::minus))
              .map(Deadline::in)
              .orElse(Deadline.NEVER)
              .or(runDeadline);
      runAll(List.copyOf(tasks.values()), tasksDeadline, false);
      for (Progress task : tasks.values()) {
        if (task.state == State.WAITING) {
          skip(task, beforeItsTurn());
        }
      }
      StageStatus soFar = stopping == null ? StageStatus.SUCCEEDED : stopping;
      String why = reason;
      if (!runDeadline.isOver()) {
        stopping = null;
        runAll(
            last, timeouts.last().map(Deadline::in).orElse(Deadline.NEVER).or(runDeadline), true);
      }
      for (Progress task : last) {
        if (task.state == State.WAITING) {
          skip(task, beforeItsTurn());
        }
      }
      StageStatus status = soFar;
      if (soFar == StageStatus.SUCCEEDED) {
        status = stopping == null ? StageStatus.SUCCEEDED : stopping;
        why = reason;
      }
      finish(status, why);
    } catch (InterruptedException | RuntimeException e) {
      // Nobody interrupts this thread and nothing above throws by design: say what broke.
      finish(StageStatus.FAILED, "the runner broke: " + e);
      if (consumerFailure == null) {
        consumerFailure = new IllegalStateException("the runner broke", e);
      }
    } finally {
      machine.closed().run();
      ended.countDown();
      RuntimeException failure = consumerFailure;
      RunOutcome result = outcome;
      if (failure != null) {
        end.completeExceptionally(failure);
      } else if (result != null) {
        end.complete(result);
      } else {
        end.completeExceptionally(
            new IllegalStateException("run " + run + " ended without an outcome"));
      }
    }
  }

  private void finish(StageStatus status, String why) {
    List<RunOutcome.TaskEnd> ends =
        Stream.concat(tasks.values().stream(), last.stream()).map(Progress::end).toList();
    Map<String, String> results = pipelineResults();
    RunOutcome came = RunOutcome.of(status, ends, results, why);
    outcome = came;
    event(new RunEvent.RunFinished(now(), run, came.status(), results, came.reason()));
    synchronized (eventLock) {
      muted = true;
    }
  }

  /** Runs these until none can start any more and none is running. */
  private void runAll(List<Progress> all, Deadline deadline, boolean isLast)
      throws InterruptedException {
    int running = 0;
    while (true) {
      if (stopping == null && deadline.isOver()) {
        stop(StageStatus.TIMED_OUT, "the time for the run's tasks was over");
      }
      boolean changed = true;
      while (changed && stopping == null) {
        changed = false;
        for (Progress task : all) {
          if (task.state == State.WAITING && running < machine.parallelism() && isReady(task)) {
            changed = true;
            if (begin(task, deadline, isLast)) {
              running++;
            }
          }
          if (stopping != null) {
            break;
          }
        }
      }
      if (running == 0) {
        return;
      }
      Message message = messages.poll(deadline.left().toNanos(), TimeUnit.NANOSECONDS);
      // At the deadline each attempt ends by itself: it has the same one.
      if (message == null) {
        message = messages.take();
      }
      switch (message) {
        case Message.Ended end -> {
          running--;
          end(end, deadline.isOver());
        }
        case Message.Cancel cancel -> {
          boolean first = !cancelled;
          cancelled = true;
          if (isLast && first) {
            // Came when the tasks were over: `finally` is promised to run. A second one ends it.
            continue;
          }
          stop(StageStatus.CANCELLED, "cancelled");
          for (Progress task : all) {
            Thread thread = task.thread;
            if (task.state == State.RUNNING && thread != null) {
              thread.interrupt();
            }
          }
        }
      }
    }
  }

  private boolean isReady(Progress task) {
    for (String other : task.node.after()) {
      Progress before = tasks.get(other);
      if (before == null || before.state != State.ENDED) {
        return false;
      }
    }
    return true;
  }

  /** Starts a task or skips it; whether it is running now. */
  private boolean begin(Progress task, Deadline deadline, boolean isLast) {
    Optional<String> missing = missing(task, isLast);
    if (missing.isPresent()) {
      skip(task, missing.get());
      return false;
    }
    if (stopping != null) {
      return false;
    }
    Variables pipeline = scope(isLast);
    pipeline.put(
        "context.pipelineTask.retries", Integer.toString(task.node.use().retries().orElse(0)));
    Variables own;
    try {
      if (!Attempt.holds(task.node.use().when(), pipeline)) {
        skip(task, "its `when` says no");
        return false;
      }
      if (task.node.use().matrix().isPresent()) {
        // one with values was refused before the run
        skip(task, "its matrix has no values");
        return false;
      }
      own = parameters(task.node, pipeline);
    } catch (Variables.UnresolvedException e) {
      if (isLast) {
        skip(task, String.valueOf(e.getMessage()) + ", so it is not run");
      } else {
        task.state = State.ENDED;
        failed(task, String.valueOf(e.getMessage()));
      }
      return false;
    }
    task.state = State.RUNNING;
    task.thread =
        Thread.ofPlatform()
            .daemon()
            .name("task " + task.node.name())
            .start(() -> attempts(task, own, deadline));
    return true;
  }

  /** Why a task cannot have the results that it takes; ends the run where Tekton does. */
  private Optional<String> missing(Progress task, boolean isLast) {
    for (String text : producersOf(task)) {
      Progress producer = tasks.get(text);
      if (producer == null) {
        continue;
      }
      if (producer.state != State.ENDED || producer.outcome.status() == StageStatus.SKIPPED) {
        return Optional.of("it takes a result of " + text + ", which was skipped");
      }
    }
    if (isLast) {
      return Optional.empty();
    }
    for (String name : Variables.references(String.join("\n", textsOf(task)))) {
      String[] parts = name.split("\\.", 4);
      if (parts.length == 4 && parts[0].equals("tasks")) {
        Progress producer = tasks.get(parts[1]);
        if (producer != null && !producer.results.containsKey(parts[3])) {
          stop(
              StageStatus.FAILED,
              "task "
                  + task.node.name()
                  + " takes the result "
                  + parts[3]
                  + ", which "
                  + parts[1]
                  + " did not give");
        }
      }
    }
    return Optional.empty();
  }

  private static java.util.Set<String> producersOf(Progress task) {
    return task.node.producers();
  }

  private static List<String> textsOf(Progress task) {
    List<String> texts = new ArrayList<>();
    for (Param p : task.node.use().params()) {
      switch (p.value()) {
        case ParamValue.Text text -> texts.add(text.value());
        case ParamValue.Array array -> texts.addAll(array.values());
      }
    }
    task.node
        .use()
        .when()
        .forEach(w -> {
          texts.add(w.input());
          texts.addAll(w.values());
        });
    return texts;
  }

  /** What expressions of the pipeline see now. */
  private Variables scope(boolean isLast) {
    Variables scope = new Variables(graph.variables());
    boolean anyFailed = false;
    boolean anySkipped = false;
    for (Progress task : tasks.values()) {
      String name = "tasks." + task.node.name() + ".";
      put(task, scope);
      // As Tekton has it: one that the run continues without counts here too.
      anyFailed |= task.failed();
      anySkipped |= task.outcome.status() == StageStatus.SKIPPED;
      if (isLast) {
        boolean ran = task.state == State.ENDED && task.outcome.status() != StageStatus.SKIPPED;
        StageStatus status = ran ? task.outcome.status() : StageStatus.SKIPPED;
        scope.put(name + "status", TaskWords.status(status));
        scope.put(name + "reason", TaskWords.reason(status));
      }
    }
    if (isLast) {
      scope.put("tasks.status", anyFailed ? "Failed" : anySkipped ? "Completed" : "Succeeded");
    }
    for (var workspace : graph.spec().workspaces()) {
      scope.put(
          "workspaces." + workspace.name() + ".bound",
          Boolean.toString(
              machine.workspaces().containsKey(workspace.name()) || isEmptyDir(workspace.name())));
    }
    return scope;
  }

  private Variables parameters(Graph.Node node, Variables pipeline)
      throws Variables.UnresolvedException {
    // An embedded task sees the pipeline's parameters; one that is referred to does not.
    Variables own = new Variables(node.use().taskSpec().isPresent() ? pipeline : contexts());
    for (ParamSpec spec : node.task().params()) {
      if (spec.fallback().isPresent()) {
        Graph.put(own, "params." + spec.name(), Graph.substitute(spec.fallback().get(), pipeline));
      }
    }
    for (Param param : node.use().params()) {
      Graph.put(own, "params." + param.name(), Graph.substitute(param.value(), pipeline));
    }
    return own.put("context.task.name", node.taskName())
        .put("context.pipelineTask.retries", Integer.toString(node.use().retries().orElse(0)));
  }

  private Variables contexts() {
    Variables contexts = new Variables();
    for (String name : List.of("name", "namespace", "uid")) {
      contexts.put("context.pipelineRun." + name, given("$(context.pipelineRun." + name + ")"));
    }
    return contexts.put("context.pipeline.name", given("$(context.pipeline.name)"));
  }

  private String given(String reference) {
    try {
      return graph.variables().text(reference);
    } catch (Variables.UnresolvedException e) {
      throw new IllegalStateException("set when the graph was made", e);
    }
  }

  /** All attempts at one task, in its own thread. */
  private void attempts(Progress task, Variables parameters, Deadline phase) {
    Graph.Node node = task.node;
    int retries = node.use().retries().orElse(0);
    Attempt.Outcome outcome;
    int attempt = 0;
    while (true) {
      Instant begin = now();
      event(new RunEvent.StageStarted(begin, node.name(), attempt));
      outcome = attempt(node, attempt, parameters, phase);
      event(
          new RunEvent.StageFinished(
              now(),
              node.name(),
              attempt,
              outcome.status(),
              outcome.cached(),
              Duration.between(begin, now()),
              texts(outcome.results()),
              outcome.reason()));
      boolean again =
          attempt < retries
              && (outcome.status() == StageStatus.FAILED
                  || outcome.status() == StageStatus.TIMED_OUT)
              && !phase.isOver()
              && !Thread.currentThread().isInterrupted();
      if (!again) {
        break;
      }
      attempt++;
    }
    messages.add(
        new Message.Ended(
            task,
            new TaskOutcome(
                outcome.status(),
                attempt + 1,
                outcome.cached(),
                texts(outcome.results()),
                outcome.reason()),
            outcome.results()));
  }

  private Attempt.Outcome attempt(
      Graph.Node node, int number, Variables parameters, Deadline phase) {
    String name = run + "-" + node.name();
    Variables variables =
        new Variables(parameters)
            .put("context.taskRun.name", name)
            .put("context.taskRun.namespace", given("$(context.pipelineRun.namespace)"))
            .put("context.taskRun.uid", Graph.uid(name))
            .put("context.task.retry-count", Integer.toString(number));
    Path folder = machine.work().resolve(node.name() + "-" + number);
    Optional<PipelineRunSpec.TaskRunSpec> ofTask =
        graph.run().spec().taskRunSpecs().stream()
            .filter(s -> s.pipelineTaskName().equals(node.name().value()))
            .findFirst();
    Optional<Duration> own =
        ofTask.flatMap(PipelineRunSpec.TaskRunSpec::timeout).or(() -> node.use().timeout());
    Map<String, Quantity> memory = new LinkedHashMap<>();
    ofTask.ifPresent(t ->
        t.stepSpecs()
            .forEach(s ->
                Optional.ofNullable(s.computeResources().limits().get("memory"))
                    .ifPresent(m -> memory.put(s.name(), m))));
    try {
      Folders.remove(folder);
      Files.createDirectories(folder);
      Map<String, Path> workspaces = workspaces(node, folder, parameters);
      return new Attempt(
              new Attempt.Surroundings(
                  machine.launcher(), this::event, machine.clock(), machine.grace(), unlimited),
              node,
              folder,
              workspaces,
              variables,
              Deadline.in(own.orElse(DEFAULT_TIMEOUT)).or(phase),
              memory)
          .run();
    } catch (IOException e) {
      return new Attempt.Outcome(StageStatus.FAILED, false, Map.of(), Attempt.machineFailed(e));
    } catch (RuntimeException | Variables.UnresolvedException e) {
      return new Attempt.Outcome(
          StageStatus.FAILED, false, Map.of(), "the runner could not do it: " + e);
    } finally {
      try {
        Folders.remove(folder);
      } catch (IOException e) {
        event(
            new RunEvent.LogLine(
                now(), node.name(), "", "(" + folder + " could not be removed: " + e + ")"));
      }
    }
  }

  private Map<String, Path> workspaces(Graph.Node node, Path folder, Variables variables)
      throws IOException, Variables.UnresolvedException {
    Map<String, Path> found = new LinkedHashMap<>();
    for (WorkspaceReference reference : node.use().workspaces()) {
      String name = reference.workspace().orElse(reference.name());
      Path path = machine.workspaces().get(name);
      if (path == null && isEmptyDir(name)) {
        // As in a cluster: every pod has its own.
        path = folder.resolve("workspaces").resolve(name);
      }
      if (path == null) {
        continue;
      }
      if (reference.subPath().isPresent()) {
        Path below = path.resolve(variables.text(reference.subPath().get())).normalize();
        if (!below.startsWith(path)) {
          throw new IOException("subPath leaves the workspace " + name);
        }
        path = below;
      }
      found.put(reference.name(), Files.createDirectories(path));
    }
    return found;
  }

  private boolean isEmptyDir(String workspace) {
    return graph.run().spec().workspaces().stream()
        .anyMatch(b -> b.name().equals(workspace) && b.emptyDir().isPresent());
  }

  private void end(Message.Ended end, boolean phaseOver) {
    Progress task = end.task();
    task.state = State.ENDED;
    task.thread = null;
    task.outcome = end.outcome();
    task.results = end.results();
    if (task.failed() && !task.ignoresErrors()) {
      // A task that ran out of its own time has failed; only the run's own limit times a run out.
      StageStatus status =
          switch (end.outcome().status()) {
            case CANCELLED -> StageStatus.CANCELLED;
            case TIMED_OUT -> phaseOver ? StageStatus.TIMED_OUT : StageStatus.FAILED;
            case FAILED, SUCCEEDED, SKIPPED -> StageStatus.FAILED;
          };
      stop(status, "task " + task.node.name() + ": " + end.outcome().reason());
    }
  }

  private void failed(Progress task, String why) {
    task.outcome = new TaskOutcome(StageStatus.FAILED, 0, false, Map.of(), why);
    event(
        new RunEvent.StageFinished(
            now(), task.node.name(), 0, StageStatus.FAILED, false, Duration.ZERO, Map.of(), why));
    stop(StageStatus.FAILED, "task " + task.node.name() + ": " + why);
  }

  private String beforeItsTurn() {
    String why =
        switch (stopping) {
          case FAILED -> "an earlier task failed";
          case CANCELLED -> "cancelled";
          case TIMED_OUT -> "the time for the run's tasks was over";
          case null, default -> "the time for the run was over";
        };
    return "the run was over before its turn: " + why;
  }

  private void skip(Progress task, String why) {
    task.state = State.ENDED;
    task.outcome = new TaskOutcome(StageStatus.SKIPPED, 0, false, Map.of(), why);
    if (task.node.use().matrix().isPresent()) {
      // told of as what it fans out to, as on a cluster: here as nothing
      return;
    }
    event(
        new RunEvent.StageFinished(
            now(), task.node.name(), 0, StageStatus.SKIPPED, false, Duration.ZERO, Map.of(), why));
  }

  /** The first reason stays. */
  private void stop(StageStatus status, String why) {
    if (stopping == null) {
      stopping = status;
      if (reason.isEmpty()) {
        reason = why;
      }
    }
  }

  /** Lets expressions see the results of a task. */
  private static void put(Progress task, Variables scope) {
    String name = "tasks." + task.node.name() + ".results.";
    task.results.forEach((r, value) -> Graph.put(scope, name + r, value));
  }

  private Map<String, String> pipelineResults() {
    Variables scope = scope(true);
    last.forEach(t -> put(t, scope));
    Map<String, String> results = new LinkedHashMap<>();
    for (PipelineResult result : graph.spec().results()) {
      try {
        results.put(result.name(), text(Graph.substitute(Graph.ofAnyTask(result.value()), scope)));
      } catch (Variables.UnresolvedException e) {
        // Its task gave none: absent, as the port says.
      }
    }
    return results;
  }

  private static Map<String, String> texts(Map<String, ParamValue> results) {
    Map<String, String> texts = new LinkedHashMap<>();
    results.forEach((name, value) -> texts.put(name, text(value)));
    return texts;
  }

  private static String text(ParamValue value) {
    return switch (value) {
      case ParamValue.Text text -> text.value();
      case ParamValue.Array array -> {
        var json = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.arrayNode();
        array.values().forEach(json::add);
        yield io.sluice.core.json.Json.write(json);
      }
    };
  }

  private Instant now() {
    return machine.clock().instant();
  }

  /** One event at a time. What the consumer throws ends the run and is thrown by {@link #await}. */
  private void event(RunEvent event) {
    synchronized (eventLock) {
      if (muted || consumerFailure != null) {
        return;
      }
      try {
        consumer.accept(event);
      } catch (RuntimeException e) {
        consumerFailure = e;
        messages.add(new Message.Cancel());
      }
    }
  }
}
