package io.jenkins.plugins.sluice.config;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.common.StandardCredentials;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import com.cloudbees.plugins.credentials.common.StandardUsernamePasswordCredentials;
import hudson.Extension;
import hudson.model.AbstractDescribableImpl;
import hudson.model.Descriptor;
import hudson.model.Item;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.sluice.connect.Connections;
import io.jenkins.plugins.sluice.form.Forms;
import io.sluice.app.staged.Driver;
import io.sluice.core.diag.SluiceException;
import java.util.Optional;
import org.jenkinsci.Symbol;
import org.jenkinsci.plugins.plaincredentials.StringCredentials;
import org.jspecify.annotations.Nullable;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * An MLflow server: where it is and as whom it is asked. Runs write to it by a Secret of their
 * cluster; what is given here is for the controller's own questions and for rollbacks.
 */
public final class RegistryConfig extends AbstractDescribableImpl<RegistryConfig> {
  private final String id;
  private final String uri;

  /** A secret text (token), or a user name with password; empty: none is asked for. */
  private String credentialsId = "";

  @DataBoundConstructor
  public RegistryConfig(@Nullable String id, @Nullable String uri) {
    this.id = Forms.text(id); // a form without it sends none
    this.uri = Forms.text(uri);
  }

  public String getId() {
    return id;
  }

  public String getUri() {
    return uri;
  }

  public String getCredentialsId() {
    return credentialsId;
  }

  @DataBoundSetter
  public void setCredentialsId(@Nullable String credentialsId) {
    this.credentialsId = Forms.text(credentialsId);
  }

  /** The form of a registry. */
  @Extension
  @Symbol("sluiceRegistry")
  public static final class DescriptorImpl extends Descriptor<RegistryConfig> {
    @Override
    public String getDisplayName() {
      return Messages.RegistryConfig_displayName();
    }

    /** Credentials that a registry can be asked with. */
    @POST
    public ListBoxModel doFillCredentialsIdItems(
        @AncestorInPath @Nullable Item item, @QueryParameter String credentialsId) {
      return Forms.credentials(
          item,
          credentialsId,
          StandardCredentials.class,
          CredentialsMatchers.anyOf(
              CredentialsMatchers.instanceOf(StringCredentials.class),
              CredentialsMatchers.instanceOf(StandardUsernamePasswordCredentials.class)),
          new StandardListBoxModel());
    }

    @POST
    public FormValidation doCheckId(
        @AncestorInPath @Nullable Item item, @QueryParameter String value) {
      Forms.mayConfigure(item);
      return Forms.id(value);
    }

    /** Asks the server for anything, with what stands in the form. */
    @POST
    public FormValidation doTestConnection(
        @AncestorInPath @Nullable Item item,
        @QueryParameter String id,
        @QueryParameter String uri,
        @QueryParameter String credentialsId) {
      Forms.mayConfigure(item);
      RegistryConfig asked = new RegistryConfig(id, uri);
      asked.setCredentialsId(credentialsId);
      try {
        Connections.registry(CredentialsResolver.registry(asked, item, Optional.empty()))
            .version("sluice-connection-test", 1);
        return FormValidation.ok(Messages.RegistryConfig_answers());
      } catch (SluiceException e) {
        return FormValidation.error(Driver.words(e));
      }
    }
  }
}
