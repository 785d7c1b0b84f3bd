package io.jenkins.plugins.sluice.page;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Item;
import hudson.model.TaskListener;
import io.jenkins.plugins.sluice.run.FoldedOutput;
import io.jenkins.plugins.sluice.run.FoldedOutputNote;
import java.net.URL;
import java.util.Set;
import jenkins.model.Jenkins;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.html.HtmlPage;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.steps.Step;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepDescriptor;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.jenkinsci.plugins.workflow.steps.StepExecutions;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.MockAuthorizationStrategy;
import org.jvnet.hudson.test.TestExtension;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;
import org.kohsuke.stapler.DataBoundConstructor;

/** Badges and logs as a browser gets them. */
@WithJenkins
class PagesControllerTest {
  @Test
  void aBadgeIsForWhoeverMayReadTheJob(JenkinsRule jenkins) throws Exception {
    WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
    jenkins.jenkins.setSecurityRealm(jenkins.createDummySecurityRealm());
    jenkins.jenkins.setAuthorizationStrategy(
        new MockAuthorizationStrategy()
            .grant(Jenkins.READ)
            .everywhere()
            .toEveryone()
            .grant(Item.READ)
            .onItems(job)
            .to("alex"));
    JenkinsRule.WebClient reader = jenkins.createWebClient().login("alex");
    WebResponse badge = get(reader, jenkins, "", 200);
    assertThat(badge.getContentType()).isEqualTo("image/svg+xml");
    assertThat(badge.getContentAsString()).contains("<svg").contains("unknown");
    assertThat(badge.getResponseHeaderValue("Cache-Control")).isEqualTo("private, no-cache");
    get(reader, jenkins, badge.getResponseHeaderValue("ETag"), 304);
    get(jenkins.createWebClient(), jenkins, "", 404);
  }

  private static WebResponse get(
      JenkinsRule.WebClient client, JenkinsRule jenkins, String tag, int status) throws Exception {
    client.getOptions().setThrowExceptionOnFailingStatusCode(false);
    WebRequest request =
        new WebRequest(new URL(jenkins.getURL(), "job/job/sluice-badge/verdict.svg"));
    if (!tag.isEmpty()) {
      request.setAdditionalHeader("If-None-Match", tag);
    }
    WebResponse response = client.getPage(request).getWebResponse();
    assertThat(response.getStatusCode()).isEqualTo(status);
    return response;
  }

  @Test
  void outputIsFoldedOnThePageAndTheTextHasItAll(JenkinsRule jenkins) throws Exception {
    WorkflowJob job = jenkins.createProject(WorkflowJob.class, "folded");
    job.setDefinition(new CpsFlowDefinition("foldedOutput()\necho 'after'", true));
    var run = jenkins.buildAndAssertSuccess(job);
    jenkins.assertLogContains("[a] one", run);
    jenkins.assertLogNotContains("details", run);
    HtmlPage page = jenkins.createWebClient().getPage(run, "console");
    var folded = page.querySelectorAll("details.sluice-output");
    assertThat(folded).hasSize(1);
    assertThat(folded.get(0).getTextContent())
        .contains("[a] one", "[b] two")
        .doesNotContain("[a] done")
        .doesNotContain("after");
  }

  /** A step that writes as a run does. */
  public static final class Folded extends Step {
    @DataBoundConstructor
    public Folded() {}

    @Override
    public StepExecution start(StepContext context) {
      return StepExecutions.synchronousNonBlockingVoid(
          context,
          c -> {
            TaskListener listener = c.get(TaskListener.class);
            FoldedOutput fold =
                new FoldedOutput(
                    listener.getLogger()::println,
                    () -> {
                      try {
                        listener.annotate(new FoldedOutputNote());
                      } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    });
            fold.line("[a] started");
            fold.output("[a] one");
            fold.output("[b] two");
            fold.line("[a] done 1.0s");
          });
    }

    /** Its name. */
    @TestExtension
    public static final class DescriptorImpl extends StepDescriptor {
      @Override
      public String getFunctionName() {
        return "foldedOutput";
      }

      @Override
      public Set<? extends Class<?>> getRequiredContext() {
        return Set.of(TaskListener.class);
      }
    }
  }
}
