package io.sluice.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.tekton.v1.ChildStatusReference;
import io.fabric8.tekton.v1.Matrix;
import io.fabric8.tekton.v1.ParamValue;
import io.fabric8.tekton.v1.PipelineRun;
import io.fabric8.tekton.v1.PipelineRunResult;
import io.fabric8.tekton.v1.PipelineRunStatus;
import io.fabric8.tekton.v1.PipelineSpec;
import io.fabric8.tekton.v1.PipelineTask;
import io.fabric8.tekton.v1.SkippedTask;
import io.fabric8.tekton.v1.StepState;
import io.fabric8.tekton.v1.TaskRef;
import io.fabric8.tekton.v1.TaskRun;
import io.fabric8.tekton.v1.TaskRunResult;
import io.fabric8.tekton.v1.TaskRunStatus;
import io.sluice.cluster.fold.Condition;
import io.sluice.cluster.fold.ObservedPod;
import io.sluice.cluster.fold.ObservedRun;
import io.sluice.cluster.fold.ObservedTaskRun;
import io.sluice.cluster.fold.Tree;
import io.sluice.core.json.Json;
import io.sluice.tekton.lower.SelfContained;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects of the client library as observations of a run: PipelineRuns and TaskRuns by
 * Tekton's model, pods in the generic form. An absent part reads as empty.
 */
final class Observations {
  private static final String PIPELINE_TASK = "tekton.dev/pipelineTask";

  private Observations() {}

  static ObservedRun of(PipelineRun run) {
    String asked = run.getSpec() == null ? null : run.getSpec().getStatus();
    PipelineRunStatus status = run.getStatus() == null ? new PipelineRunStatus() : run.getStatus();
    Map<String, String> skipped = new LinkedHashMap<>();
    for (SkippedTask task : all(status.getSkippedTasks())) {
      skipped.put(text(task.getName()), text(task.getReason()));
    }
    Map<String, String> results = new LinkedHashMap<>();
    for (PipelineRunResult result : all(status.getResults())) {
      results.put(text(result.getName()), value(result.getValue()));
    }
    return new ObservedRun(
        text(run.getMetadata().getName()),
        text(asked),
        succeeded(status.getConditions()),
        time(run.getMetadata().getCreationTimestamp()),
        stages(status.getPipelineSpec()),
        all(status.getChildReferences()).stream()
            .filter(c -> "TaskRun".equals(c.getKind()))
            .map(ChildStatusReference::getName)
            .toList(),
        skipped,
        results);
  }

  private static List<ObservedRun.Stage> stages(@Nullable PipelineSpec spec) {
    return spec == null
        ? List.of()
        : Stream.concat(all(spec.getTasks()).stream(), all(spec.getFinally()).stream())
            .map(Observations::stage)
            .toList();
  }

  private static ObservedRun.Stage stage(PipelineTask task) {
    Matrix matrix = task.getMatrix();
    return new ObservedRun.Stage(
        text(task.getName()),
        Optional.ofNullable(task.getTaskRef())
            .map(TaskRef::getName)
            .filter(n -> !n.isEmpty())
            .or(() -> copied(task)),
        "continue".equals(task.getOnError()),
        matrix != null && !all(matrix.getParams()).isEmpty());
  }

  /** The task of the catalog that an embedded one is a copy of. */
  private static Optional<String> copied(PipelineTask task) {
    return Optional.ofNullable(task.getTaskSpec())
        .flatMap(s -> Optional.ofNullable(s.getMetadata()))
        .flatMap(m -> Optional.ofNullable(m.getLabels()))
        .flatMap(labels -> Optional.ofNullable(labels.get(SelfContained.TASK_LABEL)));
  }

  static ObservedTaskRun of(TaskRun taskRun) {
    TaskRunStatus status = taskRun.getStatus() == null ? new TaskRunStatus() : taskRun.getStatus();
    String why = taskRun.getSpec() == null ? null : taskRun.getSpec().getStatusMessage();
    Map<String, String> labels = taskRun.getMetadata().getLabels();
    List<ObservedTaskRun.Attempt> attempts = new ArrayList<>();
    for (TaskRunStatus earlier : all(status.getRetriesStatus())) {
      attempts.add(attempt(earlier));
    }
    attempts.add(attempt(status));
    return new ObservedTaskRun(
        text(taskRun.getMetadata().getName()),
        labels == null ? "" : text(labels.get(PIPELINE_TASK)),
        attempts,
        text(why));
  }

  private static ObservedTaskRun.Attempt attempt(TaskRunStatus status) {
    Condition succeeded = succeeded(status.getConditions());
    String pod = text(status.getPodName());
    // One that is to be retried still has the steps of the attempt before until it has a pod.
    boolean stale = pod.isEmpty() && !succeeded.isDecided();
    return new ObservedTaskRun.Attempt(
        succeeded,
        pod,
        time(status.getStartTime()),
        time(status.getCompletionTime()),
        stale ? List.of() : all(status.getSteps()).stream().map(Observations::step).toList(),
        results(status.getResults()));
  }

  private static ObservedTaskRun.Step step(StepState step) {
    ContainerStateTerminated ended = step.getTerminated();
    return new ObservedTaskRun.Step(
        text(step.getName()),
        text(step.getContainer()),
        ended == null ? Optional.empty() : Optional.ofNullable(ended.getExitCode()),
        ended != null && time(ended.getStartedAt()).isPresent(),
        ended == null ? "" : text(ended.getReason()),
        text(step.getTerminationReason()),
        results(step.getResults()));
  }

  private static Map<String, String> results(@Nullable List<TaskRunResult> results) {
    Map<String, String> out = new LinkedHashMap<>();
    for (TaskRunResult result : all(results)) {
      out.put(text(result.getName()), value(result.getValue()));
    }
    return out;
  }

  /**
   * A result as the local runner gives it: a string as it is, a list as JSON. The model loses the
   * entries of an object, which no task of ours has for a result.
   */
  private static String value(@Nullable ParamValue value) {
    if (value == null) {
      return "";
    }
    List<String> list = value.getArrayVal();
    if (!"array".equals(value.getType()) || list == null) {
      return text(value.getStringVal());
    }
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    list.forEach(array::add);
    return Json.write(array);
  }

  private static Condition succeeded(
      @Nullable List<io.fabric8.knative.pkg.apis.Condition> conditions) {
    return all(conditions).stream()
        .filter(c -> "Succeeded".equals(c.getType()))
        .findFirst()
        .map(c -> new Condition(text(c.getStatus()), text(c.getReason()), text(c.getMessage())))
        .orElse(Condition.NONE);
  }

  static ObservedPod of(GenericKubernetesResource pod) {
    return ObservedPod.of(tree(pod));
  }

  /** A generic object as maps and lists, with what is read of its metadata. */
  static Tree tree(GenericKubernetesResource object) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    ObjectMeta m = object.getMetadata();
    metadata.put("name", m.getName());
    metadata.put("uid", m.getUid());
    metadata.put("creationTimestamp", m.getCreationTimestamp());
    metadata.put("deletionTimestamp", m.getDeletionTimestamp());
    metadata.put("labels", m.getLabels());
    metadata.put("annotations", m.getAnnotations());
    Map<String, Object> whole = new LinkedHashMap<>(object.getAdditionalProperties());
    whole.put("metadata", metadata);
    return new Tree(whole);
  }

  /** An instant as Kubernetes writes it; empty when there is none. */
  static Optional<Instant> time(@Nullable String text) {
    if (text == null || text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private static String text(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static <T> List<T> all(@Nullable List<T> list) {
    return list == null ? Collections.emptyList() : list;
  }
}
