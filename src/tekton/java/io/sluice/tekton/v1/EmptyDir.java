package io.sluice.tekton.v1;

import java.util.Optional;

/** A fresh folder that lives as long as its pod. */
public record EmptyDir(Optional<String> medium, Optional<Quantity> sizeLimit) {
  /** On disk, without a limit. */
  public static final EmptyDir PLAIN = new EmptyDir(Optional.empty(), Optional.empty());
}
