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
 * @param taskNames what the pipeline refers to in the {@link Catalog}, sorted
 */
public record Compiled(Pipeline pipeline, List<String> taskNames) {
  public Compiled {
    taskNames = List.copyOf(taskNames);
  }

  /** The tasks that the pipeline refers to, sorted by name. */
  public List<Task> tasks() {
    return taskNames.stream().map(Catalog::task).toList();
  }

  /**
   * The files to commit, by name: {@code pipeline.yaml} and {@code tasks/<name>.yaml}. Tasks are
   * the catalog's own files, byte for byte: who reviews them has read them before.
   */
  public Map<String, String> files() {
    Map<String, String> files = new TreeMap<>();
    files.put("pipeline.yaml", TektonYaml.write(pipeline));
    for (String name : taskNames) {
      files.put("tasks/" + name + ".yaml", Catalog.text(name));
    }
    return Collections.unmodifiableMap(files);
  }
}
