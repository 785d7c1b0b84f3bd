package io.jenkins.plugins.sluice.run;

import hudson.AbortException;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.AsyncPeriodicWork;
import hudson.model.Item;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.sluice.agent.OrphanProcess;
import io.jenkins.plugins.sluice.config.JobConfiguration;
import io.jenkins.plugins.sluice.connect.Connections;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import jenkins.model.Jenkins;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Ends executions whose build is over or gone: a controller that crashed where a pipeline was not
 * kept, a build that was killed or deleted, a cluster or an agent that was out of reach when the
 * build was aborted. When a build ends ({@link FinishedBuilds}), two minutes after start-up, and
 * every hour.
 */
@Restricted(NoExternalUse.class)
@Extension
public final class OrphanReaper extends AsyncPeriodicWork {
  private static final Logger LOGGER = Logger.getLogger(OrphanReaper.class.getName());

  /** So long a program on an agent has to end by itself. */
  static final Duration GRACE = Duration.ofMinutes(12);

  /** When programs on agents were first asked to end. */
  private final FirstTimes asked = new FirstTimes(GRACE);

  /** When programs on agents were first not found that were never seen: they may yet begin. */
  private final FirstTimes missing = new FirstTimes(GRACE);

  public OrphanReaper() {
    super("Sluice orphans");
  }

  static OrphanReaper get() {
    return ExtensionList.lookupSingleton(OrphanReaper.class);
  }

  @Override
  public long getRecurrencePeriod() {
    return HOUR;
  }

  /** A build that Jenkins resumes is building as soon as it is read, so nothing waits for it. */
  @Override
  public long getInitialDelay() {
    return 2 * MIN;
  }

  @Override
  protected void execute(TaskListener listener) throws InterruptedException {
    reap(entry -> true, listener);
  }

  /** Ends what is noted of builds that are over. */
  void reap(Predicate<StartedExecutions.Entry> which, TaskListener listener)
      throws InterruptedException {
    StartedExecutions ledger = StartedExecutions.ofJenkins();
    List<StartedExecutions.Entry> entries = ledger.entries();
    Set<RunId> noted =
        entries.stream().map(StartedExecutions.Entry::execution).collect(Collectors.toSet());
    asked.retain(noted);
    missing.retain(noted);
    for (StartedExecutions.Entry entry : entries) {
      if (which.test(entry)) {
        try {
          reap(entry, ledger, listener);
        } catch (IOException | SluiceException e) {
          later(entry, String.valueOf(e.getMessage()), listener);
        } catch (RuntimeException e) {
          // an agent that disconnects, for example; the others are still looked at
          later(entry, e.toString(), listener);
          LOGGER.log(Level.WARNING, e, () -> "ending " + entry.execution());
        }
      }
    }
  }

  private void reap(StartedExecutions.Entry entry, StartedExecutions ledger, TaskListener listener)
      throws IOException, InterruptedException {
    RunId execution = entry.execution();
    if (isBuilding(entry.build())) {
      return;
    }
    if (ControllerSupervisor.get().status(execution).isPresent()) {
      // a check of new data has no build, and a build that was killed does not end its steps
      if (entry.build().contains(StartedExecutions.BUILD_OF)) {
        ControllerSupervisor.get().abandon(execution);
      }
      return;
    }
    try {
      if (ended(entry, listener)) {
        ledger.strike(execution);
      }
    } catch (SluiceException e) {
      if (!String.valueOf(e.getMessage()).contains("SLU-3711")) {
        throw e;
      }
      ledger.strike(execution); // it is not there, or never was
    }
  }

  private static void later(StartedExecutions.Entry entry, String why, TaskListener listener) {
    listener.getLogger().println("later: " + entry.execution() + ": " + why);
  }

  private static boolean isBuilding(String build) {
    try {
      Run<?, ?> run = Run.fromExternalizableId(build);
      return run != null && run.isBuilding();
    } catch (IllegalArgumentException e) {
      return false; // an id of no form that this Jenkins knows
    }
  }

  /** Whether nothing more has to be done about an execution. */
  private boolean ended(StartedExecutions.Entry entry, TaskListener listener)
      throws IOException, InterruptedException {
    return switch (entry.place()) {
      case StartedExecutions.OnCluster on -> {
        cancel(entry, on);
        listener.getLogger().println("cancelled: " + entry.execution() + " of " + entry.build());
        yield true;
      }
      case StartedExecutions.OnAgent on -> ended(entry, on, listener);
    };
  }

  private static void cancel(StartedExecutions.Entry entry, StartedExecutions.OnCluster on)
      throws AbortException {
    JobConfiguration.ScopedCluster place = JobConfiguration.clusterOf(on.folder(), on.cluster());
    @Nullable Item sight = Jenkins.get().getItemByFullName(entry.job(), Item.class);
    if (sight == null && on.folder().isPresent()) {
      sight = Jenkins.get().getItemByFullName(on.folder().get(), Item.class);
    }
    Connections.cancel(
        JobConfiguration.login(place, sight, Optional.empty()), on.namespace(), entry.execution());
  }

  private boolean ended(
      StartedExecutions.Entry entry, StartedExecutions.OnAgent on, TaskListener listener)
      throws IOException, InterruptedException {
    RunId execution = entry.execution();
    Instant now = Clock.systemUTC().instant();
    boolean byForce = asked.isLongAgo(execution, now);
    String what = execution + " of " + entry.build() + " on " + on.process().agent();
    OrphanProcess process = new OrphanProcess(on.process(), execution);
    return switch (process.end(byForce, listener)) {
      case ASKED -> {
        asked.note(execution, now);
        missing.forget(execution);
        listener.getLogger().println((byForce ? "killed: " : "asked to end: ") + what);
        yield false; // seen the next time
      }
      case NOT_FOUND -> {
        if (!asked.has(execution) && !missing.isLongAgo(execution, now)) {
          missing.note(execution, now);
          later(entry, "it is not there, or has not begun yet", listener);
          yield false;
        }
        process.deleteFiles();
        listener.getLogger().println("has ended: " + what);
        yield true;
      }
      case AWAY -> {
        later(entry, "its agent is offline", listener);
        yield false;
      }
      case LOST -> {
        listener.getLogger().println("given up, since there is no such agent any more: " + what);
        yield true;
      }
      case HIDDEN -> {
        later(entry, "it runs in a container: end it there", listener);
        yield false;
      }
    };
  }
}
