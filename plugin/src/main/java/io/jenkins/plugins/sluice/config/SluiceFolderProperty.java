package io.jenkins.plugins.sluice.config;

import com.cloudbees.hudson.plugins.folder.AbstractFolder;
import com.cloudbees.hudson.plugins.folder.AbstractFolderProperty;
import com.cloudbees.hudson.plugins.folder.AbstractFolderPropertyDescriptor;
import hudson.Extension;
import io.jenkins.plugins.sluice.form.ConfiguredIds;
import io.jenkins.plugins.sluice.form.RefusedForm;
import java.util.ArrayList;
import java.util.List;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.StaplerRequest2;

/**
 * Clusters and registries of a folder, for the jobs in it. They come before those of Jenkins as a
 * whole, and need credentials: the controller's own account is not for those who configure a
 * folder.
 */
@Restricted(NoExternalUse.class)
public final class SluiceFolderProperty extends AbstractFolderProperty<AbstractFolder<?>> {
  private List<ClusterConfig> clusters = new ArrayList<>();
  private List<RegistryConfig> registries = new ArrayList<>();

  @DataBoundConstructor
  public SluiceFolderProperty() {}

  public List<ClusterConfig> getClusters() {
    return List.copyOf(clusters);
  }

  @DataBoundSetter
  public void setClusters(@Nullable List<ClusterConfig> clusters) {
    this.clusters = ConfiguredIds.copyOf("cluster", clusters, ClusterConfig::getId);
  }

  public List<RegistryConfig> getRegistries() {
    return List.copyOf(registries);
  }

  @DataBoundSetter
  public void setRegistries(@Nullable List<RegistryConfig> registries) {
    this.registries = ConfiguredIds.copyOf("registry", registries, RegistryConfig::getId);
  }

  /** The form of a folder's clusters. */
  @Extension
  @Symbol("sluice")
  public static final class DescriptorImpl extends AbstractFolderPropertyDescriptor {
    @Override
    public String getDisplayName() {
      return Messages.SluiceFolderProperty_displayName();
    }

    /** Jenkins wraps what a setter throws into an error, and would show neither of them. */
    @Override
    public AbstractFolderProperty<?> newInstance(StaplerRequest2 req, JSONObject formData)
        throws FormException {
      try {
        return super.newInstance(req, formData);
      } catch (LinkageError | IllegalArgumentException e) {
        throw RefusedForm.of(e, "clusters");
      }
    }
  }
}
