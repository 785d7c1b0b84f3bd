package io.sluice.worker;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.RegistryVariables;
import io.sluice.mlflow.MlflowConfig;
import io.sluice.mlflow.MlflowRegistry;
import io.sluice.store.Area;
import io.sluice.store.FolderStore;
import io.sluice.store.S3Settings;
import io.sluice.store.S3Store;
import io.sluice.worker.command.MountedSecret;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The process {@code sluice-worker}: a {@link Worker} on this machine's clock, disk and network.
 */
public final class WorkerMain {
  private WorkerMain() {}

  public static void main(String[] args) throws InterruptedException {
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    var err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
    List<String> argv = Retries.counted(List.of(args), System.getenv());
    System.exit(worker().run(argv, System.getenv(), Path.of(""), System.in, out, err));
  }

  /** A worker on real adapters: folders, buckets and MLflow. */
  public static Worker worker() {
    return new Worker(Clock.systemUTC(), WorkerMain::store, WorkerMain::registry);
  }

  /** The one place that knows which store a workspace means: a Secret's has {@code s3.json}. */
  private static ArtifactStore store(Path folder, boolean untrusted) throws IOException {
    Area area = untrusted ? Area.UNTRUSTED : Area.TRUSTED;
    if (!MountedSecret.has(folder, S3Settings.FILE)) {
      return new FolderStore(folder, area);
    }
    Map<String, String> secret = MountedSecret.read(folder, Set.of(S3Settings.FILE));
    return new S3Store(S3Settings.parse(secret.getOrDefault(S3Settings.FILE, "")), area);
  }

  private static ModelRegistry registry(Map<String, String> env, Consumer<String> messages) {
    return MlflowRegistry.connect(
        MlflowConfig.fromEnvironment(env)
            .orElseThrow(() ->
                new SluiceException(
                    ExitCode.INPUT_WRONG,
                    Diagnostic.of(
                        "SLU-4040",
                        RegistryVariables.URI + " is not set",
                        "on a cluster bind the workspace of the registry to a Secret that has it;"
                            + " on this machine set it, or let `sluice run` start a server"))),
        messages);
  }
}
