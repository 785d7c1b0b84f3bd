package io.sluice.cli;

import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Shows a run to a person: a line as each stage ends, what the gate says, the tail of a failing
 * log, and between them the state of running stages: on a terminal in one live line, elsewhere a
 * line now and then. Thread-safe.
 */
final class Console implements Consumer<RunEvent>, AutoCloseable {
  private static final int TAIL = 20;
  private static final int LONGEST_TAIL = 400;
  private static final Duration REMINDER = Duration.ofSeconds(15);
  private static final long LIVE_MILLIS = 200;

  /** Stages whose own words are the point of the run: shown as they come. */
  private static final List<String> SPEAKING = List.of("gate", "promote");

  private final PrintStream out;
  private final boolean terminal;
  private final boolean verbose;
  private final int width;
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "console");
        thread.setDaemon(true);
        return thread;
      });

  /** Nanotime at which each running piece began, in order of start. */
  private final Map<String, Long> running = new LinkedHashMap<>();

  private final Map<String, String> latest = new LinkedHashMap<>();
  private final Map<StageName, Deque<String>> tails = new LinkedHashMap<>();
  private int nameWidth = 12;
  private boolean liveLineShown;
  private long lastShown = System.nanoTime();

  Console(PrintStream out, boolean terminal, boolean verbose, int width) {
    this.out = out;
    this.terminal = terminal;
    this.verbose = verbose;
    this.width = width;
    long period = terminal ? LIVE_MILLIS : 1000;
    var unused = ticker.scheduleAtFixedRate(this::tick, period, period, TimeUnit.MILLISECONDS);
  }

  /** A console beside the output of a command: progress of what it has to set up first. */
  static Console beside(Terminal terminal) {
    return new Console(terminal.err(), terminal.interactive(), false, Terminal.width());
  }

  @Override
  public synchronized void accept(RunEvent event) {
    switch (event) {
      case RunEvent.SetUp e -> setUp(e);
      case RunEvent.RunStarted e -> {
        nameWidth = e.stages().stream().mapToInt(s -> s.value().length()).max().orElse(nameWidth);
        line(bold("run " + e.run()));
      }
      case RunEvent.StageStarted e -> {
        running.put(e.stage().value(), System.nanoTime());
        if (e.attempt() > 0) {
          line(name(e.stage().value()) + "  retry " + e.attempt());
        }
      }
      case RunEvent.StepStarted e -> {
        // A step is detail; its lines say more.
      }
      case RunEvent.LogLine e -> log(e);
      case RunEvent.StepFinished e -> {
        // The stage's end says how it went.
      }
      case RunEvent.StageFinished e -> stageFinished(e);
      case RunEvent.RunFinished e -> {
        running.clear();
        clearLive();
      }
    }
  }

  /** A line cut to a length that a person reads; all of it is in the run's folder. */
  private static String cut(String text) {
    return text.length() <= LONGEST_TAIL
        ? text
        : text.substring(0, LONGEST_TAIL) + " .. (" + text.length() + " characters)";
  }

  private void setUp(RunEvent.SetUp e) {
    switch (e.phase()) {
      case STARTED -> running.put(e.what(), System.nanoTime());
      case PROGRESS -> {
        running.putIfAbsent(e.what(), System.nanoTime());
        latest.put(e.what(), e.detail());
      }
      case DONE -> {
        Long since = running.remove(e.what());
        latest.remove(e.what());
        String took = since == null ? "" : " " + seconds(System.nanoTime() - since);
        line("set up " + e.what() + (e.detail().isEmpty() ? "" : ": " + e.detail()) + took);
      }
    }
  }

  private void log(RunEvent.LogLine e) {
    Deque<String> tail = tails.computeIfAbsent(e.stage(), s -> new ArrayDeque<>());
    tail.addLast(e.text());
    if (tail.size() > TAIL) {
      tail.removeFirst();
    }
    latest.put(e.stage().value(), e.text());
    if (verbose) {
      line(dim(name(e.stage().value()) + " | " + e.step() + " | ") + e.text());
    } else if (SPEAKING.contains(e.stage().value())
        && !e.step().equals("fetch")
        && !e.step().equals("store")) {
      line("  " + e.text());
    }
  }

  private void stageFinished(RunEvent.StageFinished e) {
    String key = e.stage().value();
    running.remove(key);
    latest.remove(key);
    String state =
        switch (e.status()) {
          case SUCCEEDED -> e.cached() ? green("cached") : green("done");
          case FAILED -> red("failed");
          case SKIPPED -> dim("skipped");
          case CANCELLED -> red("cancelled");
          case TIMED_OUT -> red("timed out");
        };
    String took = e.status() == StageStatus.SKIPPED ? "" : "  " + seconds(e.took().toNanos());
    line(name(key) + "  " + state + took + (e.reason().isEmpty() ? "" : "  " + e.reason()));
    Deque<String> tail = tails.remove(e.stage());
    boolean failed = e.status() == StageStatus.FAILED || e.status() == StageStatus.TIMED_OUT;
    if (failed && tail != null && !verbose) {
      tail.forEach(text -> line(dim("  | ") + cut(text)));
    }
  }

  private synchronized void tick() {
    if (running.isEmpty()) {
      return;
    }
    if (terminal) {
      clearLive();
      String text = status();
      out.print(dim(text.length() > width - 1 ? text.substring(0, width - 1) : text));
      out.flush();
      liveLineShown = true;
    } else if (System.nanoTime() - lastShown > REMINDER.toNanos()) {
      line(".. " + status());
    }
  }

  private String status() {
    StringBuilder text = new StringBuilder();
    long now = System.nanoTime();
    running.forEach((what, since) -> {
      text.append(text.isEmpty() ? "" : "   ")
          .append(what)
          .append(' ')
          .append(seconds(now - since));
      String detail = latest.get(what);
      if (detail != null && !detail.isBlank()) {
        text.append(": ").append(detail.strip());
      }
    });
    return text.toString();
  }

  /** Prints a line of its own, above the live one. */
  synchronized void line(String text) {
    clearLive();
    out.println(text);
    out.flush();
    lastShown = System.nanoTime();
  }

  private void clearLive() {
    if (liveLineShown) {
      out.print("\r\u001b[2K");
      liveLineShown = false;
    }
  }

  @Override
  public synchronized void close() {
    ticker.shutdownNow();
    clearLive();
    out.flush();
  }

  private String name(String text) {
    return text + " ".repeat(Math.max(0, nameWidth - text.length()));
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.1fs", nanos / 1e9);
  }

  private String bold(String text) {
    return styled("1", text);
  }

  private String dim(String text) {
    return styled("2", text);
  }

  private String green(String text) {
    return styled("32", text);
  }

  private String red(String text) {
    return styled("31", text);
  }

  private String styled(String code, String text) {
    return terminal ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }
}
