package io.jenkins.plugins.sluice.record;

import hudson.model.Run;
import io.sluice.app.SourceTree;
import io.sluice.app.run.LogPosition;
import io.sluice.app.run.RunRepository;
import io.sluice.app.run.RunState;
import io.sluice.core.run.RunId;
import io.sluice.state.SourceSnapshot;
import io.sluice.state.StateFile;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * What a build keeps of a run: {@code sluice/<run id>/} in its folder. The state as JSON, the files
 * of the pipeline that later stages need, how much of each log was shown, the record at the end. No
 * secret is in it.
 */
@Restricted(NoExternalUse.class)
public final class RunFolder implements RunRepository {
  private static final String FOLDER = "sluice";
  private static final String SOURCE = "source";

  private final Path folder;

  /** The id of the run. */
  public RunId run() {
    return new RunId(Objects.requireNonNull(folder.getFileName(), "a run's folder").toString());
  }

  public RunFolder(Run<?, ?> build, RunId run) {
    this(build.getRootDir().toPath().resolve(FOLDER).resolve(run.value()));
  }

  public RunFolder(Path folder) {
    this.folder = folder;
  }

  @Override
  public Optional<RunState> state() {
    return new StateFile(folder.resolve("state.json")).text().map(RunState::parse);
  }

  @Override
  public void save(RunState state) {
    new StateFile(folder.resolve("state.json")).write(state.json());
  }

  /**
   * Keeps the files that later stages need. Call it before {@link #save}, whose state implies them.
   */
  public void keepSource(SortedMap<String, byte[]> files) {
    source().keep(files);
  }

  private SourceSnapshot source() {
    return new SourceSnapshot(folder.resolve(SOURCE));
  }

  /** Takes over a run of another build: its files first, then its state, which says so. */
  public void adopt(RunFolder original, RunState state) {
    SourceTree tree = original.snapshot();
    TreeMap<String, byte[]> files = new TreeMap<>();
    for (SourceTree.CodeFile file : tree.files()) {
      tree.read(file.path()).ifPresent(content -> files.put(file.path(), content));
    }
    keepSource(files);
    original.pipeline().ifPresent(this::keepPipeline);
    save(state);
  }

  @Override
  public SourceTree snapshot() {
    return source().snapshot();
  }

  @Override
  public LogPosition logPosition(RunId execution) {
    return new StateFile(folder.resolve(execution + ".seen.json"))
        .text()
        .map(LogPosition::parse)
        .orElseGet(LogPosition::start);
  }

  @Override
  public void saveLogPosition(RunId execution, LogPosition position) {
    new StateFile(folder.resolve(execution + ".seen.json")).write(position.json());
  }

  /**
   * Folder and spec of the pipeline that it is a run of; empty in one that an earlier version kept.
   */
  public Optional<String> pipeline() {
    return new StateFile(folder.resolve("pipeline.txt")).text();
  }

  public void keepPipeline(String name) {
    new StateFile(folder.resolve("pipeline.txt")).write(name);
  }

  /** Where the stages of a run on an agent run; empty for a run on a cluster. */
  public Optional<AgentWorkspace> workspace() {
    return new StateFile(folder.resolve("workspace.json")).text().map(AgentWorkspace::parse);
  }

  public void keepWorkspace(AgentWorkspace workspace) {
    new StateFile(folder.resolve("workspace.json")).write(workspace.json());
  }

  /** The run's record, as the registry has it. */
  public Optional<byte[]> record() {
    return new StateFile(folder.resolve("run.json")).read();
  }

  /** Where the registry shows the version that the run registered. */
  public Optional<String> page() {
    return new StateFile(folder.resolve("page.txt")).text();
  }

  public void keepPage(String address) {
    new StateFile(folder.resolve("page.txt")).write(address);
  }

  public void keepRecord(byte[] runJson) {
    new StateFile(folder.resolve("run.json")).write(runJson);
  }
}
