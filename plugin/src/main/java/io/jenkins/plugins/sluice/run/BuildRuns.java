package io.jenkins.plugins.sluice.run;

import hudson.AbortException;
import hudson.FilePath;
import hudson.model.Job;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.model.User;
import io.jenkins.plugins.sluice.agent.SluiceCommand;
import io.jenkins.plugins.sluice.config.CredentialsResolver;
import io.jenkins.plugins.sluice.config.JobConfiguration;
import io.jenkins.plugins.sluice.config.RegistryConfig;
import io.jenkins.plugins.sluice.config.SluicePermissions;
import io.jenkins.plugins.sluice.connect.ClusterLogin;
import io.jenkins.plugins.sluice.connect.Connections;
import io.jenkins.plugins.sluice.connect.RegistryLogin;
import io.jenkins.plugins.sluice.page.RunAction;
import io.jenkins.plugins.sluice.page.VerdictListener;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.record.AgentWorkspace;
import io.jenkins.plugins.sluice.record.RunFolder;
import io.sluice.app.CodeFiles;
import io.sluice.app.Pipelines;
import io.sluice.app.Target.CodeContent;
import io.sluice.app.run.BuildLink;
import io.sluice.app.run.ClusterConnector;
import io.sluice.app.run.Identity;
import io.sluice.app.run.RunDefinition;
import io.sluice.app.run.RunPlan;
import io.sluice.app.run.RunState;
import io.sluice.app.run.RunSummary;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.run.DateOrInstant;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import jenkins.model.Jenkins;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.springframework.security.core.AuthenticationException;

/** The runs of one build: opens them, connects to them, sums them up, knows who may promote. */
@Restricted(NoExternalUse.class)
public final class BuildRuns {
  /** Stands in the promotion log for a person without a name. */
  private static final String ANONYMOUS = "anonymous";

  /** So many records of a model are looked through for the run's own. */
  private static final int RECENT_RECORDS = 20;

  /** Holds the place of the code's digest until the code is uploaded. */
  private static final Digest NO_CODE = Digest.of("");

  private final Run<?, ?> build;
  private final TaskListener listener;

  public BuildRuns(Run<?, ?> build, TaskListener listener) {
    this.build = build;
    this.listener = listener;
  }

  /**
   * What the ids of a build's runs and executions are made from. A step keeps it as it was when it
   * began: the name of the job is in it, and a job may be renamed or moved while it builds.
   */
  public static String nameForIds(Run<?, ?> build) {
    return build.getExternalizableId();
  }

  /**
   * Ids of a build's runs and executions.
   *
   * @param name as of {@link #nameForIds}; null as read from an earlier version, which kept none:
   *     then it is the build's of now
   */
  public static Identity identity(@Nullable String name, Run<?, ?> build) {
    return new Identity(
        Jenkins.get().getLegacyInstanceId(), name == null ? nameForIds(build) : name);
  }

  public RunFolder folder(RunId run) {
    return new RunFolder(build, run);
  }

