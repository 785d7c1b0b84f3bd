package io.sluice.serving;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.Visible;
import io.sluice.core.registry.RegistryVariables;
import io.sluice.mlflow.MlflowConfig;
import io.sluice.mlflow.MlflowRegistry;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The service alone, as an image runs it: settings from variables and options, the registry that
 * {@code MLFLOW_TRACKING_URI} names. SIGTERM ends it in order.
 */
public final class ServeMain {
  private static final String MODEL = "SLUICE_SERVE_MODEL";
  private static final String STATE = "SLUICE_SERVE_STATE";

  /** Beyond notice and grace, before the process ends in any case. */
  private static final long MORE_SECONDS = 10;

  private ServeMain() {}

  public static void main(String[] arguments) {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    PrintStream errors =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    try {
      serve(arguments, System.getenv(), out, errors);
    } catch (SluiceException e) {
      for (Diagnostic diagnostic : e.diagnostics()) {
        errors.println(diagnostic.id() + ": " + diagnostic.message());
        diagnostic.hint().ifPresent(hint -> errors.println("  " + hint));
      }
      System.exit(e.exitCode().code());
    } catch (InterruptedException e) {
      System.exit(ExitCode.INTERRUPTED.code());
    }
  }

  private static void serve(
      String[] arguments, Map<String, String> variables, PrintStream out, PrintStream errors)
      throws InterruptedException {
    ServeSettings settings =
        ServeSettings.of(
            required(variables, MODEL, "the model whose champion is served"),
            Path.of(variables.getOrDefault(STATE, "/var/lib/sluice")),
            values(arguments, variables),
            Runtime.getRuntime().availableProcessors());
    MlflowConfig registry =
        MlflowConfig.fromEnvironment(variables)
            .orElseThrow(() ->
                wrong(RegistryVariables.URI + " names no registry", "set it to MLflow's address"));
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    long patience = settings.notice().toSeconds() + settings.grace().toSeconds() + MORE_SECONDS;
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  end.countDown();
                  try {
                    var unused = ended.await(patience, TimeUnit.SECONDS);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                },
                "end"));
    // what the registry and the log hold was written by others
    Consumer<String> tell = line -> errors.println(Visible.line(line));
    try (Service service =
        Service.start(
            MlflowRegistry.connect(registry, tell),
            settings,
            "sluice-serving",
            out,
            errors,
            tell)) {
      errors.println("serving " + settings.model() + " at " + service.address());
      end.await();
      service.drain();
    } finally {
      ended.countDown();
    }
  }

  /**
   * Options {@code --name value} or {@code --name=value}; a variable counts where there is none.
   */
  static Map<Setting, String> values(String[] arguments, Map<String, String> variables) {
    Map<Setting, String> values = new EnumMap<>(Setting.class);
    for (Setting setting : Setting.values()) {
      String value = variables.getOrDefault(setting.variable(), "");
      if (!value.isEmpty()) {
        values.put(setting, value);
      }
    }
    for (int i = 0; i < arguments.length; i++) {
      String word = arguments[i];
      int equal = word.indexOf('=');
      String name = equal < 0 ? word : word.substring(0, equal);
      Setting setting =
          (name.startsWith("--")
                  ? Setting.of(name.substring(2))
                  : java.util.Optional.<Setting>empty())
              .orElseThrow(
                  () -> wrong("`" + name + "` is not an option", "docs/serving.md lists them"));
      if (equal < 0 && i + 1 == arguments.length) {
        throw wrong("`" + name + "` has no value", "it is " + setting.form());
      }
      values.put(setting, equal < 0 ? arguments[++i] : word.substring(equal + 1));
    }
    return values;
  }

  private static String required(Map<String, String> variables, String name, String what) {
    String value = variables.getOrDefault(name, "");
    if (value.isEmpty()) {
      throw wrong(name + " is not set", "name " + what);
    }
    return value;
  }

  private static SluiceException wrong(String what, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of("SLU-9204", what, hint));
  }
}
