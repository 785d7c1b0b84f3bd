package io.sluice.tekton.lower;

import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.yaml.TektonYaml;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A plan as Tekton's objects, the same for every run.
 *
 * @param tasks of the catalog that the pipeline refers to, sorted by name
 */
public record Compiled(Pipeline pipeline, List<Task> tasks) {
  public Compiled {
    tasks = List.copyOf(tasks);
  }

  /** The files to commit, by name: {@code pipeline.yaml} and {@code tasks/<name>.yaml}. */
  public Map<String, String> files() {
    Map<String, String> files = new TreeMap<>();
    files.put("pipeline.yaml", TektonYaml.write(pipeline));
    for (Task task : tasks) {
      files.put("tasks/" + task.metadata().name().orElseThrow() + ".yaml", TektonYaml.write(task));
    }
    return Collections.unmodifiableMap(files);
  }
}
