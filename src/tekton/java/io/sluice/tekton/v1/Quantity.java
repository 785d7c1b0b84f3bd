package io.sluice.tekton.v1;

/**
 * An amount of a resource as Kubernetes writes it ({@code 500m}, {@code 4Gi}, {@code 2}).
 *
 * @param text as written; a number in YAML is taken as its text
 */
public record Quantity(String text) {
  @Override
  public String toString() {
    return text;
  }
}
