package io.sluice.cluster.fold;

import io.sluice.cluster.AsRead;
import java.util.Map;

/** Objects of a cluster as short texts: JSON whose quotes may be single. */
public final class Objects {
  private Objects() {}

  /** A PipelineRun of tasks a and b, finally z, whose condition is this. */
  static ObservedRun run(String status, String reason, String rest) {
    return AsRead.run(
        """
        {metadata: {name: 'r-1'}, spec: {}, status: {
          conditions: [{type: 'Succeeded', status: '%s', reason: '%s', message: 'said Tekton'}],
          pipelineSpec: {tasks: [{name: 'a'}, {name: 'b', onError: 'continue'}], finally: [{name: 'z'}]}%s}}
        """
            .formatted(status, reason, rest.isEmpty() ? "" : ", " + rest));
  }

  /** A TaskRun of a task, its condition and steps. */
  static ObservedTaskRun taskRun(String task, String status, String reason, String steps) {
    return AsRead.taskRun(
        """
        {metadata: {name: 'r-1-%1$s', labels: {'tekton.dev/pipelineTask': '%1$s'}}, status: {
          conditions: [{type: 'Succeeded', status: '%2$s', reason: '%3$s', message: 'said Tekton'}],
          podName: 'r-1-%1$s-pod', startTime: '2026-11-24T10:00:00Z', completionTime: '2026-11-24T10:00:07Z',
          steps: [%4$s]}}
        """
            .formatted(task, status, reason, steps));
  }

  static String step(String name, int exitCode, String outcome) {
    return """
    {name: '%s', container: 'step-%s', terminationReason: '%s', terminated: {
      exitCode: %d, reason: 'Completed', startedAt: '2026-11-24T10:00:01Z', finishedAt: '2026-11-24T10:00:07Z'}}
    """
        .formatted(name, name, outcome, exitCode);
  }

  /** A step that Tekton gave up before its container ran. */
  static String unbegun(String name, String reason) {
    return """
    {name: '%s', container: 'step-%s', terminationReason: '%s', terminated: {
      exitCode: 1, reason: '%s', startedAt: null, finishedAt: '2026-11-24T10:00:07Z'}}
    """
        .formatted(name, name, reason, reason);
  }

  static String step(String name) {
    return "{name: '%s', container: 'step-%s', running: {}}".formatted(name, name);
  }

  /** A pod of a task, with its status and the containers' states by name. */
  static ObservedPod pod(String task, String status, Map<String, String> containers) {
    StringBuilder specs = new StringBuilder();
    StringBuilder states = new StringBuilder();
    containers.forEach((name, state) -> {
      specs.append("{name: '%s', image: 'acme/%s:1'},".formatted(name, name));
      states.append("{name: '%s', state: %s},".formatted(name, state));
    });
    return AsRead.pod(
        """
        {metadata: {name: 'r-1-%1$s-pod', uid: 'u-%1$s', labels: {'tekton.dev/pipelineTask': '%1$s'}},
         spec: {nodeName: 'n1', containers: [%2$s]},
         status: {%4$s containerStatuses: [%3$s]}}
        """
            .formatted(task, trimmed(specs), trimmed(states), status));
  }

  private static String trimmed(StringBuilder list) {
    return list.isEmpty() ? "" : list.substring(0, list.length() - 1);
  }
}
