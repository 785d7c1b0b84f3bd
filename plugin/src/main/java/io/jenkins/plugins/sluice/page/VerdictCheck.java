package io.jenkins.plugins.sluice.page;

import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.checks.api.ChecksConclusion;
import io.jenkins.plugins.checks.api.ChecksDetails;
import io.jenkins.plugins.checks.api.ChecksOutput;
import io.jenkins.plugins.checks.api.ChecksPublisherFactory;
import io.jenkins.plugins.checks.api.ChecksStatus;
import java.util.stream.Collectors;
import org.jenkinsci.plugins.variant.OptionalExtension;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Publishes a verdict as a check of the revision, to GitHub say, where the plugin {@code
 * checks-api} is there and one that publishes for the source of the job.
 */
@Restricted(NoExternalUse.class)
@OptionalExtension(requirePlugins = "checks-api")
public final class VerdictCheck extends VerdictListener {
  @Override
  public void judged(Run<?, ?> build, Judgement judgement, TaskListener listener) {
    ChecksPublisherFactory.fromRun(build, listener)
        .publish(
            new ChecksDetails.ChecksDetailsBuilder()
                .withName("Sluice / " + judgement.model())
                .withStatus(ChecksStatus.COMPLETED)
                // a hold is a result, and nothing that the change broke
                .withConclusion(
                    judgement.decision().equals("PROMOTE")
                        ? ChecksConclusion.SUCCESS
                        : ChecksConclusion.NEUTRAL)
                .withOutput(
                    new ChecksOutput.ChecksOutputBuilder()
                        .withTitle(judgement.decision())
                        .withSummary(markdown(judgement))
                        .build())
                .build());
  }

  /** The sentences hold names out of data: none of them is markup. */
  static String markdown(Judgement judgement) {
    return judgement.sentences().isEmpty()
        ? judgement.decision()
        : judgement.sentences().stream()
            .map(s -> "- " + s.replaceAll("([\\\\`*_{}\\[\\]<>()#+!|~@-])", "\\\\$1"))
            .collect(Collectors.joining("\n"));
  }
}
