package jenkins.model;

import hudson.model.Action;
import hudson.model.Job;
import hudson.model.Queue;
import hudson.model.Run;

/** A signature, see the README. */
public abstract class ParameterizedJobMixIn<
    JobT extends Job<JobT, RunT> & ParameterizedJobMixIn.ParameterizedJob<JobT, RunT>,
    RunT extends Run<JobT, RunT>> {

  public static Queue.Item scheduleBuild2(Job<?, ?> job, int quietPeriod, Action... actions) {
    throw new UnsupportedOperationException();
  }

  /** A job that can be started. */
  public interface ParameterizedJob<
      JobT extends Job<JobT, RunT> & ParameterizedJob<JobT, RunT>, RunT extends Run<JobT, RunT>> {}
}
