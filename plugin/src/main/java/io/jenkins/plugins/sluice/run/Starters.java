package io.jenkins.plugins.sluice.run;

import hudson.model.Cause;
import hudson.model.CauseAction;
import hudson.model.Run;
import hudson.security.ACL;
import hudson.security.ACLContext;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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
 *     tell who is behind them, or words for a cause or an upstream build that is missing
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

  /**
   * What Jenkins writes where it keeps no more of a chain of upstream builds, and its words here.
   */
  private static final String DEEP = "hudson.model.Cause$UpstreamCause$DeeplyNestedUpstreamCause";

  private static final String DEEP_WORDS = "a longer chain of upstream builds than Jenkins keeps";

  /**
   * A build that started another one.
   *
   * @param build which one
   * @param causes its own; empty also where Jenkins gives them elsewhere in the same tree, since it
   *     writes the causes of a build that is reached on several ways once
   * @param unread words for what may be missing in {@code causes} because the build could not be
   *     looked at
   */
  record Above(String build, List<Cause> causes, Optional<String> unread) {}

  /** Of a build, by the causes of all its {@link CauseAction}s. */
  static Starters of(Run<?, ?> build) {
    UpstreamBuilds upstream = new UpstreamBuilds();
    return of(
        causes(build),
        cause ->
            cause instanceof Cause.UpstreamCause up
                ? Optional.of(above(up, upstream))
                : Optional.empty());
  }

  /** The build's own method reads the first action only. */
  private static List<Cause> causes(Run<?, ?> build) {
    return build.getActions(CauseAction.class).stream()
        .flatMap(action -> action.getCauses().stream())
        .toList();
  }

  @SuppressWarnings("try") // what is opened holds until it is closed; nothing asks it
  private static Above above(Cause.UpstreamCause cause, UpstreamBuilds upstream) {
    return upstream.above(
        cause.getUpstreamProject() + "#" + cause.getUpstreamBuild(),
        cause.getUpstreamCauses(),
        () -> {
          // in nobody's name: what a person may not see counts all the same
          try (ACLContext all = ACL.as2(ACL.SYSTEM2)) {
            @Nullable Run<?, ?> there = cause.getUpstreamRun();
            return there == null ? Optional.empty() : Optional.of(causes(there));
          }
        });
  }

  /**
   * Of causes.
   *
   * @param above the build that a cause names; empty for a cause that names none
   */
  static Starters of(List<Cause> causes, Function<Cause, Optional<Above>> above) {
    Gathered gathered = new Gathered(above);
    gathered.addAll(causes, "a build without a cause");
    if (!gathered.followed.containsAll(gathered.bare)) {
      gathered.unknown.add("an upstream build without a cause");
    }
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
    private final Function<Cause, Optional<Above>> above;
    private final TreeSet<String> persons = new TreeSet<>();
    private final TreeSet<String> unknown = new TreeSet<>();
    private boolean anonymous;

    /** Upstream builds whose causes were looked at. */
    private final TreeSet<String> followed = new TreeSet<>();

    /** Upstream builds that were met without any. */
    private final TreeSet<String> bare = new TreeSet<>();

    Gathered(Function<Cause, Optional<Above>> above) {
      this.above = above;
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
      Optional<Above> upstream = above.apply(cause);
      if (upstream.isPresent()) {
        follow(upstream.get());
      } else if (cause instanceof Cause.UserIdCause user) {
        String id = user.getUserId();
        if (id == null) {
          anonymous = true;
        } else {
          persons.add(id);
        }
      } else if (!is(cause, AUTOMATIC)) {
        String name = cause.getClass().getName();
        unknown.add(name.equals(DEEP) ? DEEP_WORDS : name);
      }
    }

    private void follow(Above upstream) {
      upstream.unread().ifPresent(unknown::add);
      if (upstream.causes().isEmpty()) {
        bare.add(upstream.build());
      } else {
        followed.add(upstream.build());
        addAll(upstream.causes(), "an upstream build without a cause");
      }
    }
  }
}
