package io.sluice.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.sluice.cluster.fold.Tree;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TektonObject;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.File;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A namespace of a cluster, and who we are there. One per process and namespace is enough: it is
 * thread-safe, and what watches through it shares its connections.
 *
 * <p>Objects are read and written in the client's generic form: our own records are the truth, and
 * the client's Tekton model is older than the servers.
 */
public final class Cluster implements AutoCloseable {
  /** Under this name the API server notes which fields are ours. */
  static final String FIELD_MANAGER = "sluice";

  static final ResourceDefinitionContext PIPELINES = tekton("Pipeline", "pipelines");
  static final ResourceDefinitionContext TASKS = tekton("Task", "tasks");
  static final ResourceDefinitionContext PIPELINE_RUNS = tekton("PipelineRun", "pipelineruns");
  static final ResourceDefinitionContext TASK_RUNS = tekton("TaskRun", "taskruns");
  static final ResourceDefinitionContext PODS =
      new ResourceDefinitionContext.Builder()
          .withVersion("v1")
          .withKind("Pod")
          .withPlural("pods")
          .withNamespaced(true)
          .build();

  private final KubernetesClient client;
  private final ExecutorService executor;
  private final String namespace;

  private Cluster(KubernetesClient client, ExecutorService executor, String namespace) {
    this.client = client;
    this.executor = executor;
    this.namespace = namespace;
  }

  private static ResourceDefinitionContext tekton(String kind, String plural) {
    return new ResourceDefinitionContext.Builder()
        .withGroup("tekton.dev")
        .withVersion("v1")
        .withKind(kind)
        .withPlural(plural)
        .withNamespaced(true)
        .build();
  }

  /**
   * Connects as {@code kubectl} would; sends nothing yet.
   *
   * @param context of the kubeconfig; empty: its current one, or the service account of the pod
   *     that this runs in
   * @param http the HTTP client to use
   * @throws SluiceException exit code 2: SLU-3701 when there is no kubeconfig, SLU-3702 when it has
   *     no such context
   */
  public static Cluster connect(
      Optional<String> context, String namespace, HttpClient.Factory http) {
    Config config = Config.autoConfigure(context.orElse(null));
    boolean inPod = new File(Config.KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH).exists();
    if (config.getContexts().isEmpty() && !inPod) {
      throw wrong(
          "SLU-3701",
          "there is no kubeconfig: this machine does not know of any cluster",
          "point KUBECONFIG at one, or write ~/.kube/config; `kubectl config view` shows what is read");
    }
    List<String> known = config.getContexts().stream().map(c -> c.getName()).sorted().toList();
    if (context.isPresent() && !known.contains(context.get())) {
      throw wrong(
          "SLU-3702",
          "the kubeconfig has no context " + context.get(),
          "it has "
              + (known.isEmpty() ? "none" : String.join(", ", known))
              + "; name one of them as context in the target");
    }
    return of(config, namespace, http);
  }

