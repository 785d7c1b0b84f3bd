package io.sluice.core.spec;

import static io.sluice.core.spec.Struct.Field.optional;
import static io.sluice.core.spec.Struct.Field.required;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The format of a target, stated once: read by {@link TargetParser}, described by its schema. */
final class TargetModel {
  /** Names of objects: DNS subdomains, and context names are freer still. */
  private static final String OBJECT = "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?";

  private static final String OBJECT_HINT =
      "lower-case letters, digits, hyphens and dots, as `kubectl get` shows it";
  private static final String LABEL_KEY =
      "([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
  private static final String LABEL_VALUE = "([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?";

  private TargetModel() {}

  static Struct<TargetSpec> target() {
    var apiVersion =
        required(
            "apiVersion",
            Shapes.word(List.of(Spec.API_VERSION), "SLU-1012"),
            "the version of this format: " + Spec.API_VERSION);
    var kind = required("kind", Shapes.word(List.of(TargetSpec.KIND)), "kind: " + TargetSpec.KIND);
    var namespace = required("namespace", SpecModel.label(), "the namespace that runs are in");
    var context =
        optional(
            "context",
            Shapes.text("the name of a context", "as `kubectl config get-contexts` shows it"),
            "the kubeconfig's context (its current one)");
    var store =
        required("store", store(), "where artifacts are: { claim: NAME } or { s3: SECRET }");
    var registry = optional("registry", registry(), "secrets with the registry's variables");
    var tuning =
        optional("tuning", tuning(), "where trials in pods of their own meet: { storage }");
    var images =
        required(
            "images",
            images(),
            "images by digest: { "
                + Stream.of(ImageRole.values())
                    .map(ImageRole::word)
                    .collect(Collectors.joining(", "))
                + ", .. }");
    var accounts = optional("serviceAccounts", accounts(), "accounts of pods: { reader, writer }");
    var pods = optional("pods", pods(), "what all pods have: { nodeSelector, tolerations, .. }");
    var stages =
        optional(
            "stages",
            SpecModel.named("stages", stagePods()),
            "what single stages have of their own, by name (train-xgboost)");
    var queue = optional("queue", SpecModel.label(), "Kueue's local queue");
    var keep =
        optional("keep", Shapes.duration(), "how long a run's objects stay after its end (7d)");
    var wait =
        optional(
            "wait",
            Shapes.duration(),
            "how long a stage may wait for a node, for images and for its steps around the command,"
                + " on top of its timeout (1h)");
    return Struct.of(
        "the target",
        List.of(
            apiVersion,
            kind,
            namespace,
            context,
            store,
            registry,
            tuning,
            images,
            accounts,
            pods,
            stages,
            queue,
            keep,
            wait),
        v ->
            new TargetSpec(
                v.get(namespace),
                v.find(context),
                v.get(store),
                v.find(registry).orElse(TargetSpec.Registry.NONE),
                v.find(tuning).orElse(TargetSpec.Tuning.NONE),
                v.get(images),
                v.find(accounts).orElse(TargetSpec.ServiceAccounts.NONE),
                v.find(pods).orElse(TargetSpec.Pods.NONE),
                v.find(stages).orElse(SpecModel.none()),
                v.find(queue),
                v.find(keep).orElse(TargetSpec.KEEP),
                v.find(wait).orElse(TargetSpec.WAIT)));
  }

  private static Shape<TargetSpec.Store> store() {
    var claim = optional("claim", object("a claim's name"), "a volume claim of access mode RWX");
    var singleNode =
        optional(
            "singleNode",
            Shapes.flag(),
            "all pods run on one node, so that a claim of access mode RWO will do (false)");
    var s3 =
        optional("s3", object("a secret's name"), "the secret whose key s3.json names a bucket");
    return Struct.checked(
        "the store",
        List.of(claim, singleNode, s3),
        (v, problems) -> {
          if (v.find(s3).isPresent() && v.find(singleNode).isPresent()) {
            problems.add(
                "SLU-1015",
                v.node().at(),
                "\"singleNode\" beside \"s3\"",
                "a bucket can be reached from every node: delete singleNode");
            return Optional.empty();
          }
          return Struct.exactlyOne(
              v,
              problems,
              "a store",
              claim,
              c ->
                  (TargetSpec.Store)
                      new TargetSpec.Store.Claim(c, v.find(singleNode).orElse(false)),
              s3,
              TargetSpec.Store.S3::new);
        });
  }

  private static Shape<TargetSpec.Registry> registry() {
    var read = optional("read", object("a secret's name"), "the secret for resolve");
    var write =
        optional("write", object("a secret's name"), "the secret for register, promote and record");
    var uri =
        optional(
            "uri",
            Shapes.matching(
                "an address of a registry",
                "https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?",
                "SLU-1011",
                "for example https://mlflow.example.org"),
            "where clients outside of the cluster find the registry");
    return Struct.of(
        "the registry",
        List.of(read, write, uri),
        v -> new TargetSpec.Registry(v.find(read), v.find(write), v.find(uri)));
  }

