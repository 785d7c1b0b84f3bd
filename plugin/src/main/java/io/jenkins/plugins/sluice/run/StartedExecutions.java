package io.jenkins.plugins.sluice.run;

import io.jenkins.plugins.sluice.agent.ProcessAddress;
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
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Executions that this Jenkins started and whose end it has not seen: {@code sluice/executions/} in
 * its home, a file each. What a build leaves behind when it is gone, the {@link OrphanReaper} ends.
 */
@Restricted(NoExternalUse.class)
public final class StartedExecutions {
  private static final Logger LOGGER = Logger.getLogger(StartedExecutions.class.getName());

  /** Between the job and the number in a build's id; no job has it in its name. */
  static final String BUILD_OF = "#";

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
   * @param build its externalizable id; for a check of new data a text that is none
   * @param job full name, in whose sight credentials are
   */
  public record Entry(RunId execution, String build, String job, Place place) {}

  /** Where an execution can be reached. */
  public sealed interface Place {}

  /**
   * On a cluster.
   *
   * @param folder full name of the folder that brought the cluster; empty: Jenkins as a whole
   */
  public record OnCluster(Optional<String> folder, String cluster, String namespace)
      implements Place {}

  /** On an agent. */
  public record OnAgent(ProcessAddress process) implements Place {}

  /**
   * The content of an entry's file; its name is the id of the execution. With a process, or with a
   * cluster and its namespace.
   */
  record Note(
      String build,
      String job,
      Optional<String> folder,
      Optional<String> cluster,
      Optional<String> namespace,
      Optional<ProcessAddress> process) {
    static Note of(Entry e) {
      return switch (e.place()) {
        case OnCluster on ->
            new Note(
                e.build(),
                e.job(),
                on.folder(),
                Optional.of(on.cluster()),
                Optional.of(on.namespace()),
                Optional.empty());
        case OnAgent on ->
            new Note(
                e.build(),
                e.job(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(on.process()));
      };
    }

    Entry entry(RunId id) {
      return new Entry(
          id,
          build,
          job,
          process
              .<Place>map(OnAgent::new)
              .orElseGet(() ->
                  new OnCluster(
                      folder,
                      cluster.orElseThrow(() -> new IllegalArgumentException("no cluster")),
                      namespace.orElseThrow(() -> new IllegalArgumentException("no namespace")))));
    }
  }

  /** Before it is started: what is noted and never started costs one question. */
  public void note(Entry e) {
    file(e.execution()).write(Json.pretty(JsonCodec.write(Note.of(e))));
  }

  /** After a job or folder got another full name: its notes are those of the new name. */
  void moved(String before, String now) {
    for (Entry e : entries()) {
      Entry renamed =
          new Entry(
              e.execution(),
              renamed(e.build(), before, now),
              renamed(e.job(), before, now),
              e.place() instanceof OnCluster on
                  ? new OnCluster(
                      on.folder().map(f -> renamed(f, before, now)), on.cluster(), on.namespace())
                  : e.place());
      if (!renamed.equals(e)) {
        note(renamed);
      }
    }
  }

  /** The name of something that is called {@code before}, is in it, or is a build of it. */
  private static String renamed(String name, String before, String now) {
    return name.equals(before)
            || name.startsWith(before + "/")
            || name.startsWith(before + BUILD_OF)
        ? now + name.substring(before.length())
        : name;
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
          .map(n -> n.entry(id));
    } catch (IllegalArgumentException e) {
      LOGGER.log(Level.WARNING, e, () -> "not a note of an execution: " + name);
      return Optional.empty();
    }
  }

  private StateFile file(RunId execution) {
    return new StateFile(folder.resolve(execution + ".json"));
  }
}
