package io.sluice.tekton.lower;

import io.sluice.core.plan.Plan;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.TargetSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the pods of a run have that no pipeline says: it belongs to the cluster.
 *
 * @param namespace of the run; empty: whichever it is created in
 * @param reader account of all stages that have no other
 * @param writer account of the stages that write to the registry
 * @param all where and how all pods run
 * @param stages single stages, with what all pods have merged in already
 * @param resources of single stages, which go before the plan's
 * @param waiting how long a stage may wait, on top of the time of its command
 */
public record RunPods(
    Optional<String> namespace,
    Optional<String> reader,
    Optional<String> writer,
    Placement all,
    Map<StageName, Placement> stages,
    Map<StageName, Plan.Resources> resources,
    Duration waiting) {

  /** Kueue takes what bears this label into that queue. */
  static final String QUEUE_LABEL = "kueue.x-k8s.io/queue-name";

  /** Nothing of its own. */
  public static final RunPods PLAIN =
      new RunPods(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          new Placement(Map.of(), List.of(), List.of(), Optional.empty()),
          Map.of(),
          Map.of(),
          TargetSpec.WAIT);

  public RunPods {
    stages = Collections.unmodifiableMap(new TreeMap<>(stages));
    resources = Collections.unmodifiableMap(new TreeMap<>(resources));
  }

  /** Where pods run, by what leave, and with which images' secrets. */
  public record Placement(
      Map<String, String> nodeSelector,
      List<TargetSpec.Toleration> tolerations,
      List<String> pullSecrets,
      Optional<String> priorityClass) {
    public Placement {
      nodeSelector = Collections.unmodifiableMap(new TreeMap<>(nodeSelector));
      tolerations = List.copyOf(tolerations);
      pullSecrets = List.copyOf(pullSecrets);
    }
  }

  /** What a target says. */
  static RunPods of(TargetSpec target) {
    TargetSpec.Pods pods = target.pods();
    Placement all =
        new Placement(
            pods.nodeSelector(), pods.tolerations(), pods.pullSecrets(), pods.priorityClass());
    Map<StageName, Placement> stages = new TreeMap<>();
    Map<StageName, Plan.Resources> resources = new TreeMap<>();
    target
        .stages()
        .forEach((text, own) -> {
          StageName name = new StageName(text);
          if (!own.nodeSelector().isEmpty() || !own.tolerations().isEmpty()) {
            stages.put(name, merged(all, own));
          }
          if (!own.resources().equals(Spec.Resources.NONE)) {
            resources.put(
                name,
                new Plan.Resources(
                    own.resources().cpu(), own.resources().memory(), own.resources().gpu()));
          }
        });
    return new RunPods(
        Optional.of(target.namespace()),
        target.serviceAccounts().reader(),
        target.serviceAccounts().writer(),
        all,
        stages,
        resources,
        target.waiting());
  }

  private static Placement merged(Placement all, TargetSpec.StagePods own) {
    Map<String, String> selector = new TreeMap<>(all.nodeSelector());
    selector.putAll(own.nodeSelector());
    List<TargetSpec.Toleration> tolerations = new ArrayList<>(all.tolerations());
    tolerations.addAll(own.tolerations());
    return new Placement(selector, tolerations, all.pullSecrets(), all.priorityClass());
  }
}
