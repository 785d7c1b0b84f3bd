package io.sluice.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.tekton.client.TektonClient;
import io.fabric8.tekton.v1.PipelineRunList;
import io.fabric8.tekton.v1.TaskRun;
import io.fabric8.tekton.v1.TaskRunList;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.File;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A namespace of a cluster, with the credentials to use it. A process needs one for each namespace:
 * it is thread-safe, and all watches share its connections.
 *
 * <p>PipelineRuns and TaskRuns are read by the library's Tekton model. PipelineRuns are written
 * from our own records, which the compiler makes: the model lacks fields of current servers, and
 * cannot be written under every Jackson (ADR 0240).
 */
public final class Cluster implements AutoCloseable {
  /** The API server records the fields that we set under this name. */
  static final String FIELD_MANAGER = "sluice";

  private static final ResourceDefinitionContext PODS =
      new ResourceDefinitionContext.Builder()
          .withVersion("v1")
          .withKind("Pod")
          .withPlural("pods")
          .withNamespaced(true)
          .build();

  private final KubernetesClient client;
  private final TektonClient tekton;
  private final ExecutorService executor;
  private final String namespace;

  private Cluster(KubernetesClient client, ExecutorService executor, String namespace) {
    this.client = client;
    this.tekton = client.adapt(TektonClient.class);
    this.executor = executor;
    this.namespace = namespace;
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

  /** Connects with a given configuration, for programs that have no kubeconfig of their own. */
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
   * Reads each object of a watch by one class only. The library reads an event by the class that is
   * registered for its kind, and converts it when the caller asked for another one; 7.1 cannot
   * convert an object with managed fields, and loses the watch with each of its events. So the
   * kinds that are watched by their types are registered, and pods, which are watched as generic
   * objects, are not.
   */
  private static KubernetesSerialization serialization() {
    KubernetesSerialization out =
        new KubernetesSerialization(new ObjectMapper(), /* searchClassloaders= */ false);
    out.registerKubernetesResource(Status.class); // how the server ends a watch
    out.registerKubernetesResource(io.fabric8.tekton.v1.PipelineRun.class);
    out.registerKubernetesResource(TaskRun.class);
    return out;
  }

  public String namespace() {
    return namespace;
  }

  /** The address of the API server. */
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
          io.fabric8.tekton.v1.PipelineRun,
          PipelineRunList,
          Resource<io.fabric8.tekton.v1.PipelineRun>>
      pipelineRuns() {
    return tekton.v1().pipelineRuns().inNamespace(namespace);
  }

  NonNamespaceOperation<TaskRun, TaskRunList, Resource<TaskRun>> taskRuns() {
    return tekton.v1().taskRuns().inNamespace(namespace);
  }

  NonNamespaceOperation<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      pods() {
    return objects(PODS);
  }

  /** Objects of a kind that the library has no class for. */
  NonNamespaceOperation<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      objects(ResourceDefinitionContext kind) {
    return client.genericKubernetesResources(kind).inNamespace(namespace);
  }

  /** Our record in the namespace, as JSON. */
  private String json(PipelineRun run) {
    Metadata m = run.metadata();
    Metadata here =
        new Metadata(
            m.name(), m.generateName(), Optional.of(namespace), m.labels(), m.annotations());
    return client
        .getKubernetesSerialization()
        .convertToJson(TektonYaml.write(new PipelineRun(here, run.spec())));
  }

  /**
   * Changes parts of a PipelineRun.
   *
   * @param patch a JSON merge patch
   * @throws SluiceException when the cluster refuses
   */
  void merge(String pipelineRun, String patch) {
    io.fabric8.tekton.v1.PipelineRun named = new io.fabric8.tekton.v1.PipelineRun();
    named.setMetadata(
        new ObjectMetaBuilder().withName(pipelineRun).withNamespace(namespace).build());
    var unused =
        call(
            "patch",
            "pipelineruns",
            () ->
                pipelineRuns().resource(named).patch(PatchContext.of(PatchType.JSON_MERGE), patch));
  }

  /**
   * Creates a PipelineRun from our record. The library would write its own model, which loses
   * object params.
   *
   * @throws KubernetesClientException also when there is one of this name (409)
   */
  io.fabric8.tekton.v1.PipelineRun create(PipelineRun run) {
    String answer =
        client.raw(
            "/apis/tekton.dev/v1/namespaces/"
                + namespace
                + "/pipelineruns?fieldManager="
                + FIELD_MANAGER,
            "POST",
            json(run));
    return client
        .getKubernetesSerialization()
        .unmarshal(answer, io.fabric8.tekton.v1.PipelineRun.class);
  }

  /**
   * The address of a subresource of a pod, such as {@code log}.
   *
   * @param query its parameters, not yet encoded
   */
  URI ofPod(String pod, String subresource, Map<String, String> query) {
    String master = client.getConfiguration().getMasterUrl();
    String parameters =
        query.entrySet().stream()
            .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    return URI.create(
        master
            + (master.endsWith("/") ? "" : "/")
            + "api/v1/namespaces/"
            + namespace
            + "/pods/"
            + pod
            + "/"
            + subresource
            + "?"
            + parameters);
  }

  /** Makes a request and turns its failure into a diagnostic. */
  <T> T call(String verb, String resource, Supplier<T> request) {
    try {
      return request.get();
    } catch (KubernetesClientException e) {
      throw ApiErrors.toException(e, verb, resource, this);
    }
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
