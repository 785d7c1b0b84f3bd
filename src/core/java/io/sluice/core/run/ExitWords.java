package io.sluice.core.run;

/** What the exit code of a command says, for people. */
public final class ExitWords {
  /**
   * Of a command that was ended because its time was over, as {@code timeout} of coreutils has it.
   */
  public static final int OUT_OF_TIME = 124;

  /** Of a command whose environment could not be set up ({@code EX_CONFIG} of sysexits.h). */
  public static final int NO_ENVIRONMENT = 78;

  /**
   * Of the step store when the command refused what it was given ({@code EX_DATAERR} of
   * sysexits.h): it ended with 2 and left the id of an error of Sluice as its reason. An author's
   * command may end with 2 for any reason, so the code of the command alone says nothing.
   */
  public static final int REFUSED_BY_COMMAND = 65;

  /** Of a command that a signal ended, where nobody says which: on Tekton. */
  public static final int BY_A_SIGNAL = 255;

  private ExitWords() {}

  /** {@code exit code 137 (killed: by hand, or because memory ran out)}. */
  public static String of(int code) {
    String words =
        switch (code) {
          case REFUSED_BY_COMMAND -> "the command refused what it was given";
          case NO_ENVIRONMENT -> "its environment could not be set up";
          case OUT_OF_TIME -> "its time was over";
          case 126 -> "its program cannot be executed";
          case 127 -> "its program was not found, or the one that its first line names";
          case 137 -> "killed: by hand, or because memory ran out";
          case 139 -> "a memory fault";
          case BY_A_SIGNAL -> "ended by a signal, or its own choice of code";
          default -> "";
        };
    return "exit code " + code + (words.isEmpty() ? "" : " (" + words + ")");
  }
}
