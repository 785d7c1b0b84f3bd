package io.jenkins.plugins.sluice.run;

import hudson.model.Cause;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Who is behind a build, by all of its causes, each followed through upstream builds to its root.
 *
 * <p>A build promotes in the name of its job only where every root is known to be automatic: a
 * timer, a change in the source, a new branch, new data. Everything else counts as a person, with a
 * name or without, so that a missing name never stands for a permission.
 *
 * @param persons ids of the persons who started it
 * @param anonymous whether somebody started it who was not logged in
 * @param unknown class names of the causes that this plugin does not know, and of which it cannot
 *     tell who is behind them
 */
record Starters(SortedSet<String> persons, boolean anonymous, SortedSet<String> unknown) {

  /** Roots that no person is behind; plugins derive their own from these. */
  private static final Set<String> AUTOMATIC =
      Set.of(
          "hudson.triggers.TimerTrigger$TimerTriggerCause",
          "hudson.triggers.SCMTrigger$SCMTriggerCause",
          "jenkins.branch.BranchEventCause",
          "jenkins.branch.BranchIndexingCause",
          "io.jenkins.plugins.sluice.newdata.NewDataCause");

  /** Causes that say how a build was started and stand beside one that says by whom. */
  private static final Set<String> BESIDE =
      Set.of(
          "org.jenkinsci.plugins.workflow.cps.replay.ReplayCause",
          "org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause");

  /** Of a build, by its causes. */
  static Starters of(List<Cause> causes) {
    return of(
        causes,
        cause ->
            cause instanceof Cause.UpstreamCause upstream
                ? Optional.of(upstream.getUpstreamCauses())
                : Optional.empty());
  }

  /**
   * @param upstream the causes of the build that a cause names; empty for a cause that names none
   */
  static Starters of(List<Cause> causes, Function<Cause, Optional<List<Cause>>> upstream) {
    Gathered gathered = new Gathered(upstream);
    gathered.addAll(causes, "a build without a cause");
    return new Starters(gathered.persons, gathered.anonymous, gathered.unknown);
  }

  private static boolean is(Cause cause, Collection<String> names) {
    for (Class<?> c = cause.getClass(); c != null; c = c.getSuperclass()) {
      if (names.contains(c.getName())) {
        return true;
      }
    }
    return false;
  }

  private static final class Gathered {
    private final Function<Cause, Optional<List<Cause>>> upstream;
    private final TreeSet<String> persons = new TreeSet<>();
    private final TreeSet<String> unknown = new TreeSet<>();
    private boolean anonymous;

    Gathered(Function<Cause, Optional<List<Cause>>> upstream) {
      this.upstream = upstream;
    }

    void addAll(List<Cause> causes, String none) {
      int counted = 0;
      for (Cause cause : causes) {
        if (!is(cause, BESIDE)) {
          counted++;
          add(cause);
        }
      }
      if (counted == 0) {
        unknown.add(none);
      }
    }

    private void add(Cause cause) {
      Optional<List<Cause>> above = upstream.apply(cause);
      if (above.isPresent()) {
        addAll(above.get(), "an upstream build without a cause");
      } else if (cause instanceof Cause.UserIdCause user) {
        String id = user.getUserId();
        if (id == null) {
          anonymous = true;
        } else {
          persons.add(id);
        }
      } else if (!is(cause, AUTOMATIC)) {
        unknown.add(cause.getClass().getName());
      }
    }
  }
}
