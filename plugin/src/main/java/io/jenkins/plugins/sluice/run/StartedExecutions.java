package io.jenkins.plugins.sluice.run;

import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.run.RunId;
import io.sluice.state.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import jenkins.model.Jenkins;

/**
 * Executions that this Jenkins started and whose end it has not seen: {@code sluice/executions/} in
 * its home, a file each. What a build leaves behind when it is gone, the {@link OrphanReaper} ends.
 */
public final class StartedExecutions {
  private static final Logger LOGGER = Logger.getLogger(StartedExecutions.class.getName());

  private final Path folder;

  StartedExecutions(Path folder) {
    this.folder = folder;
  }

  public static StartedExecutions ofJenkins() {
    return new StartedExecutions(
        Jenkins.get().getRootDir().toPath().resolve("sluice").resolve("executions"));
  }

  /**
   * An execution that may be going on.
   *
   * @param build its externalizable id
   * @param job full name, in whose sight credentials are
   */
  public record Entry(
      RunId execution, String build, String job, String cluster, String namespace) {}

  /** The content of an entry's file; its name is the id of the execution. */
  record Note(String build, String job, String cluster, String namespace) {}

  /** Before it is started: what is noted and never started costs one question. */
  public void note(Entry e) {
    file(e.execution())
        .write(
            Json.pretty(JsonCodec.write(new Note(e.build(), e.job(), e.cluster(), e.namespace()))));
  }

  /** After its end. */
  public void strike(RunId execution) {
    try {
      Files.deleteIfExists(folder.resolve(execution + ".json"));
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, e, () -> "the note of " + execution + " stays");
    }
  }

  public List<Entry> entries() {
    List<Entry> out = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(".json")) {
          entry(name.substring(0, name.length() - ".json".length())).ifPresent(out::add);
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "the notes of running executions cannot be read", e);
    }
    return List.copyOf(out);
  }

  private Optional<Entry> entry(String name) {
    try {
      RunId id = new RunId(name);
      return file(id)
          .text()
          .map(Json::parse)
          .map(o -> JsonCodec.read(o, Note.class))
          .map(n -> new Entry(id, n.build(), n.job(), n.cluster(), n.namespace()));
    } catch (IllegalArgumentException e) {
      LOGGER.log(Level.WARNING, e, () -> "not a note of an execution: " + name);
      return Optional.empty();
    }
  }

  private StateFile file(RunId execution) {
    return new StateFile(folder.resolve(execution + ".json"));
  }
}
