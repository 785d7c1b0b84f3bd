package io.jenkins.plugins.sluice.page;

import hudson.model.Action;
import hudson.model.Job;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import jenkins.model.TransientActionFactory;

/** Adds an action of one kind to jobs. */
@SuppressWarnings("rawtypes") // Job.class is a raw type
abstract class JobActionFactory extends TransientActionFactory<Job> {
  private final Class<? extends Action> kind;
  private final Function<Job<?, ?>, Optional<Action>> action;

  /**
   * A factory.
   *
   * @param action the action of a job; empty: the job has none
   */
  JobActionFactory(Class<? extends Action> kind, Function<Job<?, ?>, Optional<Action>> action) {
    this.kind = kind;
    this.action = action;
  }

  @Override
  public final Class<Job> type() {
    return Job.class;
  }

  @Override
  public final Class<? extends Action> actionType() {
    return kind;
  }

  @Override
  public final Collection<? extends Action> createFor(Job target) {
    Job<?, ?> job = target;
    return action.apply(job).map(List::of).orElseGet(List::of);
  }
}
