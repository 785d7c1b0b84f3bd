package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.sluice.cluster.fold.BlockedReason;
import io.sluice.cluster.fold.Tree;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.spec.TargetSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Copies a working tree's code into a target's store. A pod of the worker's image mounts the store,
 * reads an archive from its standard input and ends; clients never open the store themselves.
 */
public final class Upload {
  /** Labels the pods of uploads, so that the garbage collector finds them. */
  static final String LABEL = "sluice.io/upload";

  private static final String CONTAINER = "receive";
  private static final String STORE = "/workspace/store";
  private static final long USER = 65532;
  private static final int BLOCK = 10_240;

  /** How long a pod may be blocked for the same reason before the upload gives up. */
  private static final Duration MAX_BLOCKED = Duration.ofSeconds(20);

  /** How long a node may leave its pod unanswered before that counts as blocked. */
  private static final Duration MAX_UNANSWERED = Duration.ofSeconds(15);

  /** Nodes pull images that are new to them. */
  private static final Duration MAX_START = Duration.ofMinutes(10);

  private static final Duration MAX_TRANSFER = Duration.ofMinutes(5);
  private static final Duration TICK = Duration.ofMillis(200);

  private final Cluster cluster;
  private final TargetSpec target;
  private final Consumer<String> progress;

  /**
   * A file of the code.
   *
   * @param path relative, slash-separated
   */
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  public record File(String path, boolean executable, byte[] content) {}

  /**
   * An upload to a target.
   *
   * @param progress told in words what is waited for
   */
  public Upload(Cluster cluster, TargetSpec target, Consumer<String> progress) {
    this.cluster = cluster;
    this.target = target;
    this.progress = progress;
  }

  /** The digest that code has in the store, wherever it is. */
  public static Digest digest(List<File> files) {
    return new Manifest(
            Optional.empty(),
            Map.of(),
            files.stream()
                .map(f ->
                    new Manifest.Entry(
                        f.path(), f.executable(), f.content().length, Digest.of(f.content())))
                .toList())
        .digest();
  }

  /**
   * Puts the files into the store; returns the digest of their manifest.
   *
   * @throws SluiceException exit code 2: SLU-3721 when the pod cannot start; exit code 3: SLU-3722
   *     when the code does not get there
   */
  public Digest put(List<File> files) throws InterruptedException {
    Digest digest = digest(files);
    Pod pod =
        cluster.call(
            "create",
            "pods",
            () ->
                cluster
                    .client()
                    .pods()
                    .inNamespace(cluster.namespace())
                    .resource(pod(target, cluster.namespace(), digest))
                    .create());
    PodResource resource =
        cluster
            .client()
            .pods()
            .inNamespace(cluster.namespace())
            .withName(pod.getMetadata().getName());
    try {
      awaitStart(pod.getMetadata().getName());
      String answer = send(pod.getMetadata().getName(), resource, files);
      if (!answer.equals(digest.toString())) {
        throw failed("it answered " + (answer.isEmpty() ? "nothing" : answer), resource, null);
      }
      return digest;
    } finally {
      remove(resource);
    }
  }

  /** The pod as it is now; nothing when it is not there. */
  static Tree seen(Cluster cluster, String pod) {
    GenericKubernetesResource found =
        cluster.call("get", "pods", () -> cluster.pods().withName(pod).get());
    return found == null ? new Tree(null) : Observations.tree(found);
  }

  private void remove(PodResource resource) {
    try {
      resource.withGracePeriod(0).delete();
    } catch (KubernetesClientException e) {
      progress.accept("the pod that took the code is left to `sluice gc`: " + ApiErrors.message(e));
    }
  }

