package io.sluice.cluster.fold;

import io.sluice.cluster.fold.ObservedPod.Container;
import io.sluice.cluster.fold.ObservedPod.State;
import io.sluice.cluster.fold.ObservedTaskRun.Attempt;
import io.sluice.cluster.fold.ObservedTaskRun.Step;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Folds what a cluster says of one run into the events that the local runner would have told. Each
 * method takes one observation and returns the events that follow from it.
 *
 * <p>Observations may come twice, late, and in any order between objects; an older state of an
 * object takes nothing back. The order that is kept: a step starts before its first line; its lines
 * come before its end; its end before its stage's; all stages' ends before the run's. The end of
 * one step may be told after the first lines of the next: lines are not held back until the kubelet
 * has reported an exit code.
 *
 * <p>Not thread-safe.
 */
public final class RunFold {
  /** Exit code of a step that was ended from outside, as shells say it (128 + SIGTERM). */
  private static final int ENDED = 143;

  /**
   * How often a stage is reported as waiting, at most: messages of the scheduler change with every
   * node.
   */
  private static final int MAX_REMARKS = 8;

  /** Tekton's controller sees a new object within a second; under load it may take some more. */
  private static final Duration SILENCE = Duration.ofSeconds(60);

  /**
   * How long after the end of its PipelineRun a run is followed for what is still missing: the rest
   * of its output, the last states of its objects.
   */
  private static final Duration OVERDUE = Duration.ofMinutes(2);

  /** Of a TaskRun in a matrix, at the end of its name. */
  private static final Pattern POSITION = Pattern.compile("-(\\d+)$");

  private static final String UNREADABLE =
      "(its pod is gone, and what it wrote cannot be read any more)";

  private static final String LATE =
      " wrote cannot be read: the cluster has not given it since the run ended)";

  private final RunId id;
  private final Map<String, Track> stages = new LinkedHashMap<>();
  private final Map<String, ObservedTaskRun> taskRuns = new LinkedHashMap<>();
  private final Map<String, ObservedPod> pods = new LinkedHashMap<>();
  private final Map<String, Instant> firstSeen = new HashMap<>();
  private final Set<String> silent = new HashSet<>();
  private final Set<String> gone = new HashSet<>();
  private final Set<String> lost = new HashSet<>();
  private final Map<ContainerId, Boolean> drained = new LinkedHashMap<>();
  private final Map<String, ObservedRun.Stage> fanned = new LinkedHashMap<>();
  private @Nullable ObservedRun run;
  private boolean deleted;
  private boolean begun;
  private @Nullable Instant overSince;
  private boolean overdue;
  private @Nullable RunOutcome outcome;

  /** How far one stage was told. */
  private static final class Track {
    final ObservedRun.Stage stage;
    final StageName name;
    final List<AttemptTrack> attempts = new ArrayList<>();
    Optional<TaskOutcome> end = Optional.empty();
    Optional<Instant> completed = Optional.empty();

    Track(ObservedRun.Stage stage) {
      this.stage = stage;
      this.name = new StageName(stage.name());
    }
  }

  /** How far one attempt was told. */
  private static final class AttemptTrack {
    final Set<String> started = new LinkedHashSet<>();
    final Set<String> finished = new HashSet<>();
    final Set<String> remarks = new HashSet<>();

    /** Steps' first lines that may be Tekton's words that there will be none. */
    final Map<String, RunEvent.LogLine> held = new HashMap<>();

    final Set<String> spoke = new HashSet<>();
    Optional<String> blocked = Optional.empty();
    boolean over;
  }

  /**
   * An object that must be there or have been there, and was not seen, or not as it must be by now:
   * the caller asks for it.
   */
  public record Missing(Kind kind, String name) {
    /** Its kind. */
    public enum Kind {
      TASK_RUN,
      POD
    }
  }

  /**
   * A fold of one run.
   *
   * @param stages of its pipeline; empty when they are to be read from the PipelineRun
   */
  public RunFold(RunId id, List<ObservedRun.Stage> stages) {
    this.id = id;
    know(stages);
  }

  /**
   * One with a matrix is reported as the TaskRuns that there are of it, each a stage; where there
   * are none, as often, it is not reported.
   */
  private void know(List<ObservedRun.Stage> all) {
    for (ObservedRun.Stage s : all) {
      if (s.fanned()) {
        fanned.put(s.name(), s);
      } else {
        stages.put(s.name(), new Track(s));
      }
    }
  }