  /** Connects with a configuration that is known, as a controller has it. */
  public static Cluster of(Config config, String namespace, HttpClient.Factory http) {
    ExecutorService executor =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("cluster-", 0).factory());
    KubernetesClient client =
        new KubernetesClientBuilder()
            .withConfig(config)
            .withHttpClientFactory(http)
            .withTaskExecutor(executor)
            .withKubernetesSerialization(serialization())
            .build();
    return new Cluster(client, executor, namespace);
  }

  /**
   * Reads objects that are asked for as generic ones as such. A client that knows their classes
   * reads the events of a watch by these first and converts them then; 7.1 cannot convert a pod
   * with managed fields, and loses the watch with each of its events.
   */
  private static KubernetesSerialization serialization() {
    KubernetesSerialization out =
        new KubernetesSerialization(new ObjectMapper(), /* searchClassloaders= */ false);
    out.registerKubernetesResource(Status.class); // how the server ends a watch
    return out;
  }

  public String namespace() {
    return namespace;
  }

  /** Where its API server is. */
  public String address() {
    return client.getConfiguration().getMasterUrl();
  }

  KubernetesClient client() {
    return client;
  }

  ExecutorService executor() {
    return executor;
  }

  NonNamespaceOperation<
          GenericKubernetesResource,
          io.fabric8.kubernetes.api.model.GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      objects(ResourceDefinitionContext kind) {
    MixedOperation<
            GenericKubernetesResource,
            io.fabric8.kubernetes.api.model.GenericKubernetesResourceList,
            Resource<GenericKubernetesResource>>
        all = client.genericKubernetesResources(kind);
    return all.inNamespace(namespace);
  }

  /** One of our records in the namespace, as YAML. */
  private String yaml(TektonObject record) {
    Metadata m = record.metadata();
    Metadata here =
        new Metadata(
            m.name(), m.generateName(), Optional.of(namespace), m.labels(), m.annotations());
    return TektonYaml.write(
        List.of(
            switch (record) {
              case Task t -> new Task(here, t.spec());
              case Pipeline p -> new Pipeline(here, p.spec());
              case PipelineRun r -> new PipelineRun(here, r.spec());
            }));
  }

  /**
   * Creates an object or changes it to this, whoever had changed it.
   *
   * @throws SluiceException when the cluster refuses
   */
  void apply(TektonObject record) {
    ResourceDefinitionContext kind = kind(record);
    String path = path(kind) + "/" + record.metadata().name().orElseThrow();
    asking(
        "patch",
        kind.getPlural(),
        () ->
            send(
                "PATCH",
                path + "?force=true&fieldManager=" + FIELD_MANAGER,
                "application/apply-patch+yaml",
                yaml(record)));
  }

  /**
   * Changes parts of an object.
   *
   * @param patch a JSON merge patch
   * @throws SluiceException when the cluster refuses
   */
  void merge(ResourceDefinitionContext kind, String name, String patch) {
    asking(
        "patch",
        kind.getPlural(),
        () -> send("PATCH", path(kind) + "/" + name, "application/merge-patch+json", patch));
  }

  /**
   * Creates an object.
   *
   * @throws KubernetesClientException also when there is one of this name (409)
   */
  GenericKubernetesResource create(TektonObject record) {
    return client
        .getKubernetesSerialization()
        .unmarshal(
            send(
                "POST",
                path(kind(record)) + "?fieldManager=" + FIELD_MANAGER,
                "application/yaml",
                yaml(record)),
            GenericKubernetesResource.class);
  }

  /** What a pod of the namespace has below itself, for example {@code log?follow=true}. */
  URI ofPod(String pod, String subresource) {
    return address("api/v1/namespaces/" + namespace + "/pods/" + pod + "/" + subresource);
  }

  private URI address(String path) {
    String master = client.getConfiguration().getMasterUrl();
    return URI.create(master + (master.endsWith("/") ? "" : "/") + path);
  }

  private String path(ResourceDefinitionContext kind) {
    return "apis/"
        + kind.getGroup()
        + "/"
        + kind.getVersion()
        + "/namespaces/"
        + namespace
        + "/"
        + kind.getPlural();
  }

  /**
   * Sends an object as we write it. The client's own generic objects are only read here: its writer
   * fails on them under a Jackson newer than itself, which a Jenkins controller has.
   */
  private String send(String method, String path, String contentType, String body) {
    HttpRequest request =
        client
            .getHttpClient()
            .newHttpRequestBuilder()
            .uri(address(path))
            .timeout(client.getConfiguration().getRequestTimeout(), TimeUnit.MILLISECONDS)
            .method(method, contentType, body)
            .build();
    HttpResponse<String> response;
    try {
      response = client.getHttpClient().sendAsync(request, String.class).get();
    } catch (ExecutionException e) {
      throw KubernetesClientException.launderThrowable(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw KubernetesClientException.launderThrowable(e);
    }
    if (!response.isSuccessful()) {
      throw new KubernetesClientException(status(response));
    }
    return response.body();
  }

  private Status status(HttpResponse<String> response) {
    try {
      Status status = client.getKubernetesSerialization().unmarshal(response.body(), Status.class);
      if (status != null && status.getCode() != null) {
        return status;
      }
    } catch (KubernetesClientException e) {
      // A proxy's page, not an API server's answer: shown as it is.
    }
    return new StatusBuilder().withCode(response.code()).withMessage(response.body()).build();
  }

  private static ResourceDefinitionContext kind(TektonObject record) {
    return switch (record) {
      case Task t -> TASKS;
      case Pipeline p -> PIPELINES;
      case PipelineRun r -> PIPELINE_RUNS;
    };
  }

  /** Makes a request; what goes wrong is told as a diagnostic. */
  <T> T asking(String verb, String resource, Supplier<T> request) {
    try {
      return request.get();
    } catch (KubernetesClientException e) {
      throw Refusals.told(e, verb, resource, this);
    }
  }

  /** The whole object as maps and lists, its metadata included. */
  static Tree tree(GenericKubernetesResource object) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    var m = object.getMetadata();
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

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }

  @Override
  public void close() {
    client.close();
    executor.shutdownNow();
  }
}
