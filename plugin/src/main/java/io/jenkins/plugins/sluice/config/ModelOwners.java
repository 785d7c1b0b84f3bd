package io.jenkins.plugins.sluice.config;

import hudson.AbortException;
import io.jenkins.plugins.sluice.form.FormText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The jobs that may change the models of a registry, a line for each model: {@code MODEL: FOLDER,
 * JOB}. The model {@code *} stands for all that no other line names. Without a line for it nobody
 * may change a model, unless there is no line at all: then all may.
 *
 * @param jobs full names of folders and jobs by model
 */
record ModelOwners(SortedMap<String, List<String>> jobs) {
  private static final String ALL_OTHERS = "*";

  /**
   * Reads the lines of a form.
   *
   * @throws IllegalArgumentException whose message names the line that is wrong
   */
  static ModelOwners parse(String text) {
    TreeMap<String, List<String>> jobs = new TreeMap<>();
    for (String line : FormText.lines(text)) {
      int colon = line.indexOf(':');
      String model = colon < 0 ? "" : line.substring(0, colon).strip();
      List<String> named = new ArrayList<>();
      for (String job : line.substring(colon + 1).split(",", -1)) {
        if (job.isBlank()) {
          named.clear();
          break;
        }
        named.add(job.strip());
      }
      if (model.isEmpty() || named.isEmpty()) {
        throw new IllegalArgumentException("a line of models is MODEL: FOLDER, JOB, not " + line);
      }
      if (jobs.put(model, List.copyOf(named)) != null) {
        throw new IllegalArgumentException("there are two lines of the model " + model);
      }
    }
    return new ModelOwners(jobs);
  }

  boolean isEmpty() {
    return jobs.isEmpty();
  }

  /**
   * Refuses a job that may not change a model.
   *
   * @param registry id for the message
   */
  void check(String model, String job, String registry) throws AbortException {
    if (isEmpty()) {
      return;
    }
    Map<String, List<String>> of = jobs;
    List<String> may = of.getOrDefault(model, of.getOrDefault(ALL_OTHERS, List.of()));
    if (may.stream().anyMatch(f -> ConfiguredService.isIn(job, f))) {
      return;
    }
    throw new AbortException(
        job
            + " may not change the model "
            + model
            + " of registry "
            + registry
            + ": "
            + (may.isEmpty()
                ? "its configuration names no job that may"
                : "its configuration names " + String.join(", ", may)));
  }
}
