package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.sluice.cluster.fold.BlockedReason;
import io.sluice.cluster.fold.Tree;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.spec.TargetSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Has a node start each image of a target, in one pod that does nothing and is removed at once:
 * only a node can tell whether it reaches a registry with the credentials that it is given.
 */
final class ImageProbe {
  /** A large image takes a node minutes; who waits for this answer may ask again. */
  private static final Duration MAX_WAIT = Duration.ofMinutes(3);

  /** How long a pod may be without a node, or an image be refused, before that is the answer. */
  private static final Duration MAX_BLOCKED = Duration.ofSeconds(20);

  private static final Duration TICK = Duration.ofMillis(300);

  private final Cluster cluster;
  private final TargetSpec target;

  ImageProbe(Cluster cluster, TargetSpec target) {
    this.cluster = cluster;
    this.target = target;
  }

  /** The images by what they are for, in the words of a finding. */
  private Map<String, String> images() {
    Map<String, String> images = new LinkedHashMap<>();
    target.images().roles().forEach((role, image) -> images.put("image " + role.word(), image));
    target
        .images()
        .environments()
        .forEach((name, image) -> images.put("image of environment " + name, image));
    return images;
  }

  /** One finding for each image; one for all when the pod cannot be made or gets no node. */
  List<CheckResult> run() throws InterruptedException {
    Map<String, String> images = images();
    List<String> distinct = images.values().stream().distinct().toList();
    Pod made;
    try {
      made =
          cluster
              .client()
              .pods()
              .inNamespace(cluster.namespace())
              .resource(Upload.probe(target, cluster.namespace(), distinct))
              .create();
    } catch (KubernetesClientException e) {
      return List.of(
          CheckResult.unknown(
              "images", "not looked at: no pod can be made: " + ApiErrors.message(e)));
    }
    String name = made.getMetadata().getName();
    try {
      return answers(images, distinct, name);
    } finally {
      remove(name);
    }
  }

  private List<CheckResult> answers(Map<String, String> images, List<String> distinct, String name)
      throws InterruptedException {
    long start = System.nanoTime();
    while (true) {
      Tree pod = Upload.seen(cluster, name);
      Duration waited = Duration.ofNanos(System.nanoTime() - start);
      boolean late = waited.compareTo(MAX_BLOCKED) > 0;
      Optional<String> nowhere = BlockedReason.ofScheduling(pod);
      if (!pod.isPresent() || (late && nowhere.isPresent())) {
        return List.of(
            CheckResult.unknown(
                "images", "not looked at: " + nowhere.orElse("the pod that starts them is gone")));
      }
      List<CheckResult> out = new ArrayList<>();
      images.forEach((what, image) -> {
        String container = Upload.probeContainer(distinct.indexOf(image));
        Optional<String> refused = BlockedReason.ofContainer(pod, container);
        if (BlockedReason.hasBegun(pod, container)) {
          out.add(CheckResult.pass(what, image));
        } else if (refused.isPresent() && late) {
          out.add(CheckResult.fail(what, refused.get()));
        }
      });
      if (out.size() == images.size()) {
        return out;
      }
      if (waited.compareTo(MAX_WAIT) > 0) {
        images.forEach((what, image) -> {
          if (out.stream().noneMatch(f -> f.what().equals(what))) {
            out.add(
                CheckResult.unknown(
                    what, image + " has not started within " + MAX_WAIT.toMinutes() + " minutes"));
          }
        });
        return out;
      }
      Thread.sleep(TICK);
    }
  }

  private void remove(String name) {
    try {
      cluster
          .client()
          .pods()
          .inNamespace(cluster.namespace())
          .withName(name)
          .withGracePeriod(0)
          .delete();
    } catch (KubernetesClientException e) {
      // It does nothing and ends by itself; `sluice gc` removes what is left of it.
      return;
    }
  }
}
