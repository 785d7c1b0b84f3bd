package io.jenkins.plugins.checks.api;

import hudson.ExtensionPoint;
import hudson.model.Run;
import hudson.model.TaskListener;

/** A signature, see the README. */
public abstract class ChecksPublisherFactory implements ExtensionPoint {
  public static ChecksPublisher fromRun(Run<?, ?> run, TaskListener listener) {
    throw new UnsupportedOperationException();
  }
}
