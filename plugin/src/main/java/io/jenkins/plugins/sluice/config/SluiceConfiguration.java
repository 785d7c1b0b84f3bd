package io.jenkins.plugins.sluice.config;

import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.sluice.form.ConfiguredIds;
import io.jenkins.plugins.sluice.form.RefusedForm;
import java.util.ArrayList;
import java.util.List;
import jenkins.model.GlobalConfiguration;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.StaplerRequest2;

/** The clusters and registries of this Jenkins: {@code unclassified: sluice:} as code. */
@Restricted(NoExternalUse.class)
@Extension
@Symbol("sluice")
public final class SluiceConfiguration extends GlobalConfiguration {
  private List<ClusterConfig> clusters = new ArrayList<>();
  private List<RegistryConfig> registries = new ArrayList<>();

  public SluiceConfiguration() {
    load();
  }

  public static SluiceConfiguration get() {
    return ExtensionList.lookupSingleton(SluiceConfiguration.class);
  }

  @Override
  public String getDisplayName() {
    return Messages.SluiceConfiguration_displayName();
  }

  public List<ClusterConfig> getClusters() {
    return List.copyOf(clusters);
  }

  @DataBoundSetter
  public void setClusters(@Nullable List<ClusterConfig> clusters) {
    this.clusters = ConfiguredIds.copyOf("cluster", clusters, ClusterConfig::getId);
    save();
  }

  public List<RegistryConfig> getRegistries() {
    return List.copyOf(registries);
  }

  @DataBoundSetter
  public void setRegistries(@Nullable List<RegistryConfig> registries) {
    this.registries = ConfiguredIds.copyOf("registry", registries, RegistryConfig::getId);
    save();
  }

  @Override
  public boolean configure(StaplerRequest2 req, JSONObject json) throws FormException {
    List<ClusterConfig> hadClusters = clusters;
    List<RegistryConfig> hadRegistries = registries;
    // a form without any cluster sends none: what was there is gone
    clusters = new ArrayList<>();
    registries = new ArrayList<>();
    try {
      req.bindJSON(this, json);
    } catch (IllegalArgumentException e) {
      clusters = hadClusters;
      registries = hadRegistries;
      save(); // a setter before the one that refused has saved its own
      throw RefusedForm.of(e, "clusters");
    }
    save();
    return true;
  }
}
