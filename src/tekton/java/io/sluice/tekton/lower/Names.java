package io.sluice.tekton.lower;

import io.sluice.core.artifact.Digest;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.ImageRole;
import java.util.Locale;
import java.util.regex.Pattern;

/** The names of what is handed over: in one place, because two objects must agree on each. */
final class Names {
  static final String RUN = "run";
  static final String AS_OF = "as-of";
  static final String CODE = "code";
  static final String COMMIT = "commit";
  static final String WHO = "who";
  static final String UNTRUSTED = "untrusted";
  static final String CHAMPION_IMAGE = "champion-image";
  static final String STAGE_WORKSPACE = "stage";
  static final String STORE_WORKSPACE = "store";
  static final String TUNING_WORKSPACE = "tuning-storage";
  static final String REGISTRY_READ_WORKSPACE = "registry-read";
  static final String REGISTRY_WRITE_WORKSPACE = "registry-write";

  /** The one name that tasks have for either of the two. */
  static final String REGISTRY_WORKSPACE = "registry";

  /** Its name within the task. */
  static final String STORAGE_WORKSPACE = "storage";

  static final String OUTPUTS = "outputs";
  static final String RECORD = Plan.Kind.RECORD.only().value();

  private static final Pattern LABEL = Pattern.compile(StageName.FORM);
  private static final int MAX_SLUG = 40;

  private Names() {}

  /** The image of one of Sluice's own parts. */
  static String image(ImageRole role) {
    return role.word() + "-image";
  }

  /** The image of an environment. */
  static String image(String environment) {
    return "image-" + environment;
  }

  static String environment(String environment) {
    return "environment-" + environment;
  }

  static String with(String stage) {
    return "with-" + stage;
  }

  static String limit(String stage) {
    return "limit-" + stage;
  }

  /** In place of the names of workers where there are none. */
  static final String NO_WORKERS = "none";

  /** Names of the pods that help a stage to tune. */
  static String workers(String stage) {
    return "workers-" + stage;
  }

  /** What the task of these pods is fanned out over: the same names, or {@link #NO_WORKERS}. */
  static String workerPods(String stage) {
    return "worker-pods-" + stage;
  }

  /** The task of these pods. */
  static String workersTask(String stage) {
    return stage + "-workers";
  }

  /** A reference to all values of a parameter. */
  static String all(String param) {
    return "$(params." + param + "[*])";
  }

  /** A reference to a parameter; names with a dot need brackets. */
  static String param(String name) {
    return name.indexOf('.') < 0 ? "$(params." + name + ")" : "$(params[\"" + name + "\"])";
  }

  static String result(String task, String result) {
    return "$(tasks." + task + ".results." + result + ")";
  }

  /** The pipeline of a model; a name that is not a DNS label is made one, and stays distinct. */
  static String pipeline(String model) {
    if (LABEL.matcher(model).matches()) {
      return model;
    }
    String slug =
        model.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^[^a-z]+|-+$", "");
    String brief = slug.substring(0, Math.min(slug.length(), MAX_SLUG)).replaceAll("-+$", "");
    return (brief.isEmpty() ? "model" : brief) + "-" + Digest.of(model).brief();
  }

  /** A label's value: what Kubernetes does not allow there is replaced. */
  static String labelValue(String text) {
    String allowed = text.replaceAll("[^A-Za-z0-9._-]", "-");
    return allowed
        .substring(0, Math.min(allowed.length(), StageName.MAX_LENGTH))
        .replaceAll("^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "");
  }
}
