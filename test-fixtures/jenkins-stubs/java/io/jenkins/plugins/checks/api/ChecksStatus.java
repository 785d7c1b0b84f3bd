package io.jenkins.plugins.checks.api;

/** A signature, see the README. */
public enum ChecksStatus {
  COMPLETED
}
