package io.sluice.core.spec;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What belongs to a cluster and not to a pipeline, as {@code targets/<name>.yaml} says it: where
 * runs go, what they run in, what they may use.
 *
 * @param context of the kubeconfig; empty: its current one
 * @param registry where its runs find the registry; empty: nowhere, so that they fail
 * @param tuning what trials in pods of their own need
 * @param stages what single stages have of their own, by name, families spelled out
 * @param queue Kueue's local queue; empty: none
 * @param keep how long a run's objects stay after its end
 * @param waiting how long a stage may wait for a node, for images and for the steps around its
 *     command; the stage's timeout counts for the command alone
 */
public record TargetSpec(
    String namespace,
    Optional<String> context,
    Store store,
    Registry registry,
    Tuning tuning,
    Images images,
    ServiceAccounts serviceAccounts,
    Pods pods,
    SortedMap<String, StagePods> stages,
    Optional<String> queue,
    Duration keep,
    Duration waiting) {

  /** The kind that the file names itself. */
  public static final String KIND = "Target";

  /** How long a run's objects stay when the target does not say. */
  public static final Duration KEEP = Duration.ofDays(7);

  /** How long a stage may wait when the target does not say. */
  public static final Duration WAIT = Duration.ofHours(1);

  /** Where artifacts are. */
  public sealed interface Store {
    /**
     * A volume claim that many nodes can mount.
     *
     * @param singleNode declares that all pods run on one node, so that a claim of one node will do
     */
    record Claim(String name, boolean singleNode) implements Store {}

    /** A bucket; the secret's key {@code s3.json} says which, and by whose leave. */
    record S3(String secret) implements Store {}
  }

  /**
   * Secrets whose keys are variables, such as {@code MLFLOW_TRACKING_URI}.
   *
   * @param read what resolve may use
   * @param write what register, promote and record may use
   * @param uri where a client outside of the cluster finds the same registry
   */
  public record Registry(Optional<String> read, Optional<String> write, Optional<String> uri) {
    static final Registry NONE = new Registry(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * How trials side by side get pods of their own.
   *
   * @param storage the Secret whose key {@code OPTUNA_STORAGE_URL} is where they meet; empty: they
   *     share the pod of their stage
   */
  public record Tuning(Optional<String> storage) {
    static final Tuning NONE = new Tuning(Optional.empty());
  }

  /**
   * Images by digest.
   *
   * @param roles of Sluice's own parts; {@link ImageRole#WORKER} is always among them
   * @param environments by the environment's name, instead of the spec's
   */
  public record Images(Map<ImageRole, String> roles, SortedMap<String, String> environments) {
    public Images {
      roles = Collections.unmodifiableMap(new TreeMap<>(roles));
    }

    /** The image with {@code sluice-worker}. */
    public String worker() {
      return ImageRole.WORKER.in(roles).orElseThrow();
    }
  }

  /**
   * Accounts of pods.
   *
   * @param reader of all stages but those
   * @param writer of those that write to the registry
   */
  public record ServiceAccounts(Optional<String> reader, Optional<String> writer) {
    static final ServiceAccounts NONE = new ServiceAccounts(Optional.empty(), Optional.empty());
  }

  /**
   * What all pods have.
   *
   * @param pullSecrets that the kubelet may pull images with
   */
  public record Pods(
      SortedMap<String, String> nodeSelector,
      List<Toleration> tolerations,
      List<String> pullSecrets,
      Optional<String> priorityClass) {
    static final Pods NONE = new Pods(SpecModel.none(), List.of(), List.of(), Optional.empty());
  }

  /** What the pods of one stage have beyond that; its selector's labels win. */
  public record StagePods(
      Spec.Resources resources,
      SortedMap<String, String> nodeSelector,
      List<Toleration> tolerations) {}

  /**
   * A taint of nodes that pods tolerate.
   *
   * @param key empty: all taints
   * @param value empty: whatever its value is
   * @param effect empty: whatever its effect is
   * @param limit how long a pod stays once the taint appears; only with {@link #NO_EXECUTE}; empty:
   *     for ever
   */
  public record Toleration(
      Optional<String> key,
      Optional<String> value,
      Optional<String> effect,
      Optional<Duration> limit) {}

  /** The effect of a taint that moves pods which run. */
  static final String NO_EXECUTE = "NoExecute";
}