  /** Takes the state of an object of the run; states may come twice, late and in any order. */
  public List<RunEvent> see(Observation now, Instant at) {
    return switch (now) {
      case ObservedRun r -> see(r, at);
      case ObservedTaskRun t -> see(t, at);
      case ObservedPod p -> see(p, at);
    };
  }

  /** The PipelineRun, as it is now. */
  public List<RunEvent> see(ObservedRun now, Instant at) {
    if (run == null || !run.isDone()) {
      run = now;
    }
    firstSeen.putIfAbsent(now.name(), at);
    if (stages.isEmpty()) {
      know(now.stages());
    }
    return advance(at);
  }

  /** A TaskRun of the run, as it is now. */
  public List<RunEvent> see(ObservedTaskRun now, Instant at) {
    ObservedTaskRun before = taskRuns.get(now.name());
    if (before == null || !isOlder(now, before)) {
      taskRuns.put(now.name(), now);
    }
    firstSeen.putIfAbsent(now.name(), at);
    return advance(at);
  }

  /** Whether one state of a TaskRun says less than another. */
  private static boolean isOlder(ObservedTaskRun one, ObservedTaskRun other) {
    int attempts = Integer.compare(one.attempts().size(), other.attempts().size());
    return attempts < 0
        || (attempts == 0
            && other.attempts().getLast().succeeded().isDecided()
            && !one.attempts().getLast().succeeded().isDecided());
  }

  /** A pod of the run, as it is now. */
  public List<RunEvent> see(ObservedPod now, Instant at) {
    pods.merge(now.name(), now, RunFold::newer);
    for (Container c : now.containers()) {
      if (ContainerId.speaks(c.name()) && c.state() != State.WAITING) {
        drained.putIfAbsent(new ContainerId(now.name(), now.uid(), c.name()), false);
      }
    }
    return advance(at);
  }

  private static ObservedPod newer(ObservedPod before, ObservedPod now) {
    boolean back = before.uid().equals(now.uid()) && ended(before) > ended(now);
    return back ? before : now;
  }

  private static long ended(ObservedPod pod) {
    return pod.containers().stream().filter(c -> c.state() == State.ENDED).count();
  }

  /** The PipelineRun was deleted; {@code last} is its last state, if that is known. */
  public List<RunEvent> deleted(Optional<ObservedRun> last, Instant at) {
    last.ifPresent(l -> {
      if (run == null || !run.isDone()) {
        run = l;
      }
    });
    deleted = true;
    return advance(at);
  }

  /** An object does not exist any more; its last state is not known, or was seen before. */
  public List<RunEvent> gone(Missing object, Instant at) {
    ObservedPod pod = object.kind() == Missing.Kind.POD ? pods.get(object.name()) : null;
    if (pod == null) {
      gone.add(object.name());
    } else {
      lost.add(pod.uid());
    }
    return advance(at);
  }

  /** A pod was deleted. */
  public List<RunEvent> deleted(ObservedPod pod, Instant at) {
    lost.add(pod.uid());
    return see(pod, at);
  }

  /**
   * Time goes by: says once of each object that Tekton gives no status, and ends a run whose
   * PipelineRun has ended long ago with what is known of it.
   */
  public List<RunEvent> tick(Instant at) {
    List<RunEvent> out = new ArrayList<>();
    ObservedRun seen = run;
    if (outcome != null) {
      return out;
    }
    if (isOver()) {
      if (overSince == null) {
        overSince = at;
      }
      return overSince.plus(OVERDUE).isAfter(at) ? out : giveUpWhatIsMissing(at);
    }
    if (seen != null && seen.succeeded().equals(Condition.NONE) && isSilent(seen.name(), at)) {
      out.add(
          new RunEvent.SetUp(
              at,
              "run " + id,
              RunEvent.SetUp.Phase.PROGRESS,
              Messages.noStatus("PipelineRun", seen.name(), SILENCE)));
    }
    for (ObservedTaskRun t : taskRuns.values()) {
      Track stage = stage(t.task(), t.name());
      Attempt last = t.attempts().getLast();
      boolean untouched = last.succeeded().equals(Condition.NONE) && last.started().isEmpty();
      if (stage != null && stage.end.isEmpty() && untouched && isSilent(t.name(), at)) {
        begin(at, out);
        out.add(
            new RunEvent.LogLine(
                at, stage.name, "", "(" + Messages.noStatus("TaskRun", t.name(), SILENCE) + ")"));
      }
    }
    return out;
  }

