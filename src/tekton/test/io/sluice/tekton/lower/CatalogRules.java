package io.sluice.tekton.lower;

import io.sluice.core.diag.SourceFile;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.ResultSpec;
import io.sluice.tekton.v1.SecurityContext;
import io.sluice.tekton.v1.Sidecar;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TektonObject;
import io.sluice.tekton.v1.WorkspaceDeclaration;
import io.sluice.tekton.v1.WorkspaceUsage;
import io.sluice.tekton.yaml.TektonYaml;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a task of the catalog must be: the rules of Tekton's own catalog (its recommendations for
 * authors, TEP-0003 and TEP-0110) and the house's for what runs next to other people's code.
 */
final class CatalogRules {
  /** The categories that Tekton's catalog knows, as far as these tasks need them. */
  private static final Set<String> CATEGORIES = Set.of("Machine Learning", "Git", "Storage");

  /** Workspaces that hold credentials: optional, read only, for one step of ours. */
  private static final Set<String> CREDENTIALS = Set.of("registry", "git");

  private static final Pattern KEBAB = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\((params|tasks|context|results|workspaces|steps|step)[.\\[]");
  private static final Pattern PARAM = Pattern.compile("\\$\\(params\\.([a-z-]+)(\\[\\*])?\\)");
  private static final Pattern OF_PARAM =
      Pattern.compile("\\$\\(params\\.[a-z-]+-image\\)|\\$\\(params\\.image\\)");

  private final String name;
  private final Task task;
  private final List<String> broken = new ArrayList<>();

  private CatalogRules(String name, Task task) {
    this.name = name;
    this.task = task;
  }

  /** What a task in the folder of this name does wrong; empty when nothing. */
  static List<String> broken(String name, String yaml) {
    List<TektonObject> objects = TektonYaml.parse(new SourceFile(name, yaml));
    if (objects.size() != 1 || !(objects.getFirst() instanceof Task task)) {
      return List.of("the file is not one task");
    }
    CatalogRules rules = new CatalogRules(name, task);
    rules.metadata();
    rules.descriptions();
    rules.parameters();
    rules.images();
    rules.privileges();
    rules.scripts();
    rules.sidecars();
    rules.workspaces();
    return List.copyOf(rules.broken);
  }

  private void must(boolean holds, String rule) {
    if (!holds) {
      broken.add(rule);
    }
  }

  private void metadata() {
    must(task.metadata().name().equals(Optional.of(name)), "its name is its folder's");
    Map<String, String> labels = task.metadata().labels();
    must(name.equals(labels.get("app.kubernetes.io/name")), "label app.kubernetes.io/name");
    must(
        "sluice".equals(labels.get("app.kubernetes.io/part-of")),
        "label app.kubernetes.io/part-of");
    must(
        labels.getOrDefault("app.kubernetes.io/version", "").matches("[0-9]+\\.[0-9]+"),
        "label app.kubernetes.io/version");
    Map<String, String> annotations = task.metadata().annotations();
    must(
        "1.15.0".equals(annotations.get("tekton.dev/pipelines.minVersion")),
        "annotation pipelines.minVersion: the version that is tested");
    must(
        CATEGORIES.contains(annotations.getOrDefault("tekton.dev/categories", "")),
        "annotation categories: one that the catalog knows");
    must(
        annotations.getOrDefault("tekton.dev/tags", "").matches("[a-z-]+(, [a-z-]+)*"),
        "annotation tags");
    must(
        !annotations.getOrDefault("tekton.dev/displayName", "").isEmpty(),
        "annotation displayName");
    must(
        annotations
            .getOrDefault("tekton.dev/platforms", "")
            .matches("linux/[a-z0-9]+(,linux/[a-z0-9]+)*"),
        "annotation platforms");
  }

  private void descriptions() {
    must(said(task.spec().description()), "the task says what it does");
    for (ParamSpec p : task.spec().params()) {
      must(said(p.description()), "parameter " + p.name() + " is described");
    }
    for (WorkspaceDeclaration w : task.spec().workspaces()) {
      must(said(w.description()), "workspace " + w.name() + " is described");
    }
    List<ResultSpec> results = new ArrayList<>(task.spec().results());
    task.spec().steps().forEach(s -> results.addAll(s.results()));
    for (ResultSpec r : results) {
      must(said(r.description()), "result " + r.name() + " is described");
    }
  }

  private static boolean said(Optional<String> description) {
    return description.filter(d -> !d.isBlank()).isPresent();
  }

  private void parameters() {
    Set<String> declared = new TreeSet<>();
    for (ParamSpec p : task.spec().params()) {
      declared.add(p.name());
      must(KEBAB.matcher(p.name()).matches(), "parameter " + p.name() + " is in kebab case");
      must(
          !p.name().endsWith("image") || p.fallback().map(CatalogRules::pinned).orElse(true),
          "the default of parameter " + p.name() + " is pinned");
    }
    Set<String> used = new TreeSet<>();
    PARAM.matcher(TektonYaml.write(task)).results().forEach(m -> used.add(m.group(1)));
    must(declared.equals(used), "parameters declared " + declared + " are those used " + used);
  }

  private static boolean pinned(ParamValue value) {
    return value instanceof ParamValue.Text text && pinned(text.value());
  }

  /** By digest, or by a tag that says a version. */
  private static boolean pinned(String image) {
    return image.matches(".+@sha256:[0-9a-f]{64}|[^@]+:[^:/@]*[0-9][^:/@]*");
  }

  private void images() {
    List<Optional<String>> images = new ArrayList<>();
    task.spec().steps().forEach(s -> images.add(s.image()));
    task.spec().sidecars().forEach(s -> images.add(s.image()));
    for (Optional<String> image : images) {
      String text = image.orElse("");
      must(
          OF_PARAM.matcher(text).matches() || pinned(text),
          "the image " + text + " is a parameter, or pinned");
    }
  }

  private void privileges() {
    Optional<SecurityContext> template =
        task.spec().stepTemplate().flatMap(t -> t.securityContext());
    must(template.filter(CatalogRules::restricted).isPresent(), "steps are restricted");
    for (Step step : task.spec().steps()) {
      must(step.securityContext().isEmpty(), "step " + label(step) + " loosens nothing");
    }
    for (Sidecar sidecar : task.spec().sidecars()) {
      must(
          sidecar.securityContext().filter(CatalogRules::restricted).isPresent(),
          "sidecar " + sidecar.name() + " is restricted");
    }
  }

  private static boolean restricted(SecurityContext c) {
    return c.runAsUser().orElse(0L) > 0
        && c.runAsNonRoot().equals(Optional.of(true))
        && c.readOnlyRootFilesystem().equals(Optional.of(true))
        && c.allowPrivilegeEscalation().equals(Optional.of(false))
        && c.capabilities()
            .map(p -> p.drop().equals(List.of("ALL")) && p.add().isEmpty())
            .orElse(false)
        && c.seccompProfile().map(p -> p.type().equals("RuntimeDefault")).orElse(false);
  }

  private void scripts() {
    for (Step step : task.spec().steps()) {
      step.script().ifPresent(s -> script("step " + label(step), s));
    }
    for (Sidecar sidecar : task.spec().sidecars()) {
      sidecar.script().ifPresent(s -> script("sidecar " + sidecar.name(), s));
    }
  }

  private void script(String where, String text) {
    must(
        !VARIABLE.matcher(text).find(), "no variable of Tekton's stands in the script of " + where);
    must(text.startsWith("#!"), "the script of " + where + " names its interpreter");
  }

  private void sidecars() {
    for (Sidecar sidecar : task.spec().sidecars()) {
      must(
          sidecar
              .computeResources()
              .filter(r ->
                  r.requests().containsKey("cpu")
                      && r.requests().containsKey("memory")
                      && r.limits().containsKey("memory"))
              .isPresent(),
          "sidecar " + sidecar.name() + " says what it needs");
      must(
          sidecar.volumeMounts().isEmpty()
              && sidecar.workspaces().stream()
                  .allMatch(w ->
                      task.spec().steps().stream()
                          .flatMap(s -> s.workspaces().stream())
                          .noneMatch(used -> used.name().equals(w.name()))),
          "sidecar "
              + sidecar.name()
              + " sees the workspaces that nobody isolates, and those that no step sees");
    }
  }

  private void workspaces() {
    must(task.spec().volumes().isEmpty(), "volumes are the run's business");
    must(!TektonYaml.write(task).contains("KeyRef"), "no Secret is named in a task");
    for (WorkspaceDeclaration w : task.spec().workspaces()) {
      List<Step> holders = task.spec().steps().stream().filter(s -> lists(s, w.name())).toList();
      if (CREDENTIALS.contains(w.name())) {
        must(
            w.optional().equals(Optional.of(true)) && w.readOnly().equals(Optional.of(true)),
            "workspace " + w.name() + " is optional and read only");
        must(holders.size() == 1, "one step has the workspace " + w.name());
      }
      if (CREDENTIALS.contains(w.name()) || w.name().equals("store")) {
        must(
            !holders.isEmpty(),
            "steps list the workspace " + w.name() + ", so that others have it not");
        must(
            holders.stream().noneMatch(CatalogRules::runsSomebodysCode),
            "no step of a user has the workspace " + w.name());
      }
    }
  }

  private static boolean lists(Step step, String workspace) {
    return step.workspaces().stream().map(WorkspaceUsage::name).anyMatch(workspace::equals);
  }

  private static boolean runsSomebodysCode(Step step) {
    return step.image().equals(Optional.of("$(params.image)"));
  }

  private static String label(Step step) {
    return step.name().orElse("(unnamed)");
  }
}
