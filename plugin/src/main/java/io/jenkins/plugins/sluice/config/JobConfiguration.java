package io.jenkins.plugins.sluice.config;

import com.cloudbees.hudson.plugins.folder.AbstractFolder;
import hudson.AbortException;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.Run;
import io.jenkins.plugins.sluice.connect.ClusterLogin;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Which clusters and registries a job may use: its folders' first, then those of Jenkins. */
public final class JobConfiguration {
  /**
   * A cluster for a job.
   *
   * @param ofFolder whether a folder brought it, so that the controller's own account is not for it
   */
  public record ScopedCluster(ClusterConfig cluster, boolean ofFolder) {}

  private JobConfiguration() {}

  /**
   * The cluster of this id.
   *
   * @param id empty: the only one that there is
   */
  public static ScopedCluster cluster(Item job, String id) throws AbortException {
    List<ScopedCluster> all = new ArrayList<>();
    for (SluiceFolderProperty folder : folders(job)) {
      folder.getClusters().forEach(c -> all.add(new ScopedCluster(c, true)));
    }
    SluiceConfiguration.get().getClusters().stream()
        .filter(c -> c.allows(job.getFullName()))
        .forEach(c -> all.add(new ScopedCluster(c, false)));
    return pick(all, id, p -> p.cluster().getId(), "cluster", job);
  }

  /**
   * The registry of this id.
   *
   * @param id empty: the only one that there is
   */
  public static RegistryConfig registry(Item job, String id) throws AbortException {
    List<RegistryConfig> all = new ArrayList<>();
    folders(job).forEach(f -> all.addAll(f.getRegistries()));
    all.addAll(SluiceConfiguration.get().getRegistries());
    return pick(all, id, RegistryConfig::getId, "registry", job);
  }

  /**
   * As whom a cluster is reached; the controller's own account is not lent to that of a folder.
   *
   * @param item in whose sight credentials are looked for
   * @param run the build that uses the credentials; empty in forms and when the build is gone
   */
  public static ClusterLogin login(ScopedCluster place, Item item, Optional<Run<?, ?>> run)
      throws AbortException {
    if (place.ofFolder() && place.cluster().getCredentialsId().isEmpty()) {
      throw new AbortException(
          "cluster " + place.cluster().getId() + " of a folder needs credentials");
    }
    return CredentialsResolver.cluster(place.cluster(), item, run);
  }

  private static <T> T pick(List<T> all, String id, Function<T, String> ids, String what, Item job)
      throws AbortException {
    if (id.isEmpty()) {
      if (all.size() == 1) {
        return all.getFirst();
      }
      throw new AbortException(
          all.isEmpty()
              ? "no " + what + " is configured for " + job.getFullName()
              : "name the " + what + ": " + what + ": '" + ids.apply(all.getFirst()) + "', say");
    }
    Optional<T> found = all.stream().filter(t -> ids.apply(t).equals(id)).findFirst();
    if (found.isPresent()) {
      return found.get();
    }
    List<String> known = all.stream().map(ids).distinct().sorted().toList();
    throw new AbortException(
        job.getFullName()
            + " has no "
            + what
            + " "
            + id
            + (known.isEmpty() ? "" : "; it has " + String.join(", ", known)));
  }

  private static List<SluiceFolderProperty> folders(Item job) {
    List<SluiceFolderProperty> out = new ArrayList<>();
    ItemGroup<?> at = job.getParent();
    while (at instanceof AbstractFolder<?> folder) {
      SluiceFolderProperty property = folder.getProperties().get(SluiceFolderProperty.class);
      if (property != null) {
        out.add(property);
      }
      at = folder.getParent();
    }
    return out;
  }
}