  private List<RunEvent> giveUpWhatIsMissing(Instant at) {
    overdue = true;
    List<RunEvent> out = new ArrayList<>();
    for (Missing object : missing()) {
      gone.add(object.name());
    }
    drained.forEach((container, done) -> {
      Track stage = done ? null : stageOf(container.pod());
      if (stage != null) {
        begin(at, out);
        out.add(
            new RunEvent.LogLine(
                at, stage.name, "", "(the end of what " + container.container() + LATE));
      }
    });
    drained.replaceAll((container, done) -> true);
    out.addAll(advance(at));
    return out;
  }

  /** Whether an object was first seen so long ago; true once. */
  private boolean isSilent(String name, Instant at) {
    Instant since = firstSeen.get(name);
    return since != null && !since.plus(SILENCE).isAfter(at) && silent.add(name);
  }

  /** A line that a container wrote. */
  public List<RunEvent> line(ContainerId from, String text, Instant at) {
    List<RunEvent> out = new ArrayList<>();
    Track stage = stageOf(from.pod());
    if (stage == null) {
      return out;
    }
    if (overSince != null) {
      overSince = at; // what comes is not overdue
    }
    begin(at, out);
    AttemptTrack attempt = current(stage, at, out);
    RunEvent.LogLine line = new RunEvent.LogLine(at, stage.name, from.step(), text);
    if (!from.isStep()) {
      out.add(line);
      return out;
    }
    if (attempt.spoke.add(from.step()) && Messages.isOfSkipping(text)) {
      attempt.held.put(from.step(), line);
      return out;
    }
    if (attempt.started.add(from.step())) {
      out.add(new RunEvent.StepStarted(at, stage.name, from.step()));
    }
    release(attempt, from.step(), out);
    out.add(line);
    return out;
  }

  /** Tells a step's first line that was the step's own after all: it did run. */
  private static void release(AttemptTrack attempt, String step, List<RunEvent> out) {
    RunEvent.LogLine held = attempt.held.remove(step);
    if (held != null) {
      out.add(held);
    }
  }

  /** No more lines of this container will come. */
  public List<RunEvent> drained(ContainerId container, Instant at) {
    drained.put(container, true);
    return advance(at);
  }

  /** Containers whose output is to be read; each until it was {@link #drained}. */
  public Set<ContainerId> unread() {
    Set<ContainerId> out = new LinkedHashSet<>();
    drained.forEach((id, done) -> {
      if (!done) {
        out.add(id);
      }
    });
    return out;
  }

  /** Whether a container has ended, or its pod is not there any more in this form. */
  public boolean hasEnded(ContainerId container) {
    ObservedPod pod = pods.get(container.pod());
    return deleted
        || gone.contains(container.pod())
        || lost.contains(container.uid())
        || pod == null
        || !pod.uid().equals(container.uid())
        || pod.isOutOfReach()
        || pod.containers().stream()
            .anyMatch(c -> c.name().equals(container.container()) && c.state() == State.ENDED);
  }

  /** Whether a container's pod is gone: what has its name now, if anything, is another one. */
  public boolean isGone(ContainerId container) {
    ObservedPod pod = pods.get(container.pod());
    return lost.contains(container.uid()) || (pod != null && !pod.uid().equals(container.uid()));
  }

  /** Whether a container's node does not answer. */
  public boolean isOutOfReach(ContainerId container) {
    ObservedPod pod = pods.get(container.pod());
    return pod != null && pod.uid().equals(container.uid()) && pod.isOutOfReach();
  }

  /** What keeps the fold from going on although the cluster has gone on. */
  public List<Missing> missing() {
    List<Missing> out = new ArrayList<>();
    if (run != null && run.isDone() && !deleted) {
      for (String name : run.taskRuns()) {
        if (!gone.contains(name)
            && (!taskRuns.containsKey(name)
                || !taskRuns.get(name).attempts().getLast().succeeded().isDecided())) {
          out.add(new Missing(Missing.Kind.TASK_RUN, name));
        }
      }
    }
    for (ObservedTaskRun t : taskRuns.values()) {
      for (Attempt a : t.attempts()) {
        if (a.succeeded().isDecided() && (!isKnown(a.pod()) || isLate(a))) {
          out.add(new Missing(Missing.Kind.POD, a.pod()));
        }
      }
    }
    return out;
  }

