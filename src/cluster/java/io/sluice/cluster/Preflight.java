package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.registry.RegistryVariables;
import io.sluice.core.spec.TargetSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether a cluster has what runs on a target need: versions, Tekton's flags, our rights,
 * the namespace, the store, the keys of secrets, accounts, the queue, the images. It changes
 * nothing but for a pod that starts the images and is removed, and does not keep the values of
 * secrets.
 */
public final class Preflight {
  private static final String TEKTON_NAMESPACE = "tekton-pipelines";
  private static final int OLDEST_KUBERNETES = 28;
  private static final Pattern VERSION = Pattern.compile("v?(\\d+)\\.(\\d+).*");
  private static final int NOT_FOUND = 404;

  private static final ResourceDefinitionContext LOCAL_QUEUES =
      new ResourceDefinitionContext.Builder()
          .withGroup("kueue.x-k8s.io")
          .withVersion("v1beta1")
          .withKind("LocalQueue")
          .withPlural("localqueues")
          .withNamespaced(true)
          .build();

  private final Cluster cluster;
  private final KubernetesClient client;
  private final TargetSpec target;
  private final List<CheckResult> findings = new ArrayList<>();

  public Preflight(Cluster cluster, TargetSpec target) {
    this.cluster = cluster;
    this.client = cluster.client();
    this.target = target;
  }

  /**
   * Makes all checks.
   *
   * @throws SluiceException exit code 3 when the cluster does not answer, or not to us
   */
  public List<CheckResult> run() {
    findings.clear();
    kubernetes();
    check(
        "tekton",
        () -> {
          if (tekton()) {
            check("tekton flags", this::flags);
          }
        });
    if (!namespace()) {
      for (String what : List.of("rights", "store", "registry", "accounts")) {
        findings.add(CheckResult.unknown(what, "not looked at: the namespace is not there"));
      }
      return List.copyOf(findings);
    }
    check("rights", this::rights);
    check("store", this::store);
    secretOf("registry read", target.registry().read(), RegistryVariables.URI);
    secretOf("registry write", target.registry().write(), RegistryVariables.URI);
    secretOf("tuning storage", target.tuning().storage(), "OPTUNA_STORAGE_URL");
    accountOf("reader", target.serviceAccounts().reader());
    accountOf("writer", target.serviceAccounts().writer());
    target.queue().ifPresent(queue -> check("queue", () -> queue(queue)));
    check("admission", this::admission);
    return List.copyOf(findings);
  }

  /**
   * Makes one check; one that cannot be made becomes a finding, and the next is made all the same.
   */
  private void check(String what, Runnable check) {
    try {
      check.run();
    } catch (SluiceException e) {
      findings.add(notLookedAt(what, e));
    }
  }

  /**
   * Has a node start the target's images, in a pod that is removed again; takes as long as they
   * take to be pulled, some minutes at most.
   */
  public List<CheckResult> images() throws InterruptedException {
    try {
      return new ImageProbe(cluster, target).run();
    } catch (SluiceException e) {
      return List.of(notLookedAt("images", e));
    }
  }

  private static CheckResult notLookedAt(String what, SluiceException e) {
    Diagnostic why = e.diagnostics().getFirst();
    return CheckResult.unknown(what, "not looked at: " + why.id() + " " + why.message());
  }

  private void kubernetes() {
    // Not the client's own class for it: servers have grown fields that it refuses.
    String answer = cluster.call("get", "version", () -> client.raw("/version"));
    String version;
    try {
      version = Json.parse(answer).path("gitVersion").asText();
    } catch (IllegalArgumentException e) {
      throw ApiErrors.notKubernetes(e, ApiErrors.brief(answer), "get version", cluster);
    }
    Matcher m = VERSION.matcher(version);
    boolean well = m.matches() && Integer.parseInt(m.group(2)) >= OLDEST_KUBERNETES;
    findings.add(
        new CheckResult(
            "kubernetes",
            well,
            version
                + " at "
                + cluster.address()
                + (well ? "" : ": Tekton needs 1." + OLDEST_KUBERNETES + " or newer")));
  }

