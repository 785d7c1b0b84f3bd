package io.sluice.core.diag;

/** The documented exit codes of every command. */
public enum ExitCode {
  /** Done: promoted, held, or nothing to do. */
  DONE(0),
  /** A run failed: a stage, or the machinery under it. */
  RUN_FAILED(1),
  /** The input is wrong: spec, arguments, a bundle, a table. */
  INPUT_WRONG(2),
  /** A service cannot be reached or does not answer as it should. */
  UNREACHABLE(3),
  /** The champion moved while this run was going: the promotion lost the race. */
  CHAMPION_MOVED(4),
  /** The gate held, and {@code --fail-on-hold} was given. */
  HELD(5),
  /** Ended by Ctrl-C, as shells count it (128 + SIGINT). */
  INTERRUPTED(130);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  /** The process exit status, 0..255. */
  public int code() {
    return code;
  }
}
