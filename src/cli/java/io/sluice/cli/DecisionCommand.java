package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
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
  public final Integer call() throws InterruptedException {
    reason();
    return super.call();
  }

  /** The log may have the decision already, and a second one would come on top of it. */
  @Override
  final Diagnostic interrupted() {
    return LocalShutdown.beforeTheDecision();
  }

  final String reason() {
    return ReasonOption.given(reason);
  }
}
