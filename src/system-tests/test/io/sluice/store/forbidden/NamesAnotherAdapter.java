package io.sluice.store.forbidden;

import io.sluice.cluster.Cluster;
import java.util.Optional;

/** What a store may not do. For {@code ArchitectureRulesTest}. */
final class NamesAnotherAdapter {
  Optional<Cluster> cluster = Optional.empty();
}
