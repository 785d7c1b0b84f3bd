package io.sluice.cli;

import io.sluice.app.Releases;
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

  /** What a person should know where the files of their version could not be looked at. */
  static String unread(Releases.Decided done) {
    return done.unread()
        .map(why ->
            "! its files could not be looked at: "
                + why
                + (done.entry().bundle().isPresent()
                    ? "; the log keeps the digest that it had of them\n"
                    : "; the log has no digest of them, and serving refuses the version\n"))
        .orElse("");
  }

  final String reason() {
    return ReasonOption.given(reason);
  }
}
