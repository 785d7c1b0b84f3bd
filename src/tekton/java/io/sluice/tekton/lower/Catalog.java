package io.sluice.tekton.lower;

import io.sluice.core.diag.SourceFile;
import io.sluice.core.plan.Plan;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TektonObject;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** The tasks that pipelines are made of: {@code tekton-tasks/}, carried as resources. */
public final class Catalog {
  /** Puts the code into the store, before there is a run. */
  private static final String FETCH_SOURCE = "sluice-fetch-source";

  /** Every task, sorted by name: those of the kinds of stages, and the one that has none. */
  public static final List<String> NAMES =
      Stream.concat(Stream.of(FETCH_SOURCE), Stream.of(Plan.Kind.values()).map(Plan.Kind::task))
          .distinct()
          .sorted()
          .toList();

  private Catalog() {}

  /** The task of this name; throws for others than {@link #NAMES}, which is a bug of the caller. */
  public static Task task(String name) {
    String resource = resource(name);
    List<TektonObject> objects = TektonYaml.parse(new SourceFile(resource, text(name)));
    if (objects.size() == 1 && objects.getFirst() instanceof Task task) {
      return task;
    }
    throw new IllegalStateException(resource + " is not one task");
  }

  /** The task of this name as it is written in the catalog, comments included. */
  public static String text(String name) {
    String resource = resource(name);
    try (InputStream in = Catalog.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException("no task " + name + " in the catalog");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read a resource of this jar: " + resource, e);
    }
  }

  private static String resource(String name) {
    return "/tekton-tasks/" + name + "/" + name + ".yaml";
  }
}