  /**
   * Opens a run unless it is open: reads and checks the pipeline, brings its code into the store,
   * keeps what later stages need. May be repeated after a crash anywhere in it.
   *
   * @param workspace null outside of {@code node}
   * @param promotes whether the run promotes by itself, so that its starter must be allowed to
   * @throws SluiceException for what is wrong with pipeline, target or cluster
   */
  public RunState open(
      RunId run, RunRequest request, @Nullable FilePath workspace, boolean promotes)
      throws IOException, InterruptedException {
    RunFolder folder = folder(run);
    Optional<RunState> there = folder.state();
    if (there.isPresent()) {
      return there.get();
    }
    if (!promotes) {
      Optional<RunState> original = new RestartedBuild(build).adopt(request, starterOrJob());
      if (original.isPresent()) {
        goesOn(original.get().definition().run());
        return original.get();
      }
    }
    boolean pullRequest = PipelineFiles.isPullRequest(build.getParent());
    if (promotes && !pullRequest) {
      startersMayPromote();
    }
    JobConfiguration.ScopedCluster place =
        JobConfiguration.cluster(build.getParent(), request.cluster());
    PipelineFiles.Found found =
        new PipelineFiles(build, listener).read(workspace, request, place.cluster().getId());
    String target = place.cluster().target(found.target(), pullRequest);
    Pipelines.Opened opened = Pipelines.open(found.tree(), request.spec());
    if (!pullRequest) {
      JobConfiguration.checkMayChange(build.getParent(), place, opened.spec().model());
    }
    Instant asOf = asOf(request.asOf());
    RunDefinition definition =
        new RunDefinition(
            run,
            request.spec(),
            opened.spec().model(),
            Optional.of(request.profile()).filter(p -> !p.isEmpty()),
            asOf,
            starterOrJob(),
            found.tree().commit().map(c -> c.id()),
            pullRequest,
            NO_CODE,
            target);
    // reports everything that can be wrong before it uploads anything
    RunPlan.of(opened, RunState.opened(definition, request.settings()), Connections.wheel());
    SortedMap<String, byte[]> needed = found.tree().recorded();
    List<CodeContent> code = CodeFiles.of(opened, Connections.wheel());
    Digest digest =
        Connections.upload(
            login(place), TargetParser.parse(target), code, listener.getLogger()::println);
    RunState state = RunState.opened(definition.withCode(digest), request.settings());
    folder.keepSource(needed);
    folder.keepPipeline(request.name());
    folder.save(state);
    RunAction.of(build).add(run);
    return state;
  }

  /**
   * The id of a run on an agent: nothing of it is opened here. That of the original, when this
   * build was restarted from a stage of it.
   */
  public RunId onAgent(RunId run, RunRequest request) throws IOException {
    if (PipelineFiles.isPullRequest(build.getParent())) {
      throw new AbortException(SluiceCommand.NO_PULL_REQUESTS);
    }
    SluiceCommand.arguments(request, run, "", null); // refuses wrong parameters now
    Optional<RunId> original = new RestartedBuild(build).adoptOnAgent(request);
    if (original.isPresent()) {
      goesOn(original.get());
    }
    return original.orElse(run);
  }

  /**
   * Binds a run to where its stages leave what they give each other: the first stage decides.
   *
   * @throws AbortException for another agent or folder
   */
  public void bindToAgent(RunId run, String pipeline, AgentWorkspace here) throws IOException {
    RunFolder folder = folder(run);
    synchronized (build) {
      Optional<AgentWorkspace> before = folder.workspace();
      if (before.isEmpty()) {
        folder.keepPipeline(pipeline);
        folder.keepWorkspace(here);
      } else if (!before.get().equals(here)) {
        throw new AbortException(
            "run "
                + run
                + " was begun "
                + before.get()
                + ", where what its stages gave lies, and this step is "
                + here
                + ": put its stages into one node block, or give them the same agent");
      }
    }
    RunAction.of(build).add(run);
  }

  /**
   * Keeps the record that a program on an agent wrote.
   *
   * @param page address of the version in the registry
   * @return the summary of a run without a record when there is none; empty when this version of
   *     the plugin cannot read the record, so that its verdict is unknown
   */
  public Optional<RunSummary> keepRecord(RunId run, Optional<byte[]> record, Optional<byte[]> page)
      throws IOException {
    if (record.isEmpty()) {
      return Optional.of(RunSummary.empty());
    }
    RunSummary summary;
    try {
      summary = RunSummary.of(record.get());
    } catch (IllegalArgumentException e) {
      listener
          .getLogger()
          .println("(the record of the run cannot be read: " + e.getMessage() + ")");
      return Optional.empty();
    }
    RunFolder folder = folder(run);
    folder.keepRecord(record.get());
    page.map(p -> new String(p, StandardCharsets.UTF_8).strip()).ifPresent(folder::keepPage);
    RunAction.of(build).add(run);
    return Optional.of(summary);
  }

  /** Has a verdict published where somebody listens. */
  public void judged(String model, String decision, RunSummary summary) {
    VerdictListener.fire(
        build, new VerdictListener.Judgement(model, decision, summary.sentences()), listener);
  }

