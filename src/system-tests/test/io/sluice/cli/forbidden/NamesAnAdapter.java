package io.sluice.cli.forbidden;

import io.sluice.store.FolderStore;
import java.util.Optional;

/** What an entry point may not do. For {@code ArchitectureRulesTest}. */
final class NamesAnAdapter {
  Optional<FolderStore> store = Optional.empty();

  Object open(FolderStore other) {
    return other.toString();
  }
}
