package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.Compilation;
import io.sluice.app.Pipelines;
import io.sluice.app.SourceTree;
import io.sluice.ml.Wheel;
import io.sluice.platform.LocalSourceTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The examples' Tekton files are what the compiler makes of their specs, byte for byte. */
class CompiledExamplesTest {
  private static final Path ROOT = Path.of(System.getProperty("sluice.root"));
  private static final String SPEC = "sluice.yaml";
  private static final int SHUFFLES = 20;

  @Tag("golden")
  @TestFactory
  Stream<DynamicTest> committedFilesAreWhatTheSpecCompilesTo() throws IOException {
    return examples()
        .map(folder ->
            DynamicTest.dynamicTest(
                folder.getFileName().toString(),
                () -> {
                  SortedMap<String, String> compiled = compile(new LocalSourceTree(folder));
                  if ("write".equals(System.getProperty("goldens"))) {
                    write(folder.resolve("tekton"), compiled);
                  }
                  assertThat(committed(folder.resolve("tekton")))
                      .as(
                          "run `./sluice compile %s`, look at the diff, commit it",
                          ROOT.relativize(folder))
                      .isEqualTo(compiled);
                }));
  }

  @TestFactory
  Stream<DynamicTest> theOrderOfKeysInTheSpecMakesNoDifference() throws IOException {
    return examples()
        .map(folder ->
            DynamicTest.dynamicTest(
                folder.getFileName().toString(),
                () -> {
                  SourceTree tree = new LocalSourceTree(folder);
                  String spec = Files.readString(folder.resolve(SPEC));
                  SortedMap<String, String> expected = compile(tree);
                  Random random = new Random(20261123);
                  for (int i = 0; i < SHUFFLES; i++) {
                    String shuffled = shuffled(spec, random);
                    assertThat(compile(new WithSpec(tree, shuffled)))
                        .as("compiled from\n%s", shuffled)
                        .isEqualTo(expected);
                  }
                }));
  }

  private static SortedMap<String, String> compile(SourceTree tree) {
    return Compilation.of(Pipelines.open(tree, SPEC), Wheel.digest()).files();
  }

  private static Stream<Path> examples() throws IOException {
    try (Stream<Path> list = Files.list(ROOT.resolve("pipelines"))) {
      List<Path> found = list.filter(f -> Files.isRegularFile(f.resolve(SPEC))).sorted().toList();
      assertThat(found).isNotEmpty();
      return found.stream();
    }
  }

  private static SortedMap<String, String> committed(Path folder) throws IOException {
    SortedMap<String, String> files = new TreeMap<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> walk = Files.walk(folder)) {
        for (Path file : walk.filter(Files::isRegularFile).toList()) {
          files.put(folder.relativize(file).toString(), Files.readString(file));
        }
      }
    }
    return files;
  }

  private static void write(Path folder, SortedMap<String, String> files) throws IOException {
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = folder.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
  }

  /** The same spec with the keys of every mapping in another order; lists stay as they are. */
  private static String shuffled(String spec, Random random) {
    Object tree = new Yaml(new SafeConstructor(new LoaderOptions())).load(spec);
    return new Yaml().dump(shuffle(tree, random));
  }

  private static Object shuffle(Object value, Random random) {
    if (value instanceof Map<?, ?> map) {
      List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
      Collections.shuffle(entries, random);
      Map<Object, Object> out = new LinkedHashMap<>();
      entries.forEach(e -> out.put(e.getKey(), shuffle(e.getValue(), random)));
      return out;
    }
    return value instanceof List<?> list
        ? list.stream().map(v -> shuffle(v, random)).toList()
        : value;
  }
}
