package io.jenkins.plugins.sluice.run;

import hudson.AbortException;
import hudson.Extension;
import hudson.model.AsyncPeriodicWork;
import hudson.model.Item;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.sluice.config.ClusterConfig;
import io.jenkins.plugins.sluice.config.CredentialsResolver;
import io.jenkins.plugins.sluice.config.JobConfiguration;
import io.jenkins.plugins.sluice.config.SluiceConfiguration;
import io.jenkins.plugins.sluice.connect.Connections;
import io.sluice.core.diag.SluiceException;
import java.util.Optional;
import jenkins.model.Jenkins;
import org.jspecify.annotations.Nullable;

/**
 * Ends executions whose build is over or gone: a controller that crashed where a pipeline was not
 * kept, a build that was deleted, a cluster that was out of reach when the build was aborted. A few
 * minutes after start-up, so that pipelines that resume have come back, and every hour.
 */
@Extension
public final class OrphanReaper extends AsyncPeriodicWork {
  public OrphanReaper() {
    super("Sluice orphans");
  }

  @Override
  public long getRecurrencePeriod() {
    return HOUR;
  }

  @Override
  public long getInitialDelay() {
    return 10 * MIN;
  }

  @Override
  protected void execute(TaskListener listener) {
    StartedExecutions ledger = StartedExecutions.ofJenkins();
    for (StartedExecutions.Entry entry : ledger.entries()) {
      if (isBuilding(entry.build())
          || ControllerSupervisor.get().status(entry.execution()).isPresent()) {
        continue;
      }
      try {
        cancel(entry);
        listener.getLogger().println("cancelled: " + entry.execution() + " of " + entry.build());
        ledger.strike(entry.execution());
      } catch (SluiceException e) {
        if (String.valueOf(e.getMessage()).contains("SLU-3711")) {
          ledger.strike(entry.execution()); // it is not there, or never was
        } else {
          listener.getLogger().println("later: " + entry.execution() + ": " + e.getMessage());
        }
      } catch (AbortException e) {
        listener.getLogger().println("later: " + entry.execution() + ": " + e.getMessage());
      }
    }
  }

  private static boolean isBuilding(String build) {
    try {
      Run<?, ?> run = Run.fromExternalizableId(build);
      return run != null && run.isBuilding();
    } catch (IllegalArgumentException e) {
      return false; // an id of no form that this Jenkins knows
    }
  }

  private static void cancel(StartedExecutions.Entry entry) throws AbortException {
    @Nullable Item job = Jenkins.get().getItemByFullName(entry.job(), Item.class);
    ClusterConfig cluster = null;
    if (job != null) {
      cluster = JobConfiguration.cluster(job, entry.cluster()).cluster();
    } else {
      for (ClusterConfig c : SluiceConfiguration.get().getClusters()) {
        if (c.getId().equals(entry.cluster())) {
          cluster = c;
        }
      }
    }
    if (cluster == null) {
      throw new AbortException("its cluster " + entry.cluster() + " is no longer configured");
    }
    Connections.cancel(
        CredentialsResolver.cluster(cluster, job, Optional.empty()),
        entry.namespace(),
        entry.execution());
  }
}