  /** How the run ended, once everything was told. */
  public Optional<RunOutcome> outcome() {
    return Optional.ofNullable(outcome);
  }

  private List<RunEvent> advance(Instant at) {
    List<RunEvent> out = new ArrayList<>();
    if (outcome != null || (stages.isEmpty() && !isOver())) {
      return out;
    }
    begin(at, out);
    for (ObservedTaskRun t : taskRuns.values()) {
      Track stage = stage(t.task(), t.name());
      if (stage != null) {
        attempts(stage, t, at, out);
      }
    }
    ObservedRun seen = run;
    if (seen != null) {
      for (Track stage : stages.values()) {
        String why = seen.skipped().get(stage.stage.name());
        if (why != null && stage.end.isEmpty() && stage.attempts.isEmpty()) {
          skip(stage, Messages.skipped(why), at, out);
        }
      }
    }
    finish(at, out);
    return out;
  }

  private void begin(Instant at, List<RunEvent> out) {
    if (!begun && !stages.isEmpty()) {
      begun = true;
      out.add(new RunEvent.RunStarted(at, id, stages.values().stream().map(s -> s.name).toList()));
    }
  }

  private boolean isOver() {
    return deleted || (run != null && run.isDone());
  }

  private void attempts(Track stage, ObservedTaskRun t, Instant at, List<RunEvent> out) {
    for (int i = 0; i < t.attempts().size(); i++) {
      Attempt attempt = t.attempts().get(i);
      boolean isLast = i == t.attempts().size() - 1;
      if (stage.attempts.size() == i) {
        if (i > 0 && !stage.attempts.get(i - 1).over) {
          return;
        }
        stage.attempts.add(new AttemptTrack());
        out.add(new RunEvent.StageStarted(at, stage.name, i));
      }
      AttemptTrack track = stage.attempts.get(i);
      if (track.over) {
        continue;
      }
      updateBlockedReason(stage, track, attempt, at, out);
      boolean over = attempt.succeeded().isDecided() || !isLast;
      if (gone.contains(attempt.pod()) && track.remarks.add(UNREADABLE)) {
        out.add(new RunEvent.LogLine(at, stage.name, "", UNREADABLE));
      }
      steps(stage, track, attempt, over, at, out);
      if (!over || isLate(attempt) || !isDrained(attempt.pod())) {
        return;
      }
      end(stage, track, t, attempt, i, isLast, at, out);
    }
  }

  /** Remembers, and tells once, what keeps a pod from starting or took it away. */
  private void updateBlockedReason(
      Track stage, AttemptTrack track, Attempt attempt, Instant at, List<RunEvent> out) {
    ObservedPod pod = pods.get(attempt.pod());
    Optional<String> waits =
        pod == null
            ? Messages.heldBack(attempt)
            : Messages.taken(pod).or(() -> Messages.waiting(pod));
    if (waits.isPresent()) {
      track.blocked = waits;
      if (track.remarks.size() < MAX_REMARKS && track.remarks.add(waits.get())) {
        out.add(new RunEvent.LogLine(at, stage.name, "", "(" + waits.get() + ")"));
      }
    } else if (pod != null && Messages.taken(pod).isEmpty() && isRunning(pod)) {
      track.blocked = Optional.empty();
    }
  }

  private static boolean isRunning(ObservedPod pod) {
    return pod.phase().equals("Running") && !pod.deleting();
  }

  private void steps(
      Track stage,
      AttemptTrack track,
      Attempt attempt,
      boolean over,
      Instant at,
      List<RunEvent> out) {
    for (Step step : attempt.steps()) {
      String name = step.name();
      if (track.finished.contains(name)) {
        if (failed(step)) {
          return; // Those after it are reported as skipped, but were not reached.
        }
        continue;
      }
      if (step.wasSkipped()) {
        // Its container may have been seen running: it does until Tekton decides.
        track.finished.add(name);
        out.add(new RunEvent.StepFinished(at, stage.name, name, Optional.empty()));
        continue;
      }
      boolean ended = step.exitCode().isPresent();
      boolean unbegun = step.wasEnded() || (ended && !step.began());
      if (unbegun && !track.started.contains(name) && !isRunning(attempt, step)) {
        return;
      }
      if ((ended || isRunning(attempt, step)) && track.started.add(name)) {
        out.add(new RunEvent.StepStarted(at, stage.name, name));
      }
      if (!ended && !(over && track.started.contains(name))) {
        return;
      }
      if (!isDrained(attempt.pod(), step)) {
        return;
      }
      track.finished.add(name);
      release(track, name, out);
      boolean byForce = step.wasEnded() || !ended;
      out.add(
          new RunEvent.StepFinished(
              at, stage.name, name, Optional.of(byForce ? ENDED : step.exitCode().orElseThrow())));
      if (byForce || failed(step)) {
        return;
      }
    }
  }

