package io.jenkins.plugins.sluice.agent;

import hudson.AbortException;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.sluice.core.run.RunId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * The command of a run on an agent. The script is always the same: the parameters of a step reach
 * the program in a variable, one argument a line, and are never part of the script.
 */
@Restricted(NoExternalUse.class)
public final class SluiceCommand {
  public static final String ARGUMENTS = "SLUICE_ARGUMENTS";
  public static final String HOME = "SLUICE_HOME";

  /** The run's id, for the script. */
  public static final String RUN = "SLUICE_STEP";

  /** The same, in what the program and all that it starts were given, and in nothing else. */
  public static final String PROCESS = "SLUICE_PROCESS";

  /** Path of the file that the program's process id goes to. */
  public static final String PID_FILE = "SLUICE_PID_FILE";

  /**
   * Asks the program alone to end, by the file that is its only argument: it ends its stages,
   * writes its record, and stops what it had started. Told by Jenkins to all processes at once, the
   * registry's server would be gone before the record is written.
   */
  public static final String END = "read -r p rest <\"$0\" && kill -TERM \"$p\"";

  /** Exit code of {@link #END_OWN}: there is no such process. */
  static final int NOT_THERE = 3;

  /** Exit code of {@link #END_OWN}: its processes are not seen from here. */
  static final int ELSEWHERE = 4;

  /**
   * As {@link #END}, when nobody has followed the program for a while: its first argument is the
   * file, the second one the id that the process must have been given, because another process may
   * have the number by now.
   */
  static final String END_OWN =
      """
      [ -f "$0" ] || exit 3
      read -r p space <"$0"
      case $p in ''|*[!0-9]*) exit 3 ;; esac
      here=$(readlink /proc/self/ns/pid 2>/dev/null || :)
      [ "$space" = "$here" ] || exit 4
      if [ -d /proc/self ]; then
        tr '\\0' '\\n' <"/proc/$p/environ"
      else
        ps eww -o command= -p "$p" | tr ' ' '\\n'
      fi 2>/dev/null | grep -qxF -- "SLUICE_PROCESS=$1" || exit 3
      kill -TERM "$p"
      """;

  public static final String SCRIPT =
      """
      #!/bin/sh
      set -euf
      echo "$$ $(readlink /proc/self/ns/pid 2>/dev/null || :)" >"$SLUICE_PID_FILE"
      if [ -z "${SLUICE_HOME:-}" ]; then
        program=sluice
      elif [ -x "$SLUICE_HOME/bin/sluice" ]; then
        program="$SLUICE_HOME/bin/sluice"
      else
        program="$SLUICE_HOME/sluice"
      fi
      IFS='
      '
      set -- $SLUICE_ARGUMENTS
      SLUICE_PROCESS=${SLUICE_STEP:-}
      export SLUICE_PROCESS
      unset IFS SLUICE_ARGUMENTS SLUICE_STEP SLUICE_PID_FILE
      exec "$program" "$@"
      """;

  public static final String NO_PULL_REQUESTS =
      "runner: 'local' writes to the registry of production, so it is not for pull requests: use a"
          + " cluster";

  private SluiceCommand() {}

  /**
   * The arguments of the program.
   *
   * @param record path of the file that the run's record goes to
   * @param stage null for the whole run
   */
  public static List<String> arguments(
      RunRequest request, RunId run, String record, @Nullable AgentStage stage)
      throws AbortException {
    String folder = PipelineFiles.clean(request.pipeline());
    if (!PipelineFiles.clean(request.spec()).equals(request.spec())) {
      throw new AbortException(
          "the spec is a file of the pipeline's folder, not " + request.spec());
    }
    List<String> out = new ArrayList<>();
    out.add("run");
    // so that a name that begins with a hyphen is not read as an option
    out.add("./" + (folder.isEmpty() ? "" : folder + "/") + request.spec());
    out.add("--run-id=" + run);
    out.add("--record=" + record);
    if (!request.profile().isEmpty()) {
      out.add("--profile=" + request.profile());
    }
    request.settings().forEach(s -> out.add("--set=" + s));
    if (!request.asOf().isEmpty()) {
      out.add("--as-of=" + request.asOf());
    }
    if (stage != null) {
      out.add("--stage=" + stage.stage());
      stage.changes().forEach(c -> out.add("--change=" + c));
      if (stage.trials() != null) {
        out.add("--trials=" + stage.trials());
      }
    }
    for (String argument : out) {
      if (argument.indexOf('\n') >= 0 || argument.indexOf('\r') >= 0) {
        throw new AbortException("a parameter of the step holds more than one line: " + argument);
      }
    }
    return List.copyOf(out);
  }

  /** What a program that ended so means; not for one that ended with 0. */
  public static String words(int code) {
    return switch (code) {
      case 1 -> "the run failed; its log is above";
      case 2 -> "the pipeline or a parameter of the step is wrong; the log above says where";
      case 3 -> "a service that the run needs could not be reached; the log above says which";
      case 4 -> "the champion moved while the run was going: nothing was promoted";
      case 126, 127 ->
          "the program sluice was not found on the agent: configure an installation under Tools, or"
              + " put it on the PATH";
      case 130, 143 -> "the run was ended";
      case -1 -> "the program is gone: the agent was restarted, or the program was killed";
      default -> "sluice ended with exit code " + code + "; its log is above";
    };
  }
}