  private void goesOn(RunId run) throws IOException {
    RunAction.of(build).add(run);
    listener
        .getLogger()
        .println("continues run " + run + " of the build that this one was restarted from");
  }

  /**
   * In whose name a run promotes that promotes by itself. Everybody who is behind the build must be
   * allowed to promote.
   */
  public String mayPromoteByItself() throws AbortException {
    startersMayPromote();
    return starterOrJob().orElse("");
  }

  /**
   * In whose name a run promotes unless a person approves: those who started the build, or its job
   * where triggers alone did; empty for a pull request.
   */
  public Optional<String> starterOrJob() {
    if (PipelineFiles.isPullRequest(build.getParent())) {
      return Optional.empty();
    }
    Starters starters = starters();
    List<String> names = new ArrayList<>(starters.persons());
    if (starters.anonymous()) {
      names.add(ANONYMOUS);
    }
    return Optional.of(
        names.isEmpty()
            ? "jenkins job " + build.getParent().getFullName()
            : String.join(", ", names));
  }

  /**
   * Those who started the build by hand, each of whom may promote: a rollback is a person's
   * decision.
   *
   * @throws AbortException when nobody with a name did, or one of them may not
   */
  public String personsMayPromote() throws AbortException {
    if (starters().persons().isEmpty()) {
      throw new AbortException(
          "a rollback is a person's decision, and nobody with a name started this build");
    }
    startersMayPromote();
    return starterOrJob().orElseThrow();
  }

  private Starters starters() {
    return Starters.of(build);
  }

  private void startersMayPromote() throws AbortException {
    Starters starters = starters();
    for (String person : starters.persons()) {
      mayPromote(person);
    }
    if (starters.anonymous()) {
      mayPromoteAnonymously("somebody who was not logged in started this build");
    }
    if (!starters.unknown().isEmpty()) {
      throw new AbortException(
          "this build was started by "
              + String.join(", ", starters.unknown())
              + ", and Sluice cannot tell whether a person is behind that who may promote: have"
              + " somebody with the permission Sluice/Promote approve by an input before"
              + " mlPromote, or start the build by hand");
    }
  }

  /**
   * The person who approved the last {@code input} of this build, in whose name {@code mlPromote}
   * promotes; empty: in the name of the run. This person, or else everybody who started the build,
   * must be allowed to promote. A pull request promotes nothing, with any approver.
   */
  public Optional<String> promoter() throws AbortException {
    if (PipelineFiles.isPullRequest(build.getParent())) {
      return Optional.empty();
    }
    Optional<Approvals.Approval> approval = Approvals.last(build);
    if (approval.isEmpty()) {
      startersMayPromote();
      return Optional.empty();
    }
    Optional<String> approver = approval.get().by();
    if (approver.isEmpty()) {
      mayPromoteAnonymously("somebody who was not logged in approved the last input");
      return Optional.of(ANONYMOUS);
    }
    mayPromote(approver.get());
    return approver;
  }

  private void mayPromoteAnonymously(String who) throws AbortException {
    Job<?, ?> job = build.getParent();
    if (!job.getACL().hasPermission2(Jenkins.ANONYMOUS2, SluicePermissions.PROMOTE)) {
      throw new AbortException(
          who + ", and lacks the permission Sluice/Promote for " + job.getFullName());
    }
  }

  /** Refuses a person who may not promote by builds of this job. */
  private void mayPromote(String userId) throws AbortException {
    Job<?, ?> job = build.getParent();
    User user = User.getById(userId, /* create= */ false);
    boolean may;
    try {
      may =
          user != null
              && job.getACL().hasPermission2(user.impersonate2(), SluicePermissions.PROMOTE);
    } catch (AuthenticationException e) {
      AbortException why =
          new AbortException(
              userId
                  + " started this build or approved it, and Jenkins does not know that account"
                  + " (any more): "
                  + e.getMessage());
      why.initCause(e);
      throw why;
    }
    if (!may) {
      throw new AbortException(
          userId
              + " started this build or approved it, and lacks the permission Sluice/Promote for "
              + job.getFullName());
    }
  }