  /** Whether there is one that can be asked about. */
  private boolean tekton() {
    if (cluster.call("get", "apis", () -> client.getApiGroup("tekton.dev")) == null) {
      findings.add(
          CheckResult.fail(
              "tekton",
              "the cluster does not have it: install Tekton Pipelines "
                  + Access.OLDEST_TEKTON
                  + " or newer"));
      return false;
    }
    Optional<ConfigMap> info = read("tekton", () -> config("pipelines-info"));
    if (info.isEmpty()) {
      return true;
    }
    String version = info.get().getData().getOrDefault("version", "");
    if (!VERSION.matcher(version).matches()) {
      findings.add(
          CheckResult.unknown(
              "tekton",
              "its version is `"
                  + version
                  + "`, so whether it is "
                  + Access.OLDEST_TEKTON
                  + " or newer is unknown"));
      return true;
    }
    boolean well = isNoOlder(version, Access.OLDEST_TEKTON);
    findings.add(
        new CheckResult(
            "tekton",
            well,
            version
                + (well
                    ? ""
                    : ": the tasks are written for "
                        + Access.OLDEST_TEKTON
                        + "; upgrade, or its webhook refuses them")));
    return true;
  }

  /** The version of Tekton, where it may be read. */
  static Optional<String> tektonVersion(Cluster cluster) {
    try {
      ConfigMap info =
          cluster
              .client()
              .configMaps()
              .inNamespace(TEKTON_NAMESPACE)
              .withName("pipelines-info")
              .get();
      return Optional.ofNullable(info).map(i -> i.getData().getOrDefault("version", ""));
    } catch (KubernetesClientException e) {
      if (ApiErrors.isForbidden(e)) {
        return Optional.empty();
      }
      throw ApiErrors.toException(e, "get", "configmaps", cluster);
    }
  }

  /**
   * Whether one version is another or newer; a text that is not a version (a development build) is.
   */
  static boolean isNoOlder(String version, String oldest) {
    Matcher is = VERSION.matcher(version);
    Matcher must = VERSION.matcher(oldest);
    if (!is.matches() || !must.matches()) {
      return true;
    }
    int major = Integer.compare(Integer.parseInt(is.group(1)), Integer.parseInt(must.group(1)));
    int minor = Integer.compare(Integer.parseInt(is.group(2)), Integer.parseInt(must.group(2)));
    return major > 0 || (major == 0 && minor >= 0);
  }

  private void flags() {
    read("tekton flags", () -> config("feature-flags"))
        .ifPresent(flags -> {
          boolean set = "true".equals(flags.getData().get("set-security-context"));
          findings.add(
              new CheckResult(
                  "tekton flags",
                  set,
                  set
                      ? "set-security-context is on"
                      : "set-security-context is off, so Tekton's own containers do not pass the"
                          + " Pod Security level restricted: kubectl patch configmap feature-flags -n "
                          + TEKTON_NAMESPACE
                          + " --type merge -p '{\"data\":{\"set-security-context\":\"true\"}}'"));
          String together = flags.getData().getOrDefault("coschedule", "workspaces");
          boolean claim = target.store() instanceof TargetSpec.Store.Claim;
          if (claim && !together.equals("disabled")) {
            findings.add(
                CheckResult.pass(
                    "tekton flags",
                    "coschedule is "
                        + together
                        + ": all pods of a run are put on one node, and one more pod a run holds it;"
                        + " set it to disabled where runs should spread"));
          }
        });
  }

  private @Nullable ConfigMap config(String name) {
    return client.configMaps().inNamespace(TEKTON_NAMESPACE).withName(name).get();
  }

  /** Whether it is there, as far as we can tell. */
  private boolean namespace() {
    Namespace found;
    try {
      found = client.namespaces().withName(target.namespace()).get();
    } catch (KubernetesClientException e) {
      if (!ApiErrors.isForbidden(e)) {
        throw ApiErrors.toException(e, "get", "namespaces", cluster);
      }
      findings.add(
          CheckResult.unknown(
              "namespace", target.namespace() + ": we may not look whether it is there"));
      return true;
    }
    if (found == null) {
      findings.add(
          CheckResult.fail(
              "namespace",
              target.namespace()
                  + " is not there: kubectl create namespace "
                  + target.namespace()));
      return false;
    }
    Map<String, String> labels = found.getMetadata().getLabels();
    String level = labels == null ? null : labels.get("pod-security.kubernetes.io/enforce");
    findings.add(
        CheckResult.pass(
            "namespace",
            target.namespace() + ", Pod Security level " + (level == null ? "not set" : level)));
    return true;
  }

