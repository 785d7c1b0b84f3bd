package io.jenkins.plugins.sluice.config;

import com.cloudbees.plugins.credentials.CredentialsMatcher;
import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials;
import hudson.AbortException;
import hudson.Extension;
import hudson.model.Item;
import hudson.util.FormValidation;
import io.jenkins.plugins.sluice.connect.Connections;
import io.jenkins.plugins.sluice.form.FormAccess;
import io.jenkins.plugins.sluice.form.FormText;
import io.sluice.app.run.FailureText;
import io.sluice.core.diag.SluiceException;
import java.util.Optional;
import org.jenkinsci.Symbol;
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
 * An MLflow server: where it is and as whom it is asked. Runs write to it by a Secret of their
 * cluster; what is given here is for the controller's own questions and for rollbacks.
 */
@Restricted(NoExternalUse.class)
public final class RegistryConfig extends ConfiguredService<RegistryConfig> {
  private final String uri;

  /**
   * Which jobs may change which models, as {@link ModelOwners} reads it; empty: all that may use
   * the registry. Null as read from a configuration that was saved without it.
   */
  private @Nullable String models = "";

  @DataBoundConstructor
  public RegistryConfig(@Nullable String id, @Nullable String uri) {
    super(id);
    this.uri = FormText.text(uri);
  }

  public String getUri() {
    return uri;
  }

  public String getModels() {
    return FormText.text(models);
  }

  @DataBoundSetter
  public void setModels(@Nullable String models) {
    this.models = FormText.text(models);
  }

  /**
   * Refuses a job that may not change a model: register versions, promote, roll back.
   *
   * @throws AbortException that names the jobs that may
   */
  void checkMayChange(String model, String job) throws AbortException {
    try {
      ModelOwners.parse(getModels()).check(model, job, getId());
    } catch (IllegalArgumentException e) {
      AbortException refused =
          new AbortException(
              "registry " + getId() + ": " + e.getMessage() + "; nothing may change");
      refused.initCause(e);
      throw refused;
    }
  }

  /** The form of a registry. */
  @Extension
  @Symbol("sluiceRegistry")
  public static final class DescriptorImpl extends ServiceDescriptor<RegistryConfig> {
    @Override
    public String getDisplayName() {
      return Messages.RegistryConfig_displayName();
    }

    @Override
    CredentialsMatcher matcher() {
      return CredentialsMatchers.anyOf(
          CredentialsMatchers.instanceOf(StringCredentials.class),
          CredentialsMatchers.instanceOf(StandardUsernamePasswordCredentials.class));
    }

    @POST
    public FormValidation doCheckModels(
        @AncestorInPath @Nullable Item item, @QueryParameter String value) {
      FormAccess.checkMayConfigure(item);
      try {
        return ModelOwners.parse(value).isEmpty()
            ? FormValidation.warning(Messages.RegistryConfig_anyModel())
            : FormValidation.ok();
      } catch (IllegalArgumentException e) {
        return FormValidation.error(String.valueOf(e.getMessage()));
      }
    }

    /** Asks the server for anything, with what stands in the form. */
    @POST
    public FormValidation doTestConnection(
        @AncestorInPath @Nullable Item item,
        @QueryParameter String id,
        @QueryParameter String uri,
        @QueryParameter String credentialsId) {
      FormAccess.checkMayConfigure(item);
      RegistryConfig asked = new RegistryConfig(id, uri);
      asked.setCredentialsId(credentialsId);
      try {
        Connections.registry(CredentialsResolver.registry(asked, item, Optional.empty()))
            .version("sluice-connection-test", 1);
        return FormValidation.ok(Messages.RegistryConfig_answers());
      } catch (SluiceException e) {
        return FormValidation.error(FailureText.of(e));
      }
    }
  }
}
