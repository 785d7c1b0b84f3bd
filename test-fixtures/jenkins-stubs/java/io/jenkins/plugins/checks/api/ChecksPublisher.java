package io.jenkins.plugins.checks.api;

/** A signature, see the README. */
public abstract class ChecksPublisher {
  public abstract void publish(ChecksDetails details);
}
