package io.jenkins.plugins.sluice.newdata;

import hudson.AbortException;
import hudson.model.CauseAction;
import hudson.model.Job;
import hudson.util.StreamTaskListener;
import io.jenkins.plugins.sluice.config.JobConfiguration;
import io.jenkins.plugins.sluice.connect.Connections;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.record.RunFolder;
import io.jenkins.plugins.sluice.run.ControllerSupervisor;
import io.jenkins.plugins.sluice.run.StartedExecutions;
import io.sluice.app.CodeFiles;
import io.sluice.app.Pipelines;
import io.sluice.app.Target.CodeContent;
import io.sluice.app.newdata.DataWatcher;
import io.sluice.app.newdata.FingerprintCheck;
import io.sluice.app.newdata.WatchState;
import io.sluice.app.newdata.WatchState.Code;
import io.sluice.app.run.ClusterConnector;
import io.sluice.app.run.Identity;
import io.sluice.app.run.RunDefinition;
import io.sluice.app.run.RunPlan;
import io.sluice.app.run.RunState;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import io.sluice.state.WatchFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import jenkins.model.Jenkins;
import jenkins.model.ParameterizedJobMixIn;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * A data source that a job has watched: {@code sluice/data/<what is watched>/} in the job's folder
 * holds what is known of it, the check under way, and the log of the last one.
 */
@Restricted(NoExternalUse.class)
public final class NewDataWatch {
  private static final Logger LOGGER = Logger.getLogger(NewDataWatch.class.getName());
  private static final int SHOWN_LOG_BYTES = 256 << 10;

  /** Made when it is first needed, as the supervisor. */
  private static final class Lazy {
    static final DataWatcher WATCHER =
        new DataWatcher(ControllerSupervisor.get(), Connections.wheel(), Clock.systemUTC());
  }

  private final Job<?, ?> job;
  private final NewDataTrigger trigger;
  private final Path folder;

  NewDataWatch(Job<?, ?> job, NewDataTrigger trigger) {
    this.job = job;
    this.trigger = trigger;
    String what = String.join("\n", key(trigger));
    this.folder = job.getRootDir().toPath().resolve("sluice").resolve("data").resolve(brief(what));
  }

  /** All that makes what is watched another thing. */
  private static List<String> key(NewDataTrigger t) {
    return List.of(t.getFile(), t.getSource(), t.getCluster(), t.getProfile());
  }

  private static String brief(String text) {
    return Digest.of(text).hex().substring(0, 12);
  }

  /** What is known of the data. */
  WatchState state() {
    return watch().state();
  }

