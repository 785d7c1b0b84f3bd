package hudson.model;

import hudson.EnvVars;

/** A signature, see the README. */
public interface EnvironmentSpecific<T extends EnvironmentSpecific<T>> {
  T forEnvironment(EnvVars environment);
}
