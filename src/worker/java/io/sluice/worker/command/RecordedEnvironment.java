package io.sluice.worker.command;

import java.util.Optional;

/**
 * The environment that a version recorded for its predict command.
 *
 * @param name in the spec of that run
 * @param image that its family trained in
 * @param python version of the interpreter
 * @param lock text of the lock file
 */
public record RecordedEnvironment(
    String name, String image, Optional<String> python, Optional<String> lock) {
  /** How images of environments begin that a runner on one machine builds itself. */
  public static final String LOCAL = "local/";
}
