package io.jenkins.plugins.sluice.newdata;

import hudson.model.Action;
import hudson.model.Computer;
import hudson.model.Item;
import hudson.model.Job;
import io.sluice.app.newdata.WatchState;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.HttpResponses;
import org.kohsuke.stapler.verb.POST;

/** The data that a job has watched: the last check, its log, and a button for another one. */
@Restricted(NoExternalUse.class)
public final class NewDataAction implements Action {
  private final Job<?, ?> job;
  private final NewDataTrigger trigger;

  NewDataAction(Job<?, ?> job, NewDataTrigger trigger) {
    this.job = job;
    this.trigger = trigger;
  }

  public Job<?, ?> getJob() {
    return job;
  }

  public NewDataTrigger getTrigger() {
    return trigger;
  }

  /** How the last check ended; empty when there was none. */
  public String getOutcome() {
    return state().last().map(l -> l.outcome().name().toLowerCase(Locale.ROOT)).orElse("");
  }

  /** What the last check found, or why it found nothing. */
  public String getText() {
    return state().last().map(WatchState.Last::text).orElse("");
  }

  /** When the last check ended. */
  public String getAt() {
    return state().last().map(l -> l.at().truncatedTo(ChronoUnit.SECONDS).toString()).orElse("");
  }

  /** The fingerprint that the next check compares with. */
  public String getSeen() {
    return state().seen().map(WatchState.Seen::words).orElse("");
  }

  public boolean isGoing() {
    return state().going().isPresent();
  }

  public String getLog() {
    return new NewDataWatch(job, trigger).log();
  }

  /** Whether the reader of the page may start a check. */
  public boolean isMayCheck() {
    return job.hasPermission(Item.BUILD);
  }

  private WatchState state() {
    return new NewDataWatch(job, trigger).state();
  }

  /** Starts a check now. */
  @POST
  public HttpResponse doCheckNow() {
    job.checkPermission(Item.BUILD);
    Computer.threadPoolForRemoting.execute(
        () -> new NewDataWatch(job, trigger).look(/* onlyIfGoing= */ false));
    return HttpResponses.redirectToDot();
  }

  @Override
  public String getIconFileName() {
    return "symbol-pulse-outline plugin-ionicons-api";
  }

  @Override
  public String getDisplayName() {
    return Messages.NewDataAction_displayName();
  }

  @Override
  public String getUrlName() {
    return "sluice-data";
  }
}