  private void awaitStart(String pod) throws InterruptedException {
    long start = System.nanoTime();
    Optional<String> blocked = Optional.empty();
    long since = start;
    long answered = start;
    while (true) {
      Tree seen = seen(cluster, pod);
      if (!seen.isPresent()) {
        throw notStarted("it was deleted");
      }
      String phase = seen.at("status", "phase").text();
      if (!phase.equals("Pending") && !phase.isEmpty()) {
        return;
      }
      Optional<String> silent = BlockedReason.unanswering(seen);
      if (silent.isEmpty()) {
        answered = System.nanoTime();
      }
      boolean late = System.nanoTime() - answered > MAX_UNANSWERED.toNanos();
      Optional<String> now =
          BlockedReason.of(seen)
              .or(() -> silent.filter(n -> late).map(n -> "node " + n + " does not answer"));
      if (!now.equals(blocked)) {
        now.ifPresent(progress);
        blocked = now;
        since = System.nanoTime();
      }
      long waited = System.nanoTime() - since;
      if (blocked.isPresent() && waited > MAX_BLOCKED.toNanos()) {
        throw notStarted(blocked.get());
      }
      if (System.nanoTime() - start > MAX_START.toNanos()) {
        throw notStarted("it did not start within " + MAX_START.toMinutes() + " minutes");
      }
      Thread.sleep(TICK);
    }
  }

