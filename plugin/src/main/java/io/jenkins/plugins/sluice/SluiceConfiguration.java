package io.jenkins.plugins.sluice;

import hudson.Extension;
import hudson.ExtensionList;
import java.util.ArrayList;
import java.util.List;
import jenkins.model.GlobalConfiguration;
import net.sf.json.JSONObject;
import org.jenkinsci.Symbol;
import org.jspecify.annotations.Nullable;
import org.kohsuke.stapler.DataBoundSetter;
import org.kohsuke.stapler.StaplerRequest2;

/** The clusters and registries of this Jenkins: {@code unclassified: sluice:} as code. */
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
    this.clusters = clusters == null ? new ArrayList<>() : new ArrayList<>(clusters);
    save();
  }

  public List<RegistryConfig> getRegistries() {
    return List.copyOf(registries);
  }

  @DataBoundSetter
  public void setRegistries(@Nullable List<RegistryConfig> registries) {
    this.registries = registries == null ? new ArrayList<>() : new ArrayList<>(registries);
    save();
  }

  @Override
  public boolean configure(StaplerRequest2 req, JSONObject json) {
    // a form without any cluster sends none: what was there is gone
    clusters = new ArrayList<>();
    registries = new ArrayList<>();
    req.bindJSON(this, json);
    save();
    return true;
  }
}
