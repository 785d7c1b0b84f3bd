package io.jenkins.plugins.sluice.config;

import static java.util.stream.Collectors.joining;

import com.cloudbees.plugins.credentials.CredentialsMatcher;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import hudson.AbortException;
import hudson.Extension;
import hudson.model.Item;
import hudson.util.FormValidation;
import io.jenkins.plugins.sluice.connect.ClusterLogin;
import io.jenkins.plugins.sluice.connect.Connections;
import io.jenkins.plugins.sluice.form.FormAccess;
import io.jenkins.plugins.sluice.form.FormText;
import io.sluice.app.run.FailureText;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.spec.TargetParser;
import java.util.List;
import java.util.Optional;
import org.jenkinsci.Symbol;
import org.jenkinsci.plugins.plaincredentials.FileCredentials;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * A cluster that runs may go to: where it is, as whom, and what a run finds there. Holds ids of
 * credentials, never credentials. Fields are saved by XStream under their names.
 */
@Restricted(NoExternalUse.class)
public final class ClusterConfig extends ConfiguredService<ClusterConfig> {
  /** {@code https://host:port}; empty with a kubeconfig or in a pod. */
  private String server = "";

  /** PEM; empty: what Java trusts. */
  private String authorities = "";

  /** A target as YAML; empty: the file {@code targets/<id>.yaml} of the pipeline's repository. */
  private String target = "";

  /** The target of pull requests as YAML; empty: they do not run here. */
  private String pullRequestTarget = "";

  /** Id of the registry that its runs write to; empty: results come without figures. */
  private String registry = "";

  @DataBoundConstructor
  public ClusterConfig(@Nullable String id) {
    super(id);
  }

  public String getServer() {
    return server;
  }

  @DataBoundSetter
  public void setServer(@Nullable String server) {
    this.server = FormText.text(server);
  }

  public String getAuthorities() {
    return authorities;
  }

  @DataBoundSetter
  public void setAuthorities(@Nullable String authorities) {
    this.authorities = FormText.text(authorities);
  }

  public String getTarget() {
    return target;
  }

  @DataBoundSetter
  public void setTarget(@Nullable String target) {
    this.target = FormText.text(target);
  }

  public String getPullRequestTarget() {
    return pullRequestTarget;
  }

  @DataBoundSetter
  public void setPullRequestTarget(@Nullable String pullRequestTarget) {
    this.pullRequestTarget = FormText.text(pullRequestTarget);
  }

  public String getRegistry() {
    return registry;
  }

  @DataBoundSetter
  public void setRegistry(@Nullable String registry) {
    this.registry = FormText.text(registry);
  }

  /**
   * The target that runs here have.
   *
   * @param ofRepository content of {@code targets/<id>.yaml} of the pipeline's repository
   */
  public String target(Optional<String> ofRepository, boolean pullRequest) throws AbortException {
    if (pullRequest) {
      if (pullRequestTarget.isBlank()) {
        throw new AbortException(
            "cluster "
                + getId()
                + " takes no pull requests: it has no target for them in the configuration of"
                + " Sluice");
      }
      if (sharesNamespace(target, pullRequestTarget)) {
        throw new AbortException(
            "cluster "
                + getId()
                + " takes no pull requests: their target has the namespace of all other runs, whose"
                + " Secrets are there");
      }
      return pullRequestTarget;
    }
    if (!target.isBlank()) {
      return target;
    }
    return ofRepository.orElseThrow(() ->
        new AbortException(
            "cluster "
                + getId()
                + " has no target: neither in the configuration of Sluice nor as targets/"
                + getId()
                + ".yaml in the repository"));
  }

  /**
   * Whether two targets are in one namespace; not when one of them is not there.
   *
   * @throws SluiceException when one is wrong
   */
  private static boolean sharesNamespace(String target, String other) {
    return !target.isBlank()
        && !other.isBlank()
        && TargetParser.parse(target).namespace().equals(TargetParser.parse(other).namespace());
  }

  /** The form of a cluster. */
  @Extension
  @Symbol("sluiceCluster")
  public static final class DescriptorImpl extends ServiceDescriptor<ClusterConfig> {
    @Override
    public String getDisplayName() {
      return Messages.ClusterConfig_displayName();
    }

    @Override
    CredentialsMatcher matcher() {
      return CredentialsMatchers.anyOf(
          CredentialsMatchers.instanceOf(FileCredentials.class),
          CredentialsMatchers.instanceOf(StringCredentials.class));
    }

    @POST
    public FormValidation doCheckTarget(
        @AncestorInPath @Nullable Item item, @QueryParameter String value) {
      FormAccess.checkMayConfigure(item);
      return target(value);
    }

    @POST
    public FormValidation doCheckPullRequestTarget(
        @AncestorInPath @Nullable Item item,
        @QueryParameter String value,
        @QueryParameter String target) {
      FormAccess.checkMayConfigure(item);
      try {
        if (sharesNamespace(target, value)) {
          return FormValidation.error(Messages.ClusterConfig_sharesNamespace());
        }
      } catch (SluiceException e) {
        // one of them is wrong: the check below reports it, or the check of the other field
      }
      return target(value);
    }

    private static FormValidation target(String value) {
      if (value.isBlank()) {
        return FormValidation.ok();
      }
      try {
        return FormValidation.ok("namespace " + TargetParser.parse(value).namespace());
      } catch (SluiceException e) {
        return FormValidation.error(FailureText.of(e));
      }
    }

    /** Asks the cluster whether it has what runs take, with what stands in the form. */
    @POST
    public FormValidation doTestConnection(
        @AncestorInPath @Nullable Item item,
        @QueryParameter String id,
        @QueryParameter String server,
        @QueryParameter String authorities,
        @QueryParameter String credentialsId,
        @QueryParameter String target) {
      FormAccess.checkMayConfigure(item);
      if (target.isBlank()) {
        return FormValidation.warning(Messages.ClusterConfig_noTarget());
      }
      if (item != null && credentialsId.isBlank()) {
        return FormValidation.error(Messages.ClusterConfig_folderNeedsCredentials());
      }
      ClusterConfig asked = new ClusterConfig(id);
      asked.setServer(server);
      asked.setAuthorities(authorities);
      asked.setCredentialsId(credentialsId);
      try {
        ClusterLogin login = CredentialsResolver.cluster(asked, item, Optional.empty());
        List<CheckResult> open = Connections.checkup(login, TargetParser.parse(target));
        String words = open.stream().map(f -> f.what() + ": " + f.detail()).collect(joining("\n"));
        return open.isEmpty()
            ? FormValidation.ok(Messages.ClusterConfig_answers())
            : open.stream().anyMatch(CheckResult::failed)
                ? FormValidation.error(words)
                : FormValidation.warning(words);
      } catch (SluiceException e) {
        return FormValidation.error(FailureText.of(e));
      }
    }
  }
}
