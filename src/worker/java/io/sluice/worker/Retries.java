package io.sluice.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which attempt of a stage a process belongs to.
 *
 * <p>Tekton replaces {@code $(context.task.retry-count)} in a referenced task once, at the first
 * attempt, and gives later attempts what came of it (checked with 1.15): all would be attempt 0 and
 * write over each other's records. The pod's name tells them apart, {@code <taskrun>-pod-retry<n>},
 * and a container's {@code HOSTNAME} is its pod's name.
 */
final class Retries {
  private static final String OPTION = "--attempt";
  private static final Pattern POD = Pattern.compile(".*-pod-retry([1-9][0-9]{0,3})");

  private Retries() {}

  /** The arguments with the number of the attempt that the pod's name tells, if it tells one. */
  static List<String> counted(List<String> arguments, Map<String, String> environment) {
    Matcher pod = POD.matcher(environment.getOrDefault("HOSTNAME", ""));
    int option = arguments.indexOf(OPTION);
    if (!pod.matches() || option < 0 || option + 1 == arguments.size()) {
      return arguments;
    }
    List<String> counted = new ArrayList<>(arguments);
    counted.set(option + 1, pod.group(1));
    return List.copyOf(counted);
  }
}
