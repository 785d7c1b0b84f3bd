package io.sluice.tekton.lower;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The catalog keeps its rules, and each rule can be broken. */
class CatalogRulesTest {
  static List<String> names() {
    return Catalog.NAMES;
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyTaskKeepsThem(String name) {
    assertThat(CatalogRules.broken(name, Catalog.text(name))).isEmpty();
  }

  static Stream<Arguments> breaches() {
    return Stream.of(
        breach("sluice-tune", "name: sluice-tune\n  labels", "name: tune\n  labels", "its name is"),
        breach(
            "sluice-tune",
            "app.kubernetes.io/name: sluice-tune",
            "a: b",
            "label app.kubernetes.io/name"),
        breach("sluice-tune", "app.kubernetes.io/part-of: sluice", "a: b", "part-of"),
        breach(
            "sluice-tune",
            "app.kubernetes.io/version: \"0.1\"",
            "a: b",
            "label app.kubernetes.io/version"),
        breach("sluice-tune", "minVersion: \"1.15.0\"", "minVersion: \"0.50.0\"", "minVersion"),
        breach("sluice-tune", "Machine Learning", "Wonders", "categories"),
        breach("sluice-tune", "tekton.dev/tags: machine-learning", "a: b", "tags"),
        breach("sluice-tune", "tekton.dev/displayName: Sluice tune", "a: b", "displayName"),
        breach("sluice-tune", "linux/amd64", "amd64", "platforms"),
        breach(
            "sluice-tune", "    description: Id of the run.\n", "", "parameter run is described"),
        breach(
            "sluice-tune",
            "    description: Scratch space of this task alone; bind an emptyDir.\n",
            "",
            "workspace stage is described"),
        breach(
            "sluice-tune",
            "    description: Digest of the output manifest, or `failed:` and the exit code.\n",
            "",
            "result outputs is described"),
        breach(
            "sluice-tune",
            "      description: '`yes`, `no` or `upstream-failed`'\n",
            "",
            "result hit is described"),
        breach("sluice-tune", "- name: seed\n", "- name: Seed\n", "kebab"),
        breach("sluice-tune", "$(params.seed)", "$(params.sed)", "parameters declared"),
        breach(
            "sluice-tune",
            "  - name: worker-image\n",
            "  - name: idle\n    description: Nothing.\n  - name: worker-image\n",
            "parameters declared"),
        breach(
            "sluice-tune",
            "    description: Image with sluice_ml.\n",
            "    description: Image with sluice_ml.\n    default: tuner:latest\n",
            "the default of parameter tuner-image is pinned"),
        breach(
            "sluice-tune",
            "    description: Image with sluice_ml.\n",
            "    description: Image with sluice_ml.\n    default: registry:5000/tuner\n",
            "the default of parameter tuner-image is pinned"),
        breach("sluice-tune", "image: $(params.worker-image)", "image: worker:latest", "or pinned"),
        breach("sluice-tune", "image: $(params.worker-image)", "image: worker", "or pinned"),
        breach("sluice-tune", "runAsUser: 65532", "runAsUser: 0", "steps are restricted"),
        breach("sluice-tune", "runAsNonRoot: true", "runAsNonRoot: false", "steps are restricted"),
        breach(
            "sluice-tune",
            "readOnlyRootFilesystem: true",
            "readOnlyRootFilesystem: false",
            "steps are restricted"),
        breach("sluice-tune", "drop: [ALL]", "drop: [NET_RAW]", "steps are restricted"),
        breach("sluice-tune", "type: RuntimeDefault", "type: Unconfined", "steps are restricted"),
        breach(
            "sluice-tune",
            "    command: [python, -m, sluice_ml.tuner]\n",
            "    command: [python]\n    volumeMounts: [{name: v, mountPath: /v}]\n",
            "sidecar tuner sees"),
        breach(
            "sluice-tune",
            "  - name: fetch\n",
            "  - name: fetch\n    securityContext:\n      runAsUser: 0\n",
            "step fetch loosens nothing"),
        breach(
            "sluice-tune",
            "      set -u\n",
            "      set -u $(params.run)\n",
            "no variable of Tekton's"),
        breach("sluice-tune", "      #!/bin/sh\n", "", "names its interpreter"),
        breach("sluice-tune", "        memory: 256Mi\n", "", "sidecar tuner says what it needs"),
        breach(
            "sluice-tune",
            "    onError: continue\n",
            "    onError: continue\n    workspaces: [{name: store}]\n",
            "no step of a user has the workspace store"),
        breach(
            "sluice-resolve",
            "    optional: true\n",
            "",
            "workspace registry is optional and read only"),
        breach(
            "sluice-resolve",
            "    readOnly: true\n",
            "",
            "workspace registry is optional and read only"),
        breach(
            "sluice-resolve",
            "    - name: registry\n      mountPath: /workspace/registry\n",
            "",
            "one step has the workspace registry"),
        breach(
            "sluice-resolve",
            "    command: [sluice-worker, resolve]\n",
            "    command: [sluice-worker, resolve]\n    env:\n    - name: T\n      valueFrom:\n"
                + "        secretKeyRef: {name: s, key: k}\n",
            "no Secret is named in a task"));
  }

  private static Arguments breach(String task, String from, String to, String rule) {
    return Arguments.of(rule, task, from, to);
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("breaches")
  void noticeABreach(String rule, String task, String from, String to) {
    String text = Catalog.text(task);
    assertThat(text).contains(from);
    String changed =
        text.substring(0, text.indexOf(from))
            + to
            + text.substring(text.indexOf(from) + from.length());
    assertThat(CatalogRules.broken(task, changed)).anyMatch(b -> b.contains(rule));
  }
}