  /** The log of the last check, its end where it is long. */
  String log() {
    try {
      byte[] all = Files.readAllBytes(folder.resolve("check.log"));
      int from = Math.max(0, all.length - SHOWN_LOG_BYTES);
      return new String(all, from, all.length - from, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      return "the log cannot be read: " + e.getMessage();
    }
  }

  private DataWatcher.Watch watch() {
    return new DataWatcher.Watch(
        new Identity(
            Jenkins.get().getLegacyInstanceId(),
            "data of " + job.getFullName() + "\n" + String.join("\n", key(trigger))),
        new WatchFile(folder.resolve("watch.json")),
        new Host());
  }

  /**
   * Checks the data, unless a check is under way. Call it in the background.
   *
   * @param onlyIfGoing only follow a check that was under way before a restart, and begin none
   */
  void look(boolean onlyIfGoing) {
    try {
      DataWatcher.Watch watch = watch();
      if (!onlyIfGoing || watch.state().going().isPresent()) {
        Lazy.WATCHER.look(watch);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // the timer comes again; the reason is in the log of Jenkins
      LOGGER.log(Level.WARNING, e, () -> "a check of the data of " + job.getFullName());
    }
  }

  /** Gives the watcher what it needs of Jenkins and of the job. */
  private final class Host implements DataWatcher.Host {
    @Override
    public RunFolder home(RunId check) {
      return new RunFolder(folder.resolve(check.value()));
    }

    @Override
    public void forget(RunId butThis) throws IOException {
      Files.createDirectories(folder);
      try (Stream<Path> inside = Files.list(folder)) {
        for (Path path : (Iterable<Path>) inside::iterator) {
          if (Files.isDirectory(path) && !path.endsWith(butThis.value())) {
            delete(path);
          }
        }
      }
      Files.deleteIfExists(folder.resolve("check.log"));
    }

    @Override
    public DataWatcher.Opened open(RunId check, RunId execution, Optional<Code> before)
        throws IOException, InterruptedException {
      RunFolder home = home(check);
      Optional<RunState> there = home.state();
      if (there.isPresent()) {
        Pipelines.Opened pipeline = RunPlan.reopened(home.snapshot(), there.get().definition());
        return new DataWatcher.Opened(
            there.get(),
            FingerprintCheck.source(pipeline.spec(), trigger.getSource()),
            Optional.empty());
      }
      if (PipelineFiles.isPullRequest(job)) {
        throw new AbortException("a pull request starts no builds by itself");
      }
      RunRequest request =
          NewDataTrigger.request(trigger.getFile(), trigger.getCluster(), trigger.getProfile());
      JobConfiguration.ScopedCluster place = JobConfiguration.cluster(job, request.cluster());
      PipelineFiles.Found found;
      try (StreamTaskListener listener =
          new StreamTaskListener(
              folder.resolve("check.log").toFile(), /* append= */ true, StandardCharsets.UTF_8)) {
        found =
            new PipelineFiles(job, listener)
                .read(/* workspace= */ null, request, place.cluster().getId());
      }
      String target = place.cluster().target(found.target(), /* pullRequest= */ false);
      Pipelines.Opened opened = Pipelines.open(found.tree(), request.spec());
      Instant now = Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS);
      List<CodeContent> files = CodeFiles.of(opened, Connections.wheel());
      String key = key(files, place.cluster().getId(), target);
      RunDefinition definition =
          new RunDefinition(
              check,
              request.spec(),
              opened.spec().model(),
              Optional.of(request.profile()).filter(p -> !p.isEmpty()),
              now,
              Optional.empty(),
              found.tree().commit().map(c -> c.id()),
              /* untrusted= */ true,
              before.filter(c -> c.key().equals(key)).map(Code::digest).orElse(Digest.of("")),
              target);
      String source = FingerprintCheck.source(opened.spec(), trigger.getSource());
      // reports everything that can be wrong before it uploads anything
      FingerprintCheck.of(opened, definition, source, Connections.wheel());
      home.keepSource(found.tree().recorded());
      if (before.filter(c -> c.key().equals(key)).isEmpty()) {
        definition =
            definition.withCode(
                Connections.upload(
                    JobConfiguration.login(place, job, Optional.empty()),
                    TargetParser.parse(target),
                    files,
                    this::line));
      }
      RunState state = RunState.opened(definition, List.of());
      home.save(state);
      return new DataWatcher.Opened(state, source, Optional.of(new Code(key, definition.code())));
    }

    /** The same for the same files that go to the same store. */
    private String key(List<CodeContent> files, String cluster, String target) {
      StringBuilder all = new StringBuilder(cluster).append('\n').append(target).append('\n');
      for (CodeContent file : files) {
        all.append(file.path())
            .append(file.executable() ? " x " : " - ")
            .append(Digest.of(file.content()))
            .append('\n');
      }
      return Digest.of(all.toString()).toString();
    }

    @Override
    public ClusterConnector connecting(RunId execution) {
      return state -> {
        try {
          JobConfiguration.ScopedCluster place =
              JobConfiguration.cluster(job, trigger.getCluster());
          TargetSpec target = state.definition().targetSpec();
          StartedExecutions.ofJenkins()
              .note(
                  new StartedExecutions.Entry(
                      execution,
                      "data of " + job.getFullName(),
                      job.getFullName(),
                      new StartedExecutions.OnCluster(
                          place.folder(), place.cluster().getId(), target.namespace())));
          return Connections.connect(
              JobConfiguration.login(place, job, Optional.empty()),
              target,
              /* hidden= */ List.of());
        } catch (AbortException e) {
          throw new SluiceException(
              ExitCode.INPUT_WRONG,
              List.of(
                  Diagnostic.of(
                      "SLU-9614",
                      String.valueOf(e.getMessage()),
                      "somebody changed the configuration of Sluice during the check")),
              e);
        }
      };
    }

    @Override
    public boolean isBuilt() {
      return job.getLastBuild() != null;
    }

    @Override
    public boolean start(String source, WatchState.Seen fingerprint) {
      return ParameterizedJobMixIn.scheduleBuild2(
              job, -1, new CauseAction(new NewDataCause(source, fingerprint.words())))
          != null;
    }

    @Override
    public void ended(RunId execution, boolean mayStillRun) {
      if (!mayStillRun) {
        StartedExecutions.ofJenkins().strike(execution);
      }
    }

    @Override
    public void answered(RunId execution, RunState state) {
      try {
        JobConfiguration.ScopedCluster place = JobConfiguration.cluster(job, trigger.getCluster());
        Connections.remove(
            JobConfiguration.login(place, job, Optional.empty()),
            state.definition().targetSpec().namespace(),
            execution);
      } catch (AbortException | SluiceException e) {
        line("(the check stays on the cluster: " + e.getMessage() + ")");
      }
    }

    @Override
    public void line(String text) {
      try {
        Files.createDirectories(folder);
        Files.writeString(
            folder.resolve("check.log"),
            text + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        // takes a line from a log, and nothing from the check
        LOGGER.log(Level.WARNING, e, () -> "the log of a check of " + job.getFullName());
      }
    }
  }

  private static void delete(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(
              Path dir, @org.jspecify.annotations.Nullable IOException e) throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
