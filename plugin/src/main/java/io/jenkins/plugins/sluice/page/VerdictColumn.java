package io.jenkins.plugins.sluice.page;

import hudson.Extension;
import hudson.model.Item;
import hudson.model.Job;
import hudson.views.ListViewColumn;
import hudson.views.ListViewColumnDescriptor;
import org.jenkinsci.Symbol;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;

/** A column of views: verdict and version of the last run of a job. */
@Restricted(NoExternalUse.class)
public final class VerdictColumn extends ListViewColumn {
  @DataBoundConstructor
  public VerdictColumn() {}

  /** The last run; null for an item that never had one. */
  public @Nullable RunView last(Item item) {
    return item instanceof Job<?, ?> job && RunsOfJob.any(job)
        ? new ModelAction(job).newest().orElse(null)
        : null;
  }

  /** Its name. */
  @Extension
  @Symbol("sluiceVerdict")
  public static final class DescriptorImpl extends ListViewColumnDescriptor {
    @Override
    public String getDisplayName() {
      return Messages.VerdictColumn_displayName();
    }

    /** Most jobs of a controller train no model. */
    @Override
    public boolean shownByDefault() {
      return false;
    }
  }
}