  private static boolean failed(Step step) {
    return step.exitCode().filter(c -> c != 0).isPresent() && !step.outcome().equals("Continued");
  }

  /** Whether its container runs; all do once the pod is up, each waiting for the one before. */
  private boolean isRunning(Attempt attempt, Step step) {
    ObservedPod pod = pods.get(attempt.pod());
    return pod != null
        && pod.containers().stream()
            .anyMatch(c -> c.name().equals(step.container()) && c.state() == State.RUNNING);
  }

  /** Whether everything was read that a step wrote. */
  private boolean isDrained(String pod, Step step) {
    if (!isKnown(pod)) {
      return false;
    }
    return !isLate(pod, step)
        && drained.entrySet().stream()
            .filter(e -> e.getKey().pod().equals(pod))
            .filter(e -> e.getKey().container().equals(step.container()))
            .allMatch(Map.Entry::getValue);
  }

  /** Whether the end of one of its steps will be seen yet. */
  private boolean isLate(Attempt attempt) {
    return attempt.steps().stream().anyMatch(s -> isLate(attempt.pod(), s));
  }

  /**
   * Whether Tekton knows of the step's end and the pod, as it was seen last, does not: it will be
   * seen.
   */
  private boolean isLate(String pod, Step step) {
    ObservedPod seen = pods.get(pod);
    return seen != null
        && !lost.contains(seen.uid())
        && !seen.isOutOfReach()
        && step.exitCode().isPresent()
        && step.began()
        && !step.wasEnded()
        && seen.containers().stream()
            .anyMatch(c -> c.name().equals(step.container()) && c.state() == State.WAITING);
  }

  /** Whether everything was read that the pod of an attempt wrote. */
  private boolean isDrained(String pod) {
    return isKnown(pod)
        && drained.entrySet().stream()
            .filter(e -> e.getKey().pod().equals(pod))
            .allMatch(Map.Entry::getValue);
  }

  private boolean isKnown(String pod) {
    return pod.isEmpty() || pods.containsKey(pod) || gone.contains(pod);
  }

  private void end(
      Track stage,
      AttemptTrack track,
      ObservedTaskRun t,
      Attempt attempt,
      int number,
      boolean isLast,
      Instant at,
      List<RunEvent> out) {
    track.over = true;
    StageStatus status = Messages.status(attempt, t.why());
    Optional<String> running =
        attempt.steps().stream()
            .filter(s -> track.started.contains(s.name()) && s.wasEnded())
            .map(Step::name)
            .findFirst();
    boolean cached =
        status == StageStatus.SUCCEEDED
            && attempt.steps().stream()
                .anyMatch(s -> s.name().equals("fetch") && "yes".equals(s.results().get("hit")));
    Optional<ObservedPod> pod = Optional.ofNullable(pods.get(attempt.pod()));
    boolean podDeleted = pod.filter(p -> p.deleting() || lost.contains(p.uid())).isPresent();
    String reason = Messages.failure(attempt, status, track.blocked, running, pod, podDeleted);
    Duration took =
        attempt.started().isPresent() && attempt.completed().isPresent()
            ? Duration.between(attempt.started().get(), attempt.completed().get())
            : Duration.ZERO;
    out.add(
        new RunEvent.StageFinished(
            at, stage.name, number, status, cached, took, attempt.results(), reason));
    if (isLast && attempt.succeeded().isDecided()) {
      stage.completed = attempt.completed();
      stage.end =
          Optional.of(new TaskOutcome(status, number + 1, cached, attempt.results(), reason));
    }
  }

  private void skip(Track stage, String why, Instant at, List<RunEvent> out) {
    stage.end = Optional.of(new TaskOutcome(StageStatus.SKIPPED, 0, false, Map.of(), why));
    out.add(
        new RunEvent.StageFinished(
            at, stage.name, 0, StageStatus.SKIPPED, false, Duration.ZERO, Map.of(), why));
  }

