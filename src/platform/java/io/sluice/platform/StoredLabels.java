package io.sluice.platform;

import io.sluice.core.plan.Plan;
import io.sluice.core.record.SourceLabels;
import io.sluice.core.spec.Spec;
import io.sluice.inference.CsvTable;
import io.sluice.inference.JudgedLabels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Looks at check time into data that lies in the pipeline's folder ({@code path}): whether the
 * gate's metric can judge its labels. The data stage looks again, into data from anywhere.
 */
public final class StoredLabels {
  private StoredLabels() {}

  /**
   * Looks into every labelled source that the folder holds.
   *
   * @param now labels that are not mature by then do not count
   * @throws io.sluice.core.diag.SluiceException SLU-4036 for labels that cannot be judged; SLU-6021
   *     and SLU-6022 for what is not in the form of tables
   */
  public static void check(PipelineFolder pipeline, Spec spec, Plan plan, Instant now) {
    for (Plan.Stage stage : plan.stages()) {
      if (stage.kind() != Plan.Kind.DATA) {
        continue;
      }
      String source = stage.outputs().getFirst();
      Optional<JudgedLabels> judged =
          SourceLabels.of(stage.with()).flatMap(labels -> JudgedLabels.of(labels, now));
      if (judged.isPresent()
          && Optional.ofNullable(spec.data().get(source)).map(Spec.DataSource::origin).orElse(null)
              instanceof Spec.DataSource.Stored stored) {
        try {
          check(pipeline.folder(), stored.path(), judged.get());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static void check(Path folder, String path, JudgedLabels judged) throws IOException {
    SortedMap<String, JudgedLabels.Table> tables = new TreeMap<>();
    Path place = folder.resolve(path);
    if (Files.isRegularFile(place, LinkOption.NOFOLLOW_LINKS)) {
      tables.put(path, () -> CsvTable.open(place, path));
    } else if (Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> files = Files.walk(place)) {
        files
            .filter(f -> f.toString().endsWith(".csv"))
            .filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS))
            .forEach(f -> {
              String name = folder.relativize(f).toString();
              tables.put(name, () -> CsvTable.open(f, name));
            });
      }
    }
    for (JudgedLabels.Table table : tables.values()) {
      judged.seeAll(table);
    }
    judged.refuse(tables);
  }
}
