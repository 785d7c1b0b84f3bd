package io.sluice.app.run;

import io.sluice.core.run.ExitWords;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A run's events as lines of a build's log, each labelled with its stage, secrets masked; remembers
 * what one wants to read when it fails. Takes events one at a time.
 */
public final class RunLog implements Consumer<RunEvent> {
  private static final int LAST_LINES = 20;
  private static final int LINES_BETWEEN_MARKS = 200;
  private static final String MASK = "****";

  /** Shorter ones are no secrets, and would mask ordinary words. */
  private static final int SHORTEST_SECRET = 4;

  private final Consumer<String> out;
  private final Consumer<String> output;
  private final LogPosition position;
  private final Runnable mark;
  private final List<String> secrets;
  private final Map<StageName, Integer> attempts = new HashMap<>();
  private final Map<String, Long> read = new HashMap<>();
  private final Map<StageName, ArrayDeque<String>> last = new HashMap<>();
  private final Map<StageName, String> brokenSteps = new HashMap<>();
  private final Map<StageName, RunEvent.StageFinished> failed = new LinkedHashMap<>();
  private int sinceMark;
  private boolean paused;

  /**
   * A log.
   *
   * @param out takes a line of ours
   * @param output takes a line of a stage's command
   * @param position what was shown before; grows
   * @param mark called now and then, when {@code position} should be kept: once what was given to
   *     {@code out} is safe
   * @param secrets texts that are not shown
   */
  public RunLog(
      Consumer<String> out,
      Consumer<String> output,
      LogPosition position,
      Runnable mark,
      List<String> secrets) {
    this.out = out;
    this.output = output;
    this.position = position;
    this.mark = mark;
    this.secrets =
        secrets.stream()
            .flatMap(String::lines)
            .map(String::strip)
            .filter(s -> s.length() >= SHORTEST_SECRET)
            .distinct()
            .sorted((a, b) -> b.length() - a.length())
            .toList();
  }

  /** Has what was shown kept, unless it is already. */
  synchronized void keep() {
    if (sinceMark > 0) {
      marked();
    }
  }

  /** Shows nothing more: the next follower of the run shows what comes now. */
  synchronized void pause() {
    keep();
    paused = true;
  }

  @Override
  public synchronized void accept(RunEvent event) {
    if (paused) {
      return;
    }
    switch (event) {
      case RunEvent.SetUp e ->
          show("set up " + e.what() + (e.detail().isEmpty() ? "" : ": " + e.detail()));
      case RunEvent.RunStarted e -> once("run", "run " + e.run() + ": " + names(e.stages()));
      case RunEvent.StageStarted e -> {
        attempts.put(e.stage(), e.attempt());
        once(key(e.stage(), "started"), label(e.stage()) + started(e.attempt()));
      }
      case RunEvent.StepStarted e -> {}
      case RunEvent.LogLine e -> line(e);
      case RunEvent.StepFinished e ->
          e.exitCode()
              .filter(c -> c != 0)
              .ifPresent(c -> brokenSteps.put(e.stage(), e.step() + ", " + ExitWords.of(c)));
      case RunEvent.StageFinished e -> finished(e);
      case RunEvent.RunFinished e -> {
        once("end", "run " + e.run() + " " + word(e.status()));
        marked();
      }
    }
  }

  private static String started(int attempt) {
    return attempt == 0 ? "started" : "started again (attempt " + (attempt + 1) + ")";
  }

  private void line(RunEvent.LogLine e) {
    ArrayDeque<String> lines = last.computeIfAbsent(e.stage(), s -> new ArrayDeque<>());
    String text = masked(e.text());
    if (lines.size() == LAST_LINES) {
      lines.removeFirst();
    }
    lines.addLast(text);
    String key = key(e.stage(), e.step());
    long number = read.merge(key, 1L, Long::sum);
    if (number > position.of(key)) {
      output.accept(label(e.stage()) + text);
      position.set(key, number);
      if (++sinceMark >= LINES_BETWEEN_MARKS) {
        marked();
      }
    }
  }

  private void finished(RunEvent.StageFinished e) {
    if (e.status() == StageStatus.SUCCEEDED) {
      last.remove(e.stage());
      brokenSteps.remove(e.stage());
      failed.remove(e.stage());
    } else if (e.status() != StageStatus.SKIPPED) {
      failed.put(e.stage(), e);
    }
    String how =
        word(e.status())
            + (e.cached() ? " (cached)" : "")
            + (e.status() == StageStatus.SKIPPED ? "" : " " + seconds(e.took()))
            + (e.reason().isEmpty() ? "" : ": " + e.reason());
    once(key(e.stage(), "finished"), label(e.stage()) + masked(how));
  }

  private void once(String key, String text) {
    if (position.of(key) == 0) {
      position.set(key, 1);
      show(text);
      marked();
    }
  }

  private void show(String text) {
    out.accept(masked(text));
  }

  private void marked() {
    sinceMark = 0;
    mark.run();
  }

  private String key(StageName stage, String what) {
    return stage + "/" + attempts.getOrDefault(stage, 0) + "/" + what;
  }

  private static String label(StageName stage) {
    return "[" + stage + "] ";
  }

  /** Replaces secrets, the longest first. */
  public String masked(String text) {
    String out = text;
    for (String secret : secrets) {
      out = out.replace(secret, MASK);
    }
    return out;
  }

  /**
   * Why an execution failed, in the words of a build: the stage, its step, what it said, and its
   * last lines.
   *
   * @param reason what the runner says of the whole
   * @param cause the stage that the run failed by; empty where the runner names none, so that the
   *     first one that failed stands for it
   */
  public synchronized String failure(String reason, Optional<StageName> cause) {
    StringBuilder text = new StringBuilder();
    Optional<RunEvent.StageFinished> first =
        cause
            .flatMap(stage -> Optional.ofNullable(failed.get(stage)))
            .or(() -> failed.values().stream().findFirst());
    if (first.isEmpty()) {
      return masked(reason.isEmpty() ? "the run failed" : reason);
    }
    RunEvent.StageFinished stage = first.get();
    text.append("stage ").append(stage.stage()).append(' ').append(word(stage.status()));
    String step = brokenSteps.get(stage.stage());
    if (step != null) {
      text.append(" in step ").append(step);
    }
    if (!stage.reason().isEmpty()) {
      text.append(": ").append(stage.reason());
    }
    List<String> lines = new ArrayList<>(last.getOrDefault(stage.stage(), new ArrayDeque<>()));
    if (!lines.isEmpty()) {
      text.append("\nits last lines:");
      lines.forEach(l -> text.append("\n  ").append(l));
    }
    if (failed.size() > 1) {
      text.append("\nalso: ")
          .append(names(failed.keySet().stream().filter(s -> !s.equals(stage.stage())).toList()));
    }
    return masked(text.toString());
  }

  private static String seconds(Duration took) {
    return String.format(Locale.ROOT, "%.1fs", took.toMillis() / 1000.0);
  }

  private static String names(List<StageName> stages) {
    return String.join(", ", stages.stream().map(StageName::value).toList());
  }

  private static String word(StageStatus status) {
    return switch (status) {
      case SUCCEEDED -> "done";
      case FAILED -> "failed";
      case SKIPPED -> "skipped";
      case CANCELLED -> "cancelled";
      case TIMED_OUT -> "out of time";
    };
  }
}
