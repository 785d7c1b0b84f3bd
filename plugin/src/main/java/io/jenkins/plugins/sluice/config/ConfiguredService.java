package io.jenkins.plugins.sluice.config;

import com.cloudbees.plugins.credentials.CredentialsMatcher;
import com.cloudbees.plugins.credentials.common.StandardCredentials;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import hudson.model.AbstractDescribableImpl;
import hudson.model.Descriptor;
import hudson.model.Item;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.sluice.form.ConfiguredIds;
import io.jenkins.plugins.sluice.form.FormAccess;
import io.jenkins.plugins.sluice.form.FormText;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;

/**
 * A service that administrators configure: steps name it by its id, and the controller logs in to
 * it with credentials. Holds ids of credentials, never credentials. Jenkins saves the fields under
 * their names.
 */
@Restricted(NoExternalUse.class)
public abstract class ConfiguredService<T extends ConfiguredService<T>>
    extends AbstractDescribableImpl<T> {
  private final String id;
  private String credentialsId = "";

  /**
   * Full names of folders or jobs, one a line, that may use it; empty: all. Null as read from a
   * configuration that was saved without it.
   */
  private @Nullable String folders = "";

  ConfiguredService(@Nullable String id) {
    this.id = FormText.text(id); // a form without it sends none
  }

  public String getId() {
    return id;
  }

  public String getCredentialsId() {
    return credentialsId;
  }

  @DataBoundSetter
  public void setCredentialsId(@Nullable String credentialsId) {
    this.credentialsId = FormText.text(credentialsId);
  }

  public String getFolders() {
    return FormText.text(folders);
  }

  @DataBoundSetter
  public void setFolders(@Nullable String folders) {
    this.folders = FormText.text(folders);
  }

  /** Whether an item of this full name may use it. */
  public boolean allows(String fullName) {
    List<String> named = FormText.lines(folders);
    return named.isEmpty() || named.stream().anyMatch(f -> isIn(fullName, f));
  }

  /** Whether an item is the one of this full name, or inside of it. */
  static boolean isIn(String fullName, String folder) {
    return fullName.equals(folder) || fullName.startsWith(folder + "/");
  }

  /** What the forms of services have in common. */
  public abstract static class ServiceDescriptor<T extends ConfiguredService<T>>
      extends Descriptor<T> {
    /** The kinds of credentials that the service takes. */
    abstract CredentialsMatcher matcher();

    /** Credentials that the controller can log in with. */
    @POST
    public ListBoxModel doFillCredentialsIdItems(
        @AncestorInPath @Nullable Item item, @QueryParameter String credentialsId) {
      return FormAccess.credentials(
          item, credentialsId, StandardCredentials.class, matcher(), new StandardListBoxModel());
    }

    @POST
    public FormValidation doCheckId(
        @AncestorInPath @Nullable Item item, @QueryParameter String value) {
      FormAccess.checkMayConfigure(item);
      return ConfiguredIds.id(value);
    }

    /** An entry without folders is for every job, which those who configure it should know. */
    @POST
    public FormValidation doCheckFolders(
        @AncestorInPath @Nullable Item item, @QueryParameter String value) {
      FormAccess.checkMayConfigure(item);
      if (!FormText.lines(value).isEmpty()) {
        return FormValidation.ok();
      }
      return FormValidation.warning(
          item == null
              ? Messages.ConfiguredService_forAll()
              : Messages.ConfiguredService_forFolder(item.getFullName()));
    }
  }
}
