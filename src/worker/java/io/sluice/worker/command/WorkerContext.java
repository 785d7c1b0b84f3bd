package io.sluice.worker.command;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.registry.ModelRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a command of the worker works with: clock, adapters, variables, folder and streams.
 *
 * @param env the variables of the step
 * @param cwd the folder that relative paths start from
 * @param in what {@code receive} reads
 * @param out the output of the step
 */
public record WorkerContext(
    Clock clock,
    Stores stores,
    Registries registries,
    Environments environments,
    Map<String, String> env,
    Path cwd,
    InputStream in,
    PrintStream out) {

  /** Opens the artifact store that {@code --store} names. */
  public interface Stores {
    /**
     * @param untrusted a view whose cache entries and records trusted views never read
     */
    ArtifactStore open(Path folder, boolean untrusted) throws IOException;
  }

  /** Opens the registry that the variables name ({@code MLFLOW_TRACKING_URI}, ..). */
  public interface Registries {
    /**
     * @param messages receives what the registry waits for
     */
    ModelRegistry open(Map<String, String> env, Consumer<String> messages);
  }

  /** Makes the environment that a version recorded available to a step. */
  public interface Environments {
    /**
     * @param messages receives what is being set up
     * @return the image to run in
     */
    String image(RecordedEnvironment recorded, Consumer<String> messages)
        throws InterruptedException;
  }

  /**
   * Opens the registry. While a call waits for it, the step's output says so.
   *
   * @param secret the folder that {@code --registry} names
   */
  public ModelRegistry registry(Optional<Path> secret) throws IOException {
    return registries.open(RegistrySecret.of(secret, env), out::println);
  }
}
