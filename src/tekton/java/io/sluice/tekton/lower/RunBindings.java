package io.sluice.tekton.lower;

import io.sluice.core.spec.TargetSpec;
import java.util.Optional;

/**
 * What a cluster's run binds the pipeline's workspaces to. A runner on this machine has its own
 * folder and its own registry for them.
 *
 * @param store where artifacts are kept
 * @param registryRead name of the Secret with the registry's address and read token
 * @param registryWrite name of the Secret with its write token; an untrusted run never binds it
 * @param tuningStorage name of the Secret with the address of Optuna's storage; empty: trials side
 *     by side share a pod
 */
public record RunBindings(
    Store store,
    Optional<String> registryRead,
    Optional<String> registryWrite,
    Optional<String> tuningStorage) {

  /** What is bound unless a target says otherwise. */
  public static final RunBindings DEFAULT =
      new RunBindings(
          new Claim("sluice-store"),
          Optional.of("sluice-registry-reader"),
          Optional.of("sluice-registry-writer"),
          Optional.empty());

  /** What a target binds. */
  static RunBindings of(TargetSpec target) {
    Store store =
        switch (target.store()) {
          case TargetSpec.Store.Claim claim -> new Claim(claim.name());
          case TargetSpec.Store.S3 bucket -> new Bucket(bucket.secret());
        };
    return new RunBindings(
        store, target.registry().read(), target.registry().write(), target.tuning().storage());
  }

  /** Where artifacts are kept. */
  public sealed interface Store {}

  /** A folder on a volume, by the name of its claim. */
  public record Claim(String name) implements Store {}

  /** A bucket, by the name of the Secret whose {@code s3.json} says where and with which key. */
  public record Bucket(String secret) implements Store {}
}
