package io.sluice.cli;

import io.sluice.app.Pipelines;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.Visible;
import io.sluice.platform.PipelineFolder;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import io.sluice.serving.ServeSettings;
import io.sluice.serving.Service;
import io.sluice.serving.Setting;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

/** {@code sluice serve}: answers predictions over HTTP from the champion, until it is ended. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    modelTransformer = ServeCommand.Settings.class,
    header = "Answers predictions over HTTP from the champion, and follows the promotion log.",
    description = {
      "A promotion, a rollback or an override is served from the next look at the log on, without a request",
      "that fails for it. Each answer names version and log entry; the ledger keeps each prediction.",
      "docs/serving.md has requests to copy. Ctrl-C or SIGTERM ends it in order."
    },
    footer = {
      "",
      "Example:",
      "  sluice serve pipelines/rma-forecast --port 8080",
      "  curl http://127.0.0.1:8080/v2/models/rma-forecast"
    })
final class ServeCommand implements Callable<Integer> {
  /** The settings of a service as options: {@link Setting} alone knows them. */
  static final class Settings implements CommandLine.IModelTransformer {
    @Override
    public CommandSpec transform(CommandSpec spec) {
      for (Setting setting : Setting.values()) {
        boolean flag = setting.form().equals("yes|no");
        String usual = setting.initial().isEmpty() ? "" : " Default: " + setting.initial() + ".";
        spec.addOption(
            OptionSpec.builder("--" + setting.option())
                .type(String.class)
                .arity(flag ? "0..1" : "1")
                .fallbackValue(flag ? "yes" : "")
                .paramLabel(setting.form())
                .description((setting.help() + usual).replace("%", "%%"))
                .build());
      }
      return spec;
    }
  }

  @Mixin private PipelineArgument pipeline = new PipelineArgument();

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Terminal terminal;

  ServeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    PipelineFolder located = pipeline.locate();
    String model = Pipelines.open(located.tree(), located.spec()).spec().model();
    Map<Setting, String> values = new EnumMap<>(Setting.class);
    for (Setting setting : Setting.values()) {
      String value =
          spec.commandLine()
              .getParseResult()
              .matchedOptionValue(
                  "--" + setting.option(), System.getenv().getOrDefault(setting.variable(), ""));
      if (!value.isEmpty()) {
        values.put(setting, value);
      }
    }
    Path state = located.state();
    ServeSettings settings =
        ServeSettings.of(model, state, values, Runtime.getRuntime().availableProcessors());
    Diagnostic unfinished = LocalShutdown.beforeItsEnd();
    return LocalShutdown.during(terminal, unfinished, shutdown -> serve(settings, state, shutdown));
  }

  private int serve(ServeSettings settings, Path state, LocalShutdown shutdown)
      throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    try (Console console = Console.beside(terminal);
        RegistrySession session = RegistrySessions.ofThisProcess().open(state, console);
        Service service =
            Service.start(
                session.registry(),
                settings,
                String.join(" ", spec.root().version()).replace("sluice ", ""),
                terminal.out(),
                terminal.err(),
                this::say)) {
      say("serving " + settings.model() + " at " + service.address());
      shutdown.cancelBy(end::countDown);
      end.await();
      say("ending: requests that were accepted are answered");
      service.drain();
    }
    return 0;
  }

  private void say(String line) {
    synchronized (terminal) {
      terminal.err().println(Visible.line(line));
      terminal.err().flush();
    }
  }
}