  private static Shape<TargetSpec.Tuning> tuning() {
    var storage =
        optional(
            "storage",
            object("a secret's name"),
            "the secret whose key OPTUNA_STORAGE_URL is a PostgreSQL for parallel trials");
    return Struct.of("tuning", List.of(storage), v -> new TargetSpec.Tuning(v.find(storage)));
  }

  private static Shape<TargetSpec.Images> images() {
    SortedMap<ImageRole, Struct.Field<String>> roles = new TreeMap<>();
    for (ImageRole role : ImageRole.values()) {
      roles.put(
          role,
          role == ImageRole.WORKER // every run has it
              ? required(role.word(), SpecModel.image(), role.help())
              : optional(role.word(), SpecModel.image(), role.help()));
    }
    var environments =
        optional(
            "environments",
            SpecModel.named("images", SpecModel.image()),
            "images of environments, instead of the spec's");
    List<Struct.Field<?>> fields = new ArrayList<>(roles.values());
    fields.add(environments);
    return Struct.of(
        "images",
        fields,
        v -> {
          Map<ImageRole, String> images = new TreeMap<>();
          roles.forEach((role, field) -> v.find(field).ifPresent(i -> images.put(role, i)));
          return new TargetSpec.Images(images, v.find(environments).orElse(SpecModel.none()));
        });
  }

  private static Shape<TargetSpec.ServiceAccounts> accounts() {
    var reader = optional("reader", object("an account's name"), "of all stages but those");
    var writer = optional("writer", object("an account's name"), "of register, promote and record");
    return Struct.of(
        "serviceAccounts",
        List.of(reader, writer),
        v -> new TargetSpec.ServiceAccounts(v.find(reader), v.find(writer)));
  }

  private static Shape<TargetSpec.Pods> pods() {
    var selector = selectorField();
    var tolerations = tolerationsField();
    var pullSecrets =
        optional(
            "pullSecrets",
            Shapes.distinct("a list of secrets", object("a secret's name"), 1),
            "secrets that images are pulled with");
    var priority =
        optional("priorityClass", object("a class's name"), "the priority class of all pods");
    return Struct.of(
        "pods",
        List.of(selector, tolerations, pullSecrets, priority),
        v ->
            new TargetSpec.Pods(
                v.find(selector).orElse(SpecModel.none()),
                v.find(tolerations).orElse(List.of()),
                v.find(pullSecrets).orElse(List.of()),
                v.find(priority)));
  }

  private static Shape<TargetSpec.StagePods> stagePods() {
    var resources = SpecModel.resourcesField();
    var selector = selectorField();
    var tolerations = tolerationsField();
    return Struct.of(
        "a stage of the target",
        List.of(resources, selector, tolerations),
        v ->
            new TargetSpec.StagePods(
                v.find(resources).orElse(Spec.Resources.NONE),
                v.find(selector).orElse(SpecModel.none()),
                v.find(tolerations).orElse(List.of())));
  }

  private static Struct.Field<SortedMap<String, String>> selectorField() {
    return optional(
        "nodeSelector",
        Shapes.map(
            "a map of node labels",
            LABEL_KEY,
            "a label's key, for example node.kubernetes.io/instance-type",
            Shapes.matching(
                "a label's value",
                LABEL_VALUE,
                "SLU-1011",
                "put true, false and numbers in quotes")),
        "labels that a node must have");
  }

  private static Struct.Field<List<TargetSpec.Toleration>> tolerationsField() {
    var key =
        optional(
            "key",
            Shapes.matching("a taint's key", LABEL_KEY, "SLU-1011", "for example nvidia.com/gpu"),
            "of the taint (all taints)");
    var value =
        optional(
            "value",
            Shapes.matching(
                "a taint's value",
                LABEL_VALUE,
                "SLU-1011",
                "put true, false and numbers in quotes"),
            "of the taint (any)");
    var effect =
        optional(
            "effect",
            Shapes.word(List.of("NoSchedule", "PreferNoSchedule", TargetSpec.NO_EXECUTE)),
            "of the taint (any)");
    var limit =
        optional(
            "for",
            Shapes.duration(),
            "how long a pod stays once a NoExecute taint appears (for ever); 60s for a lost node");
    Shape<TargetSpec.Toleration> toleration =
        Struct.checked(
            "a toleration",
            List.of(key, value, effect, limit),
            (v, problems) -> {
              if (v.find(limit).isPresent()
                  && !v.find(effect).equals(Optional.of(TargetSpec.NO_EXECUTE))) {
                problems.add(
                    "SLU-1015",
                    v.node().at(),
                    "\"for\" without \"effect: NoExecute\"",
                    "only such a taint moves pods that run: add effect: NoExecute, or delete for");
                return Optional.empty();
              }
              return Optional.of(
                  new TargetSpec.Toleration(
                      v.find(key), v.find(value), v.find(effect), v.find(limit)));
            });
    return optional(
        "tolerations",
        Shapes.list("a list of tolerations", toleration, 1, Integer.MAX_VALUE),
        "taints of nodes that are borne: [{ key, value, effect, for }]");
  }

  private static Shape<String> object(String what) {
    return Shapes.matching(what, OBJECT, "SLU-1014", OBJECT_HINT);
  }
}
