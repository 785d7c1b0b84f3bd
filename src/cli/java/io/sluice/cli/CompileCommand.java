package io.sluice.cli;

import io.sluice.app.Compilation;
import io.sluice.app.Pipelines;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.ml.Wheel;
import io.sluice.platform.PipelineFolder;
import io.sluice.platform.Reach;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice compile}: spec to Tekton objects, which are committed. */
@Command(
    name = "compile",
    mixinStandardHelpOptions = true,
    header = "Compiles a pipeline to Tekton v1, or tells that what is committed is stale.",
    description = {
      "Writes pipeline.yaml and tasks/*.yaml, the same bytes for every run: commit them; and"
          + " run.yaml,",
      "for `kubectl create -f`."
    },
    footer = {
      "",
      "Example:",
      "  sluice compile pipelines/rma-forecast",
      "  sluice compile --check pipelines/rma-forecast   # in CI: exit 2 and a diff when stale"
    })
final class CompileCommand implements Callable<Integer> {
  private static final String DEFAULT_FOLDER = "tekton";

  @Mixin private PipelineArgument pipeline = new PipelineArgument();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "DIR",
      description = "Where to write. Default: tekton/ in the pipeline's folder.")
  private @Nullable Path output;

  @Option(names = "--check", description = "Write nothing; fail with a diff when files are stale.")
  private boolean check;

  @Option(
      names = "--on",
      paramLabel = "NAME",
      description = "Write a run on the target targets/NAME.yaml, for `kubectl create -f`.")
  private @Nullable String on;

  @Option(names = "--run", paramLabel = "FILE", description = "With --on: where to write it.")
  private @Nullable Path run;

  @Option(
      names = "--profile",
      paramLabel = "NAME",
      description = "With --on: a profile of the spec.")
  private @Nullable String profile;

  @Option(names = "--run-id", paramLabel = "ID", description = "Default: made from the time.")
  private @Nullable String runId;

  private final Terminal terminal;

  CompileCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    PipelineFolder located = pipeline.locate();
    Pipelines.Opened opened = Pipelines.open(located.tree(), located.spec());
    if (on != null || run != null) {
      return writeRun(located, opened);
    }
    Map<String, String> files = Compilation.of(opened, Wheel.digest()).files();
    Path folder = output == null ? located.folder().resolve(DEFAULT_FOLDER) : output;
    if (check) {
      return compare(folder, files);
    }
    Reach reach = output == null ? located.reach() : located.reach().and(output);
    Path from = output == null ? located.folder() : output;
    for (String file : files.keySet()) {
      // a link on the way would have the files written to where it leads
      reach.check(from, folder.resolve(file));
    }
    return write(folder, files);
  }

  /** Its code must be in the target's store: it is once a run of the same code was started. */
  private int writeRun(PipelineFolder located, Pipelines.Opened opened) throws IOException {
    if (on == null || run == null) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9034",
              "--on and --run go together",
              "for example `sluice compile --on cluster --run run.yaml`"));
    }
    RunId id = RunIds.of(runId, Clock.systemUTC());
    String text =
        Compilation.of(opened, Wheel.digest())
            .runOn(
                TargetOption.read(located.folder(), on),
                id,
                Optional.ofNullable(profile),
                Optional.of(CurrentUser.name()));
    Files.writeString(run, text);
    terminal.out().println("wrote " + run + " of run " + id);
    return 0;
  }

  private int write(Path folder, Map<String, String> files) throws IOException {
    Map<String, String> present = present(folder);
    for (var e : files.entrySet()) {
      Path file = folder.resolve(e.getKey());
      if (e.getValue().equals(present.get(e.getKey()))) {
        continue;
      }
      Files.createDirectories(file.getParent());
      // Not createTempFile: it would leave the file to its writer alone.
      Path tmp = file.resolveSibling("." + file.getFileName() + ".tmp");
      Files.writeString(tmp, e.getValue());
      Files.move(tmp, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      terminal.out().println("wrote " + file);
    }
    for (String stale : new TreeSet<>(present.keySet())) {
      if (!files.containsKey(stale)) {
        Files.delete(folder.resolve(stale));
        terminal.out().println("removed " + folder.resolve(stale));
      }
    }
    return 0;
  }

  private int compare(Path folder, Map<String, String> files) throws IOException {
    Map<String, String> present = present(folder);
    TreeSet<String> names = new TreeSet<>(files.keySet());
    names.addAll(present.keySet());
    List<String> stale = new ArrayList<>();
    for (String name : names) {
      String was = present.getOrDefault(name, "");
      String is = files.getOrDefault(name, "");
      if (!was.equals(is)) {
        stale.add(name);
        terminal.out().print(LineDiff.unified(folder.resolve(name).toString(), was, is));
      }
    }
    if (stale.isEmpty()) {
      return 0;
    }
    throw new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-9015",
            "compiled files in " + folder + " are stale: " + String.join(", ", stale),
            "run `sluice compile "
                + (output == null ? "" : "-o " + output + " ")
                + pipeline.locate().folder()
                + "` and commit what it writes"));
  }

  /** The compiled files that are there; others may lie beside them, and are left alone. */
  private static Map<String, String> present(Path folder) throws IOException {
    Map<String, String> out = new TreeMap<>();
    for (Path at : List.of(folder, folder.resolve("tasks"))) {
      if (!Files.isDirectory(at)) {
        continue;
      }
      try (Stream<Path> list = Files.list(at)) {
        for (Path file : (Iterable<Path>) list.sorted()::iterator) {
          String name = file.getFileName().toString();
          boolean ours =
              at.equals(folder)
                  ? List.of("pipeline.yaml", "run.yaml").contains(name)
                  : name.startsWith("sluice-") && name.endsWith(".yaml");
          if (ours && Files.isRegularFile(file)) {
            out.put(
                folder.relativize(file).toString().replace('\\', '/'),
                new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
          }
        }
      }
    }
    return out;
  }
}
