package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.Compilation;
import io.sluice.app.Pipelines;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.ml.Wheel;
import io.sluice.platform.LocalSourceTree;
import io.sluice.tekton.v1.TektonObject;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * What `check` passes, `compile` compiles to objects that read back; what it refuses, it refuses by
 * diagnostics. Held on good specs in which a few values were swapped, moved, removed or replaced.
 */
class CheckedSpecsCompileTest {
  private static final Path ROOT = Path.of(System.getProperty("sluice.root"));
  private static final int MUTATIONS = 400;

  /** Each is right somewhere and wrong elsewhere. */
  private static final List<Object> VALUES =
      Arrays.asList(
          null,
          "",
          " ",
          0,
          -1,
          1,
          2,
          1e300,
          true,
          "x",
          "a b",
          "-",
          "é",
          "\ud83d\ude80",
          "$(params.nope)",
          "$$",
          "a\nb",
          "x".repeat(300),
          "..",
          "../x",
          "/etc/passwd",
          "src/[",
          "src/{a",
          "**",
          "1h",
          "0s",
          "99999999999d",
          "0%",
          "100%",
          "1Ki",
          "data.returns",
          "champion.train.model",
          "preprocess.train",
          "tune.best",
          "train.model",
          "evaluate.rows",
          "xgboost",
          "tabular",
          "resolve",
          "gate",
          "tune@1",
          "evaluate@1",
          "drift@1",
          List.of(),
          List.of("x"),
          List.of("x", "x"),
          List.of(1, 0),
          Map.of(),
          Map.of("x", "y"),
          Map.of("int", List.of(1, 9)));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "test-fixtures/specs/good/full.yaml",
        "test-fixtures/specs/good/minimal.yaml",
        "pipelines/rma-forecast/sluice.yaml"
      })
  void whatIsCheckedCompilesAndWhatIsNotIsToldWhy(String good) throws IOException {
    Path file = ROOT.resolve(good);
    Path folder = good.startsWith("test-fixtures") ? file.resolve("../../tree") : file.getParent();
    LocalSourceTree tree = new LocalSourceTree(folder.normalize());
    String spec = Files.readString(file);
    Random random = new Random(20261124);
    int compiled = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      Object mutated = load(spec);
      for (int n = random.nextInt(3); n >= 0; n--) {
        mutate(mutated, random);
      }
      compiled += compiles(new WithSpec(tree, new Yaml().dump(mutated))) ? 1 : 0;
    }
    assertThat(compiled)
        .as("neither all nor none is right")
        .isBetween(MUTATIONS / 20, MUTATIONS * 19 / 20);
  }

  private static boolean compiles(WithSpec tree) {
    SortedMap<String, String> files;
    try {
      files = Compilation.of(Pipelines.open(tree, "sluice.yaml"), Wheel.digest()).files();
    } catch (SluiceException e) {
      assertThat(e.exitCode()).as(tree.spec()).isEqualTo(ExitCode.INPUT_WRONG);
      assertThat(e.diagnostics()).isNotEmpty().allMatch(CheckedSpecsCompileTest::isHelpful);
      return false;
    } catch (RuntimeException e) {
      throw new AssertionError("thrown by\n" + tree.spec(), e);
    }
    files.forEach((name, text) -> {
      List<TektonObject> objects = TektonYaml.parse(new SourceFile(name, text));
      String written = TektonYaml.write(objects);
      assertThat(TektonYaml.parse(new SourceFile(name, written))).as(name).isEqualTo(objects);
    });
    return true;
  }

  private static boolean isHelpful(Diagnostic d) {
    return !d.message().isBlank() && d.hint().isPresent() && !d.hint().get().isBlank();
  }

  private static Object load(String spec) {
    return new Yaml(new SafeConstructor(new LoaderOptions())).load(spec);
  }

  /** A place in the tree: a mapping or list, and which of its members. */
  private record Place(Object parent, Object key) {
    Object get() {
      return parent instanceof Map<?, ?> map ? map.get(key) : ((List<?>) parent).get((int) key);
    }

    @SuppressWarnings("unchecked") // what SafeConstructor makes
    void set(Object value) {
      if (parent instanceof Map<?, ?> map) {
        ((Map<Object, Object>) map).put(key, value);
      } else {
        ((List<Object>) parent).set((int) key, value);
      }
    }

    void remove() {
      if (parent instanceof Map<?, ?> map) {
        map.remove(key);
      } else {
        ((List<?>) parent).remove((int) key);
      }
    }
  }

  private static void mutate(Object root, Random random) {
    List<Place> places = new ArrayList<>();
    collect(root, places);
    Place one = places.get(random.nextInt(places.size()));
    Place other = places.get(random.nextInt(places.size()));
    switch (random.nextInt(4)) {
      case 0 -> one.remove();
      case 1 -> one.set(copy(VALUES.get(random.nextInt(VALUES.size()))));
      case 2 -> one.set(copy(other.get()));
      default -> {
        if (one.parent() instanceof Map<?, ?>) {
          Object moved = one.get();
          one.remove();
          new Place(one.parent(), random.nextBoolean() ? other.key() : one.key() + "x").set(moved);
        }
      }
    }
  }

  private static void collect(Object value, List<Place> places) {
    if (value instanceof Map<?, ?> map) {
      map.forEach((k, v) -> {
        places.add(new Place(map, k));
        collect(v, places);
      });
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        places.add(new Place(list, i));
        collect(list.get(i), places);
      }
    }
  }

  /** So that the dump has no anchors. */
  private static Object copy(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> out = new LinkedHashMap<>();
      map.forEach((k, v) -> out.put(k, copy(v)));
      return out;
    }
    return value instanceof List<?> list
        ? new ArrayList<>(list.stream().map(CheckedSpecsCompileTest::copy).toList())
        : value;
  }
}
