package io.sluice.tekton.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.core.artifact.Digest;
import io.sluice.tekton.lower.Catalog;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * What we write means the same to Kubernetes (Go's sigs.k8s.io/yaml) and to Python (PyYAML). Both
 * are prepared once, in the user's cache folder; a batch is one process.
 */
class OtherReadersIT {
  private static final Path ROOT = Path.of(System.getProperty("sluice.root"));
  private static final Path PROGRAMS =
      ROOT.resolve("src/tekton/test/io/sluice/tekton/yaml/readback");
  private static final String PYYAML = "6.0.3";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path work;

  /** A text of ours and what every reader must see in it. */
  private record Sample(String yaml, JsonNode value) {}

  @Test
  void kubernetesReadsWhatWeWrote() throws Exception {
    Assumptions.assumeTrue(
        onPath("go"), "no `go` on the PATH: what Kubernetes reads is not checked on this machine");
    check(List.of(goReader().toString()));
  }

  @Test
  void pythonReadsWhatWeWrote() throws Exception {
    check(List.of(python().toString(), PROGRAMS.resolve("readback.py").toString()));
  }

  private void check(List<String> reader) throws Exception {
    List<Sample> samples = samples();
    Path texts = work.resolve("texts.json");
    JSON.writeValue(texts.toFile(), samples.stream().map(Sample::yaml).toList());

    JsonNode values = JSON.readTree(run(reader, Map.of(), work, texts));

    assertThat(values).hasSameSizeAs(samples);
    for (int i = 0; i < samples.size(); i++) {
      assertThat(values.get(i)).as(samples.get(i).yaml()).isEqualTo(samples.get(i).value());
    }
  }

  /** Seeded: the same samples every time; and the tasks of the catalog, which people wrote. */
  private static List<Sample> samples() {
    Random random = new Random(20261123);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      Map<String, Object> tree = Values.tree(random, 4);
      samples.add(sample(YamlWriter.write(tree), tree));
    }
    for (int i = 0; i < 1_000; i++) {
      samples.add(pipeline(random));
    }
    for (String name : Catalog.NAMES) {
      Object tree = new Yaml(new SafeConstructor(new LoaderOptions())).load(Catalog.text(name));
      samples.add(sample(Catalog.text(name), tree));
      samples.add(sample(TektonYaml.write(Catalog.task(name)), tree));
    }
    return samples;
  }

  private static Sample sample(String yaml, Object value) {
    return new Sample(yaml, JSON.valueToTree(value));
  }

  /** A pipeline with hard texts wherever a user's words go. */
  private static Sample pipeline(Random random) {
    String key = "k" + Values.text(random);
    String annotation = Values.text(random);
    String description = Values.text(random);
    String text = Values.text(random);
    List<String> list = List.of(Values.text(random), Values.text(random), "x");
    Pipeline written =
        new Pipeline(
            new Metadata(
                Optional.of("p"),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Map.of(key, annotation)),
            new PipelineSpec(
                Optional.empty(),
                Optional.of(description),
                List.of(param("a", ParamValue.of(text)), param("b", ParamValue.of(list))),
                List.of(),
                List.of(),
                List.of(),
                List.of()));
    Map<String, Object> read =
        ordered(
            "apiVersion",
            "tekton.dev/v1",
            "kind",
            "Pipeline",
            "metadata",
            ordered("name", "p", "annotations", Map.of(key, annotation)),
            "spec",
            ordered(
                "description",
                description,
                "params",
                List.of(
                    ordered("name", "a", "default", text), ordered("name", "b", "default", list))));
    return sample(TektonYaml.write(written), read);
  }

  private static ParamSpec param(String name, ParamValue value) {
    return new ParamSpec(name, Optional.empty(), Optional.empty(), Optional.of(value));
  }

  private static Map<String, Object> ordered(Object... entries) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      map.put((String) entries[i], entries[i + 1]);
    }
    return map;
  }

  /** Built once for every version of the program and its dependencies. */
  private Path goReader() throws Exception {
    ByteArrayOutputStream sources = new ByteArrayOutputStream();
    for (String file : List.of("go.mod", "go.sum", "main.go")) {
      sources.write(Files.readAllBytes(PROGRAMS.resolve(file)));
    }
    String version = Digest.of(sources.toByteArray()).toString().substring("sha256:".length());
    return cached(
            "yaml-go-" + version.substring(0, 16),
            folder ->
                run(
                    List.of("go", "build", "-o", folder.resolve("readback").toString(), "."),
                    Map.of(
                        "GOFLAGS",
                        "-mod=readonly -buildvcs=false",
                        "GOTOOLCHAIN",
                        "local",
                        "CGO_ENABLED",
                        "0"),
                    PROGRAMS,
                    null))
        .resolve("readback");
  }

  private Path python() throws Exception {
    String uv = ROOT.resolve("tools/uv").toString();
    return cached(
            "yaml-python-" + PYYAML,
            folder -> {
              String venv = folder.toString();
              run(
                  List.of(
                      uv,
                      "venv",
                      "--quiet",
                      "--allow-existing",
                      "--python",
                      "3.11",
                      "--relocatable",
                      venv),
                  Map.of(),
                  ROOT,
                  null);
              run(
                  List.of(uv, "pip", "install", "--quiet", "--no-deps", "pyyaml==" + PYYAML),
                  Map.of("VIRTUAL_ENV", venv),
                  ROOT,
                  null);
            })
        .resolve("bin/python");
  }

  @FunctionalInterface
  private interface Preparation {
    void into(Path folder) throws Exception;
  }

  /** The folder of this name in the cache; prepared aside and renamed, so it is whole or absent. */
  private static Path cached(String name, Preparation preparation) throws Exception {
    String home = System.getenv("XDG_CACHE_HOME");
    Path cache =
        (home == null || home.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(home))
            .resolve("sluice");
    Path folder = cache.resolve(name);
    if (Files.isDirectory(folder)) {
      return folder;
    }
    Files.createDirectories(cache);
    Path aside = Files.createTempDirectory(cache, name + ".");
    preparation.into(aside);
    try {
      Files.move(aside, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw e;
    } catch (FileSystemException e) {
      // another build was faster; its folder is as good
      assertThat(folder).as("%s after %s", folder, e).isDirectory();
    }
    return folder;
  }

  /** What the program writes; a failure of it is a failure of the test, with its words. */
  private String run(List<String> command, Map<String, String> variables, Path folder, Path input)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(work, "out", ".txt");
    Path errors = Files.createTempFile(work, "err", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().putAll(variables);
    if (input != null) {
      builder.redirectInput(input.toFile());
    }
    Process process =
        builder.redirectOutput(output.toFile()).redirectError(errors.toFile()).start();
    // No limit: with an empty cache of Go a build takes what the machine has time for.
    assertThat(process.waitFor()).as("%s: %s", command, Files.readString(errors)).isZero();
    return Files.readString(output, StandardCharsets.UTF_8);
  }

  private static boolean onPath(String program) {
    for (String folder : System.getenv("PATH").split(java.io.File.pathSeparator, -1)) {
      if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }
}
