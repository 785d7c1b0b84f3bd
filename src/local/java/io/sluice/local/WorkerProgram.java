package io.sluice.local;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The worker's commands as they run inside this JVM: what the image {@code worker} does in a pod,
 * without a process of its own. Behaves as the process {@code sluice-worker} would: same arguments,
 * variables, output and exit code.
 */
public interface WorkerProgram {

  /**
   * Runs one command.
   *
   * @param argv the arguments after the program's name, for example {@code [fetch, --run, ..]}
   * @param env the whole environment of the step; the JVM's own must not be read
   * @param workingDirectory what relative paths are resolved against
   * @param out the step's standard output: UTF-8, shown line by line as it comes
   * @param err the step's standard error
   * @return the exit code, 0..255
   * @throws InterruptedException when the thread is interrupted (the run was cancelled, or the step
   *     ran out of time); must come soon after, with nothing half-written left behind
   */
  int run(
      List<String> argv,
      Map<String, String> env,
      Path workingDirectory,
      PrintStream out,
      PrintStream err)
      throws InterruptedException;
}