  private SluiceException notStarted(String why) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-3721",
            "the pod that takes the code to the store does not start: " + why,
            "see `sluice doctor --on`: it checks the store's claim or secret, the images and the"
                + " quota of namespace "
                + cluster.namespace()));
  }

  /** Sends the archive and takes the answer. */
  private String send(String pod, PodResource resource, List<File> files)
      throws InterruptedException {
    try (AttachStream attached = attached(pod)) {
      try {
        archive(files, attached.input());
      } catch (IOException e) {
        throw failed(e.getMessage() + said(attached), resource, e);
      }
      awaitEnd(pod, resource, attached);
      return last(attached.output()).or(() -> last(log(resource))).orElse("");
    } catch (IOException e) {
      throw failed(String.valueOf(e.getMessage()), resource, e);
    }
  }

  private AttachStream attached(String pod) throws IOException, InterruptedException {
    try {
      return AttachStream.to(cluster, pod, CONTAINER);
    } catch (KubernetesClientException e) {
      throw ApiErrors.toException(e, "create", "pods/attach", cluster);
    }
  }

  private void awaitEnd(String pod, PodResource resource, AttachStream attached)
      throws InterruptedException {
    long start = System.nanoTime();
    while (true) {
      Tree seen = seen(cluster, pod);
      switch (seen.isPresent() ? seen.at("status", "phase").text() : "gone") {
        case "Succeeded" -> {
          return;
        }
        case "Failed", "gone" -> throw failed("its pod failed" + said(attached), resource, null);
        default -> {
          if (System.nanoTime() - start > MAX_TRANSFER.toNanos()) {
            throw failed(
                "it took longer than " + MAX_TRANSFER.toMinutes() + " minutes", resource, null);
          }
          Thread.sleep(TICK);
        }
      }
    }
  }

  private static String said(AttachStream attached) {
    String text = attached.error().strip();
    return text.isEmpty() ? "" : ": " + text;
  }

  private SluiceException failed(String why, PodResource resource, @Nullable Exception cause) {
    String log = log(resource);
    return new SluiceException(
        ExitCode.UNREACHABLE,
        List.of(
            Diagnostic.of(
                "SLU-3722",
                "the code did not get into the store: " + why + (log.isEmpty() ? "" : "; " + log),
                "run it again; if it stays, is the store writable for user " + USER + "?")),
        cause);
  }

  private static Optional<String> last(String text) {
    return text.lines().filter(l -> !l.isBlank()).reduce((a, line) -> line);
  }

  /** Its last lines; none when the cluster does not give them. */
  private static String log(PodResource resource) {
    try {
      return resource.tailingLines(5).getLog().strip();
    } catch (KubernetesClientException e) {
      return "";
    }
  }

  private static void archive(List<File> files, OutputStream to) throws IOException {
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(to, BLOCK)) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(true);
      for (File file : files) {
        TarArchiveEntry entry = new TarArchiveEntry(file.path());
        entry.setSize(file.content().length);
        entry.setMode(file.executable() ? 0100755 : 0100644);
        entry.setLastModifiedTime(java.nio.file.attribute.FileTime.from(Instant.EPOCH));
        tar.putArchiveEntry(entry);
        tar.write(file.content());
        tar.closeArchiveEntry();
      }
      tar.finish();
      tar.flush();
    }
  }

  /** The pod; like every pod of a run it passes the {@code restricted} level. */
  static Pod pod(TargetSpec target, String namespace, Digest digest) {
    return pod(
        target,
        namespace,
        digest.brief(),
        MAX_START.plus(MAX_TRANSFER),
        List.of(container(target)),
        List.of(store(target)));
  }

  /** A pod that starts each of these images and does nothing, where pods of uploads run. */
  static Pod probe(TargetSpec target, String namespace, List<String> images) {
    return pod(
        target,
        namespace,
        "doctor",
        MAX_TRANSFER,
        IntStream.range(0, images.size())
            .mapToObj(i ->
                confined(probeContainer(i), images.get(i), "16Mi", "64Mi")
                    .withCommand("/bin/sh", "-c", ":")
                    .build())
            .toList(),
        List.of());
  }

  /** The container of an image by its position among those of a {@link #probe}. */
  static String probeContainer(int position) {
    return "image-" + position;
  }

  private static Pod pod(
      TargetSpec target,
      String namespace,
      String label,
      Duration atMost,
      List<Container> containers,
      List<Volume> volumes) {
    return new PodBuilder()
        .withNewMetadata()
        .withGenerateName("sluice-upload-" + label + "-")
        .withNamespace(namespace)
        .addToLabels("app.kubernetes.io/part-of", "sluice")
        .addToLabels(LABEL, label)
        .endMetadata()
        .withNewSpec()
        .withRestartPolicy("Never")
        .withActiveDeadlineSeconds(atMost.toSeconds())
        .withAutomountServiceAccountToken(false)
        .withServiceAccountName(target.serviceAccounts().reader().orElse(null))
        .withNodeSelector(Map.copyOf(target.pods().nodeSelector()))
        .withTolerations(tolerations(target))
        .withPriorityClassName(target.pods().priorityClass().orElse(null))
        .withImagePullSecrets(
            target.pods().pullSecrets().stream().map(LocalObjectReference::new).toList())
        .withNewSecurityContext()
        .withRunAsNonRoot(true)
        .withRunAsUser(USER)
        .withRunAsGroup(USER)
        .withFsGroup(USER)
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .endSecurityContext()
        .withContainers(containers)
        .withVolumes(volumes)
        .addNewVolume()
        .withName("tmp")
        .withNewEmptyDir()
        .endEmptyDir()
        .endVolume()
        .endSpec()
        .build();
  }

  private static Container container(TargetSpec target) {
    return confined(CONTAINER, target.images().worker(), "256Mi", "1Gi")
        .withCommand("sluice-worker", "receive", "--store", STORE)
        .withStdin(true)
        .withStdinOnce(true)
        .addNewVolumeMount()
        .withName("store")
        .withMountPath(STORE)
        .endVolumeMount()
        .build();
  }

  private static ContainerBuilder confined(String name, String image, String memory, String most) {
    return new ContainerBuilder()
        .withName(name)
        .withImage(image)
        .addNewVolumeMount()
        .withName("tmp")
        .withMountPath("/tmp")
        .endVolumeMount()
        .withNewSecurityContext()
        .withAllowPrivilegeEscalation(false)
        .withReadOnlyRootFilesystem(true)
        .withNewCapabilities()
        .withDrop("ALL")
        .endCapabilities()
        .endSecurityContext()
        .withNewResources()
        .addToRequests("memory", new Quantity(memory))
        .addToLimits("memory", new Quantity(most))
        .endResources();
  }

  private static List<Toleration> tolerations(TargetSpec target) {
    return target.pods().tolerations().stream()
        .map(t ->
            new TolerationBuilder()
                .withKey(t.key().orElse(null))
                .withOperator(t.value().isPresent() ? "Equal" : "Exists")
                .withValue(t.value().orElse(null))
                .withEffect(t.effect().orElse(null))
                .withTolerationSeconds(t.limit().map(Duration::toSeconds).orElse(null))
                .build())
        .toList();
  }

  private static Volume store(TargetSpec target) {
    return switch (target.store()) {
      case TargetSpec.Store.Claim claim ->
          new VolumeBuilder()
              .withName("store")
              .withNewPersistentVolumeClaim(claim.name(), false)
              .build();
      case TargetSpec.Store.S3 bucket ->
          new VolumeBuilder()
              .withName("store")
              .withNewSecret()
              .withSecretName(bucket.secret())
              .endSecret()
              .build();
    };
  }
}
