package io.sluice.cli;

import io.sluice.app.Starter;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice init}: a pipeline to start from. */
@Command(
    name = "init",
    mixinStandardHelpOptions = true,
    description = "Writes a small commented pipeline that runs as it is, to start from.",
    footer = {
      "",
      "Example:",
      "  sluice init pipelines/my-model && sluice run pipelines/my-model",
      "  sluice init --kind classification pipelines/my-classifier"
    })
final class InitCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "FOLDER",
      defaultValue = ".",
      description = "A new or empty folder. Default: the current one.")
  private Path folder = Path.of(".");

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "forecast",
      description =
          "What its models are for: forecast, classification, regression, or own, which only your"
              + " own evaluation can judge. Default: forecast.")
  private String kind = "forecast";

  private final Terminal terminal;

  InitCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    Starter.Kind chosen =
        Starter.Kind.of(kind)
            .orElseThrow(() ->
                new SluiceException(
                    ExitCode.INPUT_WRONG,
                    Diagnostic.of(
                        "SLU-9010",
                        "there is no pipeline of the kind \"" + kind + "\" to start from",
                        DidYouMean.hint(Starter.Kind.words(), kind))));
    if (Files.exists(folder) && !empty(folder)) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9016",
              folder + " is not an empty folder",
              "name a new folder: init overwrites nothing"));
    }
    for (var file : Starter.files(chosen).entrySet()) {
      Path target = folder.resolve(file.getKey());
      Files.createDirectories(target.getParent());
      Files.write(target, file.getValue());
      terminal.out().println("wrote " + target);
    }
    terminal.out().println("next: sluice run " + folder);
    return 0;
  }

  private static boolean empty(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.allMatch(p -> p.getFileName().toString().equals(".git"));
    }
  }
}
