package io.sluice.platform;

import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.app.Target;
import io.sluice.cluster.Cluster;
import io.sluice.cluster.ClusterRunner;
import io.sluice.cluster.GarbageCollector;
import io.sluice.cluster.Preflight;
import io.sluice.cluster.Upload;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.PipelineRunner;
import io.sluice.tekton.lower.RunLabels;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** Connects to the clusters that targets name. */
public final class ClusterSessions {
  private ClusterSessions() {}

  /**
   * Connects to a target's cluster.
   *
   * @param progress must be thread-safe
   */
  public static ClusterSession open(TargetSpec file, Consumer<RunEvent> progress) {
    Clock clock = Clock.systemUTC();
    Cluster cluster = Cluster.connect(file.context(), file.namespace(), new JdkHttpClientFactory());
    return new OnCluster(
        cluster,
        new ClusterRunner(cluster, clock),
        file,
        detail ->
            progress.accept(
                new RunEvent.SetUp(
                    clock.instant(), "upload", RunEvent.SetUp.Phase.PROGRESS, detail)),
        clock);
  }

  /** A cluster: Tekton runs, a pod takes the code. */
  private record OnCluster(
      Cluster cluster,
      ClusterRunner runner,
      TargetSpec spec,
      Consumer<String> messages,
      Clock clock)
      implements ClusterSession, Target {
    @Override
    public Target target() {
      return this;
    }

    @Override
    public Digest upload(List<CodeContent> code) {
      try {
        return new Upload(cluster, spec, messages)
            .put(
                code.stream()
                    .map(c -> new Upload.File(c.path(), c.executable(), c.content()))
                    .toList());
      } catch (InterruptedException e) {
        throw SetupInterrupted.by(e);
      }
    }

    @Override
    public Images prepare(Plan plan, Consumer<RunEvent> progress) {
      return new Images(spec.images().roles(), spec.images().environments());
    }

    @Override
    public Optional<TargetSpec> file() {
      return Optional.of(spec);
    }

    @Override
    public PipelineRunner.Running attach(RunId run, Consumer<RunEvent> events) {
      return runner.attach(run, events);
    }

    @Override
    public RunLabels labels(RunId run) {
      return runner.labels(run);
    }

    @Override
    public void cancel(RunId run) {
      runner.cancel(run);
    }

    @Override
    public List<CheckResult> checkup() {
      try {
        Preflight preflight = new Preflight(cluster, spec);
        List<CheckResult> findings = new ArrayList<>(preflight.run());
        findings.addAll(preflight.images());
        return findings;
      } catch (InterruptedException e) {
        throw SetupInterrupted.by(e);
      }
    }

    @Override
    public List<Leftover> leftovers(Instant now) {
      GarbageCollector leftovers = new GarbageCollector(cluster);
      return leftovers.find(spec.keep(), now).stream()
          .map(l ->
              new Leftover(
                  l.kind().name().toLowerCase(Locale.ROOT),
                  l.name(),
                  l.why(),
                  () -> leftovers.remove(l)))
          .toList();
    }

    @Override
    public Optional<RegistrySession> registry() {
      return RegistrySessions.ofThisProcess().open(spec, messages);
    }

    @Override
    public void close() {
      runner.close();
      cluster.close();
    }
  }
}