  private void rights() {
    TreeSet<String> missing = new TreeSet<>();
    int asked = 0;
    for (Access.Rule rule : Access.RULES) {
      for (String resource : rule.resources()) {
        for (String verb : rule.verbs()) {
          asked++;
          if (!isAllowed(rule.group(), resource, verb)) {
            missing.add(verb + " " + resource);
          }
        }
      }
    }
    findings.add(
        missing.isEmpty()
            ? CheckResult.pass(
                "rights", "all " + asked + " that running, watching and cleaning up take")
            : CheckResult.fail(
                "rights",
                "we may not "
                    + String.join(", ", missing)
                    + "; have this applied, and bound to us:\n"
                    + Access.role(target.namespace())));
  }

  private boolean isAllowed(String group, String resource, String verb) {
    String[] parts = resource.split("/", 2);
    SelfSubjectAccessReview review =
        new SelfSubjectAccessReviewBuilder()
            .withNewSpec()
            .withNewResourceAttributes()
            .withNamespace(target.namespace())
            .withGroup(group)
            .withResource(parts[0])
            .withSubresource(parts.length > 1 ? parts[1] : null)
            .withVerb(verb)
            .endResourceAttributes()
            .endSpec()
            .build();
    return cluster
        .call(
            "create",
            "selfsubjectaccessreviews",
            () -> client.authorization().v1().selfSubjectAccessReview().create(review))
        .getStatus()
        .getAllowed();
  }

  private void store() {
    switch (target.store()) {
      case TargetSpec.Store.Claim claim -> claim(claim);
      case TargetSpec.Store.S3 bucket -> secret("store", Optional.of(bucket.secret()), "s3.json");
    }
  }

  private void claim(TargetSpec.Store.Claim claim) {
    Optional<PersistentVolumeClaim> found =
        read(
            "store",
            () ->
                client
                    .persistentVolumeClaims()
                    .inNamespace(target.namespace())
                    .withName(claim.name())
                    .get());
    if (found.isEmpty()) {
      return;
    }
    String name = "claim " + claim.name();
    String phase = found.get().getStatus().getPhase();
    List<String> modes = found.get().getSpec().getAccessModes();
    if (!modes.contains("ReadWriteMany") && !claim.singleNode()) {
      findings.add(
          CheckResult.fail(
              "store",
              name
                  + " is "
                  + String.join(", ", modes)
                  + ": pods on two nodes cannot share it. Take one of mode ReadWriteMany or a bucket,"
                  + " or declare singleNode: true in the target"));
    } else if (phase.equals("Bound")) {
      findings.add(CheckResult.pass("store", name + ", " + String.join(", ", modes)));
    } else {
      findings.add(unbound(found.get(), name + " is " + phase));
    }
  }

  /** A claim without a volume: well if its class waits for a pod, which not everybody may see. */
  private CheckResult unbound(PersistentVolumeClaim claim, String state) {
    String described =
        "`kubectl describe pvc "
            + claim.getMetadata().getName()
            + " -n "
            + target.namespace()
            + "` says why";
    String className = claim.getSpec().getStorageClassName();
    if (className == null || className.isEmpty()) {
      return CheckResult.fail("store", state + ": no volume was found for it; " + described);
    }
    try {
      var storageClass = client.storage().v1().storageClasses().withName(className).get();
      boolean waits =
          storageClass != null
              && "WaitForFirstConsumer".equals(storageClass.getVolumeBindingMode());
      return new CheckResult(
          "store",
          waits,
          state
              + (waits
                  ? ": its class binds it to the first pod that uses it"
                  : ": no volume was found for it; " + described));
    } catch (KubernetesClientException e) {
      if (!ApiErrors.isForbidden(e)) {
        throw ApiErrors.toException(e, "get", "storageclasses", cluster);
      }
      return CheckResult.unknown(
          "store",
          state
              + ": we may not look whether its class "
              + className
              + " binds it to the first pod that uses it; "
              + described);
    }
  }