  private void finish(Instant at, List<RunEvent> out) {
    if (!isOver() || (!overdue && !(missing().isEmpty() && unread().isEmpty()))) {
      return;
    }
    boolean cutOff = deleted && (run == null || !run.isDone());
    for (ObservedTaskRun t : taskRuns.values()) {
      Track stage = stage(t.task(), t.name());
      if (stage != null
          && stage.end.isEmpty()
          && !gone.contains(t.name())
          && !deleted
          && !overdue) {
        return;
      }
    }
    StageStatus status = cutOff || run == null ? StageStatus.FAILED : Messages.status(run);
    String reason =
        cutOff || run == null
            ? "its PipelineRun was deleted while it was running"
            : reason(run, status);
    for (Track stage : stages.values()) {
      if (stage.end.isPresent()) {
        continue;
      }
      if (stage.attempts.isEmpty()) {
        skip(stage, "the run was over before its turn: " + reason, at, out);
      } else {
        abandon(stage, reason, at, out);
      }
    }
    List<RunOutcome.TaskEnd> ends = new ArrayList<>();
    for (Track s : stages.values()) {
      s.end.ifPresent(
          e -> ends.add(new RunOutcome.TaskEnd(s.name, s.stage.task(), s.stage.mayFail(), e)));
    }
    Map<String, String> results = run == null ? Map.of() : run.results();
    RunOutcome came = RunOutcome.of(status, ends, results, reason);
    outcome = came;
    out.add(new RunEvent.RunFinished(at, id, came.status(), results, came.reason()));
  }

  /** A stage that was going when its TaskRun was taken away. */
  private void abandon(Track stage, String reason, Instant at, List<RunEvent> out) {
    int number = stage.attempts.size() - 1;
    AttemptTrack track = stage.attempts.getLast();
    track.over = true;
    for (String step : track.started) {
      if (track.finished.add(step)) {
        out.add(new RunEvent.StepFinished(at, stage.name, step, Optional.of(ENDED)));
      }
    }
    stage.end =
        Optional.of(new TaskOutcome(StageStatus.CANCELLED, number + 1, false, Map.of(), reason));
    out.add(
        new RunEvent.StageFinished(
            at, stage.name, number, StageStatus.CANCELLED, false, Duration.ZERO, Map.of(), reason));
  }

  /** The first task that failed says why the run did, as on the local runner. */
  private String reason(ObservedRun seen, StageStatus status) {
    if (status == StageStatus.SUCCEEDED) {
      return "";
    }
    Track first = null;
    for (Track stage : stages.values()) {
      boolean failed =
          !stage.stage.mayFail()
              && stage.end.isPresent()
              && switch (stage.end.get().status()) {
                case FAILED, TIMED_OUT -> true;
                case SUCCEEDED, SKIPPED, CANCELLED -> false;
              };
      if (failed
          && (first == null
              || stage
                  .completed
                  .orElse(Instant.MAX)
                  .isBefore(first.completed.orElse(Instant.MAX)))) {
        first = stage;
      }
    }
    return first == null || status == StageStatus.CANCELLED
        ? Messages.failure(seen)
        : "task " + first.stage.name() + ": " + first.end.orElseThrow().reason();
  }

  private @Nullable Track stageOf(String pod) {
    ObservedPod seen = pods.get(pod);
    return seen == null ? null : stage(seen.task(), seen.taskRun());
  }

  /** The stage that a TaskRun is of: of a matrix, named by its position in it. */
  private @Nullable Track stage(String task, String taskRun) {
    ObservedRun.Stage of = fanned.get(task);
    if (of == null) {
      return stages.get(task);
    }
    Matcher position = POSITION.matcher(taskRun);
    // Tekton numbers them where there are several
    boolean only = taskRun.isEmpty() || taskRun.endsWith("-" + task) || !position.find();
    String name = task + "-" + (only ? "0" : position.group(1));
    return stages.computeIfAbsent(
        name, n -> new Track(new ObservedRun.Stage(n, of.task(), of.mayFail(), false)));
  }

  private AttemptTrack current(Track stage, Instant at, List<RunEvent> out) {
    if (stage.attempts.isEmpty()) {
      stage.attempts.add(new AttemptTrack());
      out.add(new RunEvent.StageStarted(at, stage.name, 0));
    }
    return stage.attempts.getLast();
  }
}
