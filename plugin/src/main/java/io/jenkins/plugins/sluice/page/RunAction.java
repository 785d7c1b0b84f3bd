package io.jenkins.plugins.sluice.page;

import hudson.model.Run;
import io.jenkins.plugins.sluice.record.RunFolder;
import io.sluice.app.run.RunSummary;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.RunAction2;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.export.Exported;
import org.kohsuke.stapler.export.ExportedBean;

/**
 * The runs of a build, on its page. Only their ids are saved with the build; what is shown is read
 * from the runs' records in the build's folder.
 */
@Restricted(NoExternalUse.class)
@ExportedBean
public final class RunAction implements RunAction2 {
  private static final Logger LOGGER = Logger.getLogger(RunAction.class.getName());

  private final List<String> runs = new ArrayList<>();
  private transient @Nullable Run<?, ?> build;

  /** The action of a build; made when it has none. */
  public static RunAction of(Run<?, ?> build) {
    synchronized (build) {
      RunAction action = build.getAction(RunAction.class);
      if (action == null) {
        action = new RunAction();
        build.addAction(action);
      }
      return action;
    }
  }

  /**
   * Adds a run, once; saved with the build. Under the lock of the build, which saving takes: while
   * the list is being written nobody else changes it.
   */
  public void add(RunId run) throws IOException {
    Run<?, ?> mine = build;
    if (mine == null) {
      addUnsaved(run);
      return;
    }
    synchronized (mine) {
      if (addUnsaved(run)) {
        mine.save();
        RunsOfJob.note(mine.getParent());
      }
    }
  }

  private synchronized boolean addUnsaved(RunId run) {
    return !runs.contains(run.value()) && runs.add(run.value());
  }

  /** Ids of the runs, in the order of their start. */
  public synchronized List<String> ids() {
    return List.copyOf(runs);
  }

  /** What is shown of each run; one without a record yet is left out. */
  @Exported(visibility = 2)
  public List<RunView> getRuns() {
    Run<?, ?> mine = build;
    if (mine == null) {
      return List.of();
    }
    List<RunView> out = new ArrayList<>();
    for (String id : ids()) {
      view(mine, id).ifPresent(out::add);
    }
    return List.copyOf(out);
  }

  private static Optional<RunView> view(Run<?, ?> build, String id) {
    try {
      RunFolder folder = new RunFolder(build, new RunId(id));
      String page = folder.page().orElse("");
      return folder.record().map(bytes -> new RunView(build, RunSummary.of(bytes), page));
    } catch (RuntimeException e) {
      // a page is shown without it, whatever lies in the folder
      LOGGER.log(Level.WARNING, e, () -> "the record of run " + id + " of " + build);
      return Optional.empty();
    }
  }

  @Override
  public void onAttached(Run<?, ?> r) {
    build = r;
  }

  @Override
  public void onLoad(Run<?, ?> r) {
    build = r;
  }

  @Override
  public String getIconFileName() {
    return "symbol-git-compare-outline plugin-ionicons-api";
  }

  @Override
  public String getDisplayName() {
    return Messages.RunAction_displayName();
  }

  @Override
  public String getUrlName() {
    return "sluice";
  }
}
