package io.sluice.cluster.fold;

/**
 * A container whose output is read.
 *
 * @param pod its name
 * @param uid the pod's: a pod that is made again has the same name
 * @param container {@code step-run}, {@code sidecar-tuner}
 */
public record ContainerId(String pod, String uid, String container) {
  private static final String STEP = "step-";
  private static final String SIDECAR = "sidecar-";

  /** Whether what it writes is a step's or a sidecar's, and not Tekton's own. */
  static boolean speaks(String container) {
    return container.startsWith(STEP) || container.startsWith(SIDECAR);
  }

  /** Whether it is a step, which has an exit code that counts. */
  public boolean isStep() {
    return container.startsWith(STEP);
  }

  /** The step's or sidecar's name in its task. */
  public String step() {
    return container.substring(isStep() ? STEP.length() : SIDECAR.length());
  }
}
