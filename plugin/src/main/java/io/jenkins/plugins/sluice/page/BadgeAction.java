package io.jenkins.plugins.sluice.page;

import hudson.Extension;
import hudson.model.Action;
import hudson.model.Job;
import io.sluice.app.picture.Badge;
import io.sluice.app.picture.Badge.Tone;
import io.sluice.core.artifact.Digest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.HttpResponse;
import org.kohsuke.stapler.StaplerRequest2;
import org.kohsuke.stapler.StaplerResponse2;
import org.kohsuke.stapler.WebMethod;

/**
 * Badges of a job's model, {@code sluice-badge/verdict.svg} and {@code version.svg}: for people who
 * may read the job, and nobody else.
 */
@Restricted(NoExternalUse.class)
public final class BadgeAction implements Action {
  private final Job<?, ?> job;

  BadgeAction(Job<?, ?> job) {
    this.job = job;
  }

  /** The verdict of the last run that has one, or how the last run ended. */
  @WebMethod(name = "verdict.svg")
  public HttpResponse doVerdict() {
    return new Svg(verdict(runs()).svg());
  }

  /** The version that is champion, as far as the job's runs know. */
  @WebMethod(name = "version.svg")
  public HttpResponse doVersion() {
    return new Svg(version(runs()).svg());
  }

  private List<RunView> runs() {
    return new ModelAction(job).getRuns();
  }

  static Badge verdict(List<RunView> newestFirst) {
    Optional<RunView> last = newestFirst.stream().findFirst();
    if (last.isEmpty()) {
      return new Badge(Messages.BadgeAction_model(), Messages.BadgeAction_unknown(), Tone.NEUTRAL);
    }
    RunView run = last.get();
    String improvement = run.getImprovement();
    Tone tone =
        switch (run.getDecision()) {
          case "PROMOTE" -> Tone.GOOD;
          case "HOLD" -> Tone.CAUTION;
          default -> run.getVerdict().equals("failed") ? Tone.BAD : Tone.NEUTRAL;
        };
    return new Badge(
        run.getModel(), run.getVerdict() + (improvement.isEmpty() ? "" : " " + improvement), tone);
  }

  static Badge version(List<RunView> newestFirst) {
    for (RunView run : newestFirst) {
      String version = run.isPromoted() ? run.getPromotedVersion() : run.getChampion();
      if (!version.isEmpty()) {
        return new Badge(run.getModel(), Messages.BadgeAction_version(version), Tone.GOOD);
      }
    }
    return new Badge(
        newestFirst.stream()
            .findFirst()
            .map(RunView::getModel)
            .orElse(Messages.BadgeAction_model()),
        Messages.BadgeAction_none(),
        Tone.NEUTRAL);
  }

  /** Asked for again each time, and sent again only when it has changed. */
  private static final class Svg implements HttpResponse {
    private final byte[] bytes;

    Svg(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public void generateResponse(
        @Nullable StaplerRequest2 request, StaplerResponse2 response, @Nullable Object node)
        throws IOException {
      String tag = tag(bytes);
      response.setHeader("ETag", tag);
      // a proxy on the way must not show it to those who may not read the job
      response.setHeader("Cache-Control", "private, no-cache");
      response.setHeader("X-Content-Type-Options", "nosniff");
      response.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
      if (request != null && tag.equals(request.getHeader("If-None-Match"))) {
        response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
        return;
      }
      response.setContentType("image/svg+xml;charset=UTF-8");
      response.setContentLength(bytes.length);
      response.getOutputStream().write(bytes);
    }
  }

  static String tag(byte[] bytes) {
    return "\"" + Digest.of(bytes).hex().substring(0, 32) + "\"";
  }

  /** None: there is no link to it in the job's menu. */
  @Override
  public @Nullable String getIconFileName() {
    return null;
  }

  @Override
  public @Nullable String getDisplayName() {
    return null;
  }

  @Override
  public String getUrlName() {
    return "sluice-badge";
  }

  /** Gives every job its badges: one that was never built has grey ones. */
  @Extension
  public static final class Factory extends JobActionFactory {
    public Factory() {
      super(BadgeAction.class, job -> Optional.of(new BadgeAction(job)));
    }
  }
}
