package io.jenkins.plugins.sluice.failure;

/**
 * Somebody else moved the champion meanwhile, so nothing was promoted or rolled back: the lost
 * race. A run that is started again meets the new champion.
 */
public final class ChampionMovedException extends RunFailedException {
  private static final long serialVersionUID = 1L;

  /** Parameters as of {@link RunFailedException}. */
  public ChampionMovedException(String message, String run, String stage, int exitCode) {
    super(message, run, stage, exitCode);
  }
}