  private void secretOf(String what, Optional<String> name, String key) {
    check(what, () -> secret(what, name, key));
  }

  private void accountOf(String what, Optional<String> name) {
    check("account " + what, () -> account(what, name));
  }

  private void secret(String what, Optional<String> name, String key) {
    if (name.isEmpty()) {
      return;
    }
    Optional<Secret> found =
        read(
            what,
            () -> client.secrets().inNamespace(target.namespace()).withName(name.get()).get());
    found.ifPresent(secret -> {
      TreeSet<String> keys =
          new TreeSet<>(
              secret.getData() == null
                  ? Map.<String, String>of().keySet()
                  : secret.getData().keySet());
      boolean well = keys.contains(key);
      findings.add(
          new CheckResult(
              what,
              well,
              "secret "
                  + name.get()
                  + " with "
                  + String.join(", ", keys)
                  + (well ? "" : ": it lacks the key " + key)));
    });
  }

  private void account(String what, Optional<String> name) {
    name.flatMap(n ->
            read(
                "account " + what,
                () -> client.serviceAccounts().inNamespace(target.namespace()).withName(n).get()))
        .ifPresent(
            a -> findings.add(CheckResult.pass("account " + what, a.getMetadata().getName())));
  }

  private void queue(String name) {
    Optional<GenericKubernetesResource> found =
        read("queue", () -> cluster.objects(LOCAL_QUEUES).withName(name).get());
    found.ifPresent(q -> findings.add(CheckResult.pass("queue", "local queue " + name)));
  }

  /** Has the API server judge a pod of ours without making it: policies, quota, webhooks. */
  private void admission() {
    try {
      client
          .pods()
          .inNamespace(target.namespace())
          .resource(Upload.pod(target, target.namespace(), Digest.of("")))
          .dryRun(true)
          .create();
      findings.add(CheckResult.pass("admission", "a pod of ours would be let in"));
    } catch (KubernetesClientException e) {
      SluiceException why = ApiErrors.toException(e, "create", "pods", cluster);
      findings.add(CheckResult.fail("admission", why.diagnostics().getFirst().message()));
    }
  }

  /** Reads an object; what is not there, or may not be looked at, is found wrong or said. */
  private <T> Optional<T> read(String what, Supplier<@Nullable T> request) {
    @Nullable T found;
    try {
      found = request.get();
    } catch (KubernetesClientException e) {
      if (ApiErrors.isForbidden(e)) {
        findings.add(CheckResult.unknown(what, "not looked at: " + ApiErrors.message(e)));
        return Optional.empty();
      }
      if (e.getCode() != NOT_FOUND) {
        throw ApiErrors.toException(e, "get", what, cluster);
      }
      found = null;
    }
    if (found == null) {
      findings.add(CheckResult.fail(what, "is not there: " + named(what)));
    }
    return Optional.ofNullable(found);
  }

  private String named(String what) {
    return switch (what) {
      case "store" ->
          switch (target.store()) {
            case TargetSpec.Store.Claim c -> "create the volume claim " + c.name();
            case TargetSpec.Store.S3 s -> "create the secret " + s.secret() + " with a key s3.json";
          };
      case "registry read" -> "create the secret " + target.registry().read().orElse("");
      case "registry write" -> "create the secret " + target.registry().write().orElse("");
      case "tuning storage" ->
          "create the secret "
              + target.tuning().storage().orElse("")
              + " with a key OPTUNA_STORAGE_URL";
      case "account reader" ->
          "create the service account " + target.serviceAccounts().reader().orElse("");
      case "account writer" ->
          "create the service account " + target.serviceAccounts().writer().orElse("");
      case "queue" -> "create Kueue's local queue " + target.queue().orElse("");
      default -> "no config map of it in namespace " + TEKTON_NAMESPACE;
    };
  }
}
