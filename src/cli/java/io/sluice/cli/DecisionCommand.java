package io.sluice.cli;

import picocli.CommandLine.Option;

/** A person's decision about releases: the promotion log keeps who made it and why. */
abstract class DecisionCommand extends ReleaseCommand {
  @Option(names = "--reason", required = true, description = "Why, in your words; it is logged.")
  private String reason = "";

  DecisionCommand(Terminal terminal) {
    super(terminal);
  }

  /** Refuses a reason that says nothing before a registry is started for it. */
  @Override
  public final Integer call() {
    reason();
    return super.call();
  }

  final String reason() {
    return ReasonOption.given(reason);
  }
}
