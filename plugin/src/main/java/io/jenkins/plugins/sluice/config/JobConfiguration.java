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
import jenkins.model.Jenkins;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** Which clusters and registries a job may use: its folders' first, then those of Jenkins. */
@Restricted(NoExternalUse.class)
public final class JobConfiguration {
  /**
   * A cluster for a job.
   *
   * @param folder full name of the folder that brought it, so that the controller's own account is
   *     not for it; empty: Jenkins as a whole
   */
  public record ScopedCluster(ClusterConfig cluster, Optional<String> folder) {}

  private JobConfiguration() {}

  /**
   * The cluster of this id.
   *
   * @param id empty: the only one that there is
   */
  public static ScopedCluster cluster(Item job, String id) throws AbortException {
    List<ScopedCluster> all = new ArrayList<>();
    for (AbstractFolder<?> folder : folders(job)) {
      Optional<String> its = Optional.of(folder.getFullName());
      property(folder).getClusters().stream()
          .filter(c -> c.allows(job.getFullName()))
          .forEach(c -> all.add(new ScopedCluster(c, its)));
    }
    SluiceConfiguration.get().getClusters().stream()
        .filter(c -> c.allows(job.getFullName()))
        .forEach(c -> all.add(new ScopedCluster(c, Optional.empty())));
    return pick(all, id, p -> p.cluster().getId(), "cluster", job);
  }

  /**
   * A cluster by the place of its configuration, for an execution whose job may be gone or
   * elsewhere: one of the same id in another place is another cluster.
   *
   * @param folder as of {@link ScopedCluster}
   */
  public static ScopedCluster clusterOf(Optional<String> folder, String id) throws AbortException {
    List<ClusterConfig> there = List.of();
    if (folder.isEmpty()) {
      there = SluiceConfiguration.get().getClusters();
    } else {
      @Nullable Item item = Jenkins.get().getItemByFullName(folder.get(), Item.class);
      if (item instanceof AbstractFolder<?> found) {
        there = property(found).getClusters();
      }
    }
    return there.stream()
        .filter(c -> c.getId().equals(id))
        .findFirst()
        .map(c -> new ScopedCluster(c, folder))
        .orElseThrow(() ->
            new AbortException(
                "its cluster "
                    + id
                    + folder.map(f -> " of the folder " + f).orElse("")
                    + " is no longer configured"));
  }

  /**
   * The registry of this id.
   *
   * @param id empty: the only one that there is
   */
  public static RegistryConfig registry(Item job, String id) throws AbortException {
    return pick(registries(folders(job), job), id, RegistryConfig::getId, "registry", job);
  }

  /** The registries of some of a job's folders, then those of Jenkins, that the job may use. */
  private static List<RegistryConfig> registries(List<AbstractFolder<?>> folders, Item job) {
    List<RegistryConfig> all = new ArrayList<>();
    folders.forEach(f -> all.addAll(property(f).getRegistries()));
    all.addAll(SluiceConfiguration.get().getRegistries());
    return all.stream().filter(r -> r.allows(job.getFullName())).toList();
  }

  /**
   * The registry of this id, for a job that is to change a model there.
   *
   * @param id empty: the only one that there is
   * @throws AbortException when the model is bound to other jobs
   */
  public static RegistryConfig registryToChange(Item job, String id, String model)
      throws AbortException {
    RegistryConfig registry = registry(job, id);
    registry.checkMayChange(model, job.getFullName());
    return registry;
  }

  /**
   * The registry that the runs on a cluster write to: the one that those see who configured the
   * cluster. Who configures a folder further inside cannot put another one in its place.
   */
  public static RegistryConfig registryOf(ScopedCluster place, Item job) throws AbortException {
    String id = place.cluster().getRegistry();
    return registries(outward(folders(job), place.folder(), f -> f.getFullName()), job).stream()
        .filter(r -> r.getId().equals(id))
        .findFirst()
        .orElseThrow(() ->
            new AbortException(
                "cluster "
                    + place.cluster().getId()
                    + " writes to the registry "
                    + id
                    + ", and there is none for "
                    + job.getFullName()
                    + place.folder().map(f -> " in the folder " + f + ", around it").orElse("")
                    + (place.folder().isEmpty() ? " among those of Jenkins" : " or in Jenkins")));
  }

  /**
   * Refuses a job whose run on a cluster would change a model that is bound to other jobs. The
   * cluster says which registry its runs write to.
   */
  public static void checkMayChange(Item job, ScopedCluster place, String model)
      throws AbortException {
    if (!place.cluster().getRegistry().isEmpty()) {
      registryOf(place, job).checkMayChange(model, job.getFullName());
    }
  }

  /**
   * As whom a cluster is reached; the controller's own account is not lent to that of a folder.
   *
   * @param item in whose sight credentials are looked for; null: in that of Jenkins
   * @param run the build that uses the credentials; empty in forms and when the build is gone
   */
  public static ClusterLogin login(
      ScopedCluster place, @Nullable Item item, Optional<Run<?, ?>> run) throws AbortException {
    if (place.folder().isPresent() && place.cluster().getCredentialsId().isEmpty()) {
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

  /**
   * The folders from one outward.
   *
   * @param all from the inside
   * @param from full name of the first; empty: Jenkins as a whole, which is in no folder
   */
  static <T> List<T> outward(List<T> all, Optional<String> from, Function<T, String> names) {
    return all.stream()
        .dropWhile(f -> from.isEmpty() || !names.apply(f).equals(from.get()))
        .toList();
  }

  /** The folders around a job, from the inside. */
  private static List<AbstractFolder<?>> folders(Item job) {
    List<AbstractFolder<?>> out = new ArrayList<>();
    ItemGroup<?> at = job.getParent();
    while (at instanceof AbstractFolder<?> folder) {
      out.add(folder);
      at = folder.getParent();
    }
    return out;
  }

  private static SluiceFolderProperty property(AbstractFolder<?> folder) {
    @Nullable SluiceFolderProperty property =
        folder.getProperties().get(SluiceFolderProperty.class);
    return property == null ? new SluiceFolderProperty() : property;
  }
}