  private ClusterLogin login(JobConfiguration.ScopedCluster place) throws AbortException {
    return JobConfiguration.login(place, build.getParent(), Optional.of(build));
  }

  private static Instant asOf(String text) throws AbortException {
    if (text.isEmpty()) {
      return Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS);
    }
    return DateOrInstant.parse(text)
        .orElseThrow(() ->
            new AbortException(
                "asOf: " + text + " is neither 2026-06-01 nor 2026-06-01T00:00:00Z"));
  }

  /** Connects to the cluster of a run, with the credentials that this build may use there. */
  public ClusterConnector connecting(String clusterId, RunId execution) {
    return state -> {
      try {
        JobConfiguration.ScopedCluster place =
            JobConfiguration.cluster(build.getParent(), clusterId);
        if (!state.definition().untrusted()) {
          JobConfiguration.checkMayChange(build.getParent(), place, state.definition().model());
        }
        TargetSpec target = state.definition().targetSpec();
        StartedExecutions.ofJenkins()
            .note(
                new StartedExecutions.Entry(
                    execution,
                    build.getExternalizableId(),
                    build.getParent().getFullName(),
                    new StartedExecutions.OnCluster(
                        place.folder(), place.cluster().getId(), target.namespace())));
        return Connections.connect(login(place), target, hidden(place, state));
      } catch (AbortException e) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            List.of(
                Diagnostic.of(
                    "SLU-9614",
                    String.valueOf(e.getMessage()),
                    "somebody changed the configuration of Sluice during the run")),
            e);
      }
    };
  }

  /**
   * What a run's log does not show of the registry: its pods may have the same token by a Secret of
   * their own. Those of a pull request have none, so it is not even looked up for them.
   */
  private List<String> hidden(JobConfiguration.ScopedCluster place, RunState state) {
    if (place.cluster().getRegistry().isEmpty() || state.definition().untrusted()) {
      return List.of();
    }
    try {
      RegistryConfig registry = JobConfiguration.registryOf(place, build.getParent());
      return CredentialsResolver.registry(registry, build.getParent(), Optional.of(build))
          .secrets();
    } catch (AbortException | SluiceException e) {
      return List.of(); // said when the registry is asked
    }
  }

  /**
   * What the registry knows of a run; nothing when there is none that can be asked, which takes
   * nothing from the run.
   */
  public RunSummary summary(RunState state, String clusterId) {
    RunId run = state.definition().run();
    try {
      JobConfiguration.ScopedCluster place = JobConfiguration.cluster(build.getParent(), clusterId);
      if (place.cluster().getRegistry().isEmpty() || state.definition().untrusted()) {
        return RunSummary.empty();
      }
      RegistryConfig registry = JobConfiguration.registryOf(place, build.getParent());
      RegistryLogin login =
          CredentialsResolver.registry(registry, build.getParent(), Optional.of(build));
      String model = state.definition().model();
      ModelRegistry asked = Connections.registry(login);
      for (byte[] bytes : asked.recordedRuns(model, RECENT_RECORDS)) {
        if (RunSummary.isOf(bytes, run)) {
          RunSummary summary = RunSummary.of(bytes);
          folder(run).keepRecord(bytes);
          BuildLink.of(Optional.ofNullable(Jenkins.get().getRootUrl()).map(u -> u + build.getUrl()))
              .ifPresent(link -> link.tag(asked, summary, listener.getLogger()::println));
          summary
              .version()
              .flatMap(v -> asked.version(model, v))
              .flatMap(asked::page)
              .ifPresent(folder(run)::keepPage);
          return summary;
        }
      }
    } catch (AbortException | SluiceException e) {
      listener.getLogger().println("(the registry was not asked: " + e.getMessage() + ")");
    } catch (IllegalArgumentException e) {
      listener
          .getLogger()
          .println("(a record in the registry cannot be read: " + e.getMessage() + ")");
    }
    return RunSummary.empty();
  }
}
