package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands that talk to no service load no library that does: start-up is most of what they take.
 */
class StartupClassesIT {
  private static final String PIPELINE = "pipelines/rma-forecast";

  /** Packages of libraries for clusters, registries, models, schemas, services and tests. */
  private static final List<String> NOT_LOADED =
      List.of(
          "io.fabric8.",
          "org.mlflow.",
          "org.mlflow_project.",
          "com.google.protobuf.",
          "ai.onnxruntime.",
          "software.amazon.awssdk.",
          "dev.failsafe.",
          "com.networknt.",
          "org.eclipse.jetty.",
          "org.sqlite.",
          "org.postgresql.",
          "io.prometheus.",
          "org.wiremock.",
          "com.github.tomakehurst.wiremock.",
          "wiremock.");

  @ParameterizedTest
  @ValueSource(strings = {"--version", "check " + PIPELINE, "compile " + PIPELINE})
  void loadsNoneOfThem(String command, @TempDir Path folder) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
    if (arguments.getFirst().equals("compile")) {
      arguments.addAll(List.of("--output", folder.resolve("out").toString()));
    }
    List<String> loaded = loaded(folder, arguments);

    assertThat(loaded).as("what the JVM says of its classes").contains("io.sluice.cli.Main");
    assertThat(loaded.stream().filter(StartupClassesIT::unwanted))
        .as("classes that `sluice " + command + "` loads without a need for them")
        .isEmpty();
  }

  private static boolean unwanted(String name) {
    return NOT_LOADED.stream().anyMatch(name::startsWith);
  }

  /** The names of all classes that a fresh JVM loads for a command. */
  private static List<String> loaded(Path folder, List<String> arguments)
      throws IOException, InterruptedException {
    Path log = folder.resolve("classes.log");
    Path out = folder.resolve("out.log");
    List<String> argv =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-Xlog:class+load:file=" + log + ":none",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    argv.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(argv)
            .directory(ForkedSluice.root().toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    builder.environment().put("SLUICE_STATE", folder.resolve("state").toString());
    int code = builder.start().waitFor();
    assertThat(code).as(Files.readString(out)).isZero();
    return Files.readAllLines(log).stream().map(line -> line.split(" ", 2)[0]).toList();
  }
}
