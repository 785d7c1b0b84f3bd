package io.sluice.core.record;

import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/** The files without which the bundle of a registered version cannot be scored. */
public final class BundleFiles {
  /** Where a registered version keeps its bundle. */
  public static final String FOLDER = "model/";

  private static final String SIGNATURE = "signature.json";
  private static final Set<String> ALWAYS = Set.of("MLmodel", SIGNATURE);
  private static final String GRAPH = "model.onnx";

  private BundleFiles() {}

  /**
   * What a bundle lacks.
   *
   * @param paths of its files, within the bundle
   */
  public static Set<String> missing(Collection<String> paths) {
    Set<String> missing = new TreeSet<>(ALWAYS);
    if (paths.contains(FilesBundle.FILE)) {
      missing.remove(SIGNATURE); // the team's own evaluation knows what it is
    } else if (!paths.contains(PredictCommand.FILE)) {
      missing.add(GRAPH);
    }
    missing.removeAll(paths);
    return missing;
  }
}
