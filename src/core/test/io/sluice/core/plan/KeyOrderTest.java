package io.sluice.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import io.sluice.core.check.Fixtures;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.SpecParser;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * The order of keys means nothing: shuffling them changes neither the spec nor a byte of its plan.
 */
class KeyOrderTest {

  static Stream<Path> good() {
    return Fixtures.all("good").stream();
  }

  @ParameterizedTest
  @MethodSource("good")
  void shufflingKeysChangesNothing(Path yaml) {
    SourceFile source = Fixtures.source(yaml);
    Spec spec = SpecParser.parse(source).orThrow();
    String plan = plan(spec);
    for (int seed = 0; seed < 50; seed++) {
      SourceFile shuffled = new SourceFile("shuffled.yaml", shuffle(source.text(), seed));
      Spec other = SpecParser.parse(shuffled).orThrow();
      assertThat(other).isEqualTo(spec);
      assertThat(plan(other)).isEqualTo(plan);
    }
  }

  /** As text, because JSON objects compare equal in any order of their keys, and bytes do not. */
  private static String plan(Spec spec) {
    return Planner.plan(
            spec,
            spec.profiles().keySet().stream().findFirst(),
            List.of(),
            path -> Optional.of(new byte[] {1}),
            Digest.of(new byte[] {2}))
        .toString();
  }

  private static String shuffle(String text, int seed) {
    Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
    Node root = yaml.compose(new java.io.StringReader(text));
    shuffle(root, new Random(seed));
    java.io.StringWriter out = new java.io.StringWriter();
    org.yaml.snakeyaml.DumperOptions options = new org.yaml.snakeyaml.DumperOptions();
    Yaml dumper = new Yaml(options);
    dumper.serialize(root, out);
    return out.toString();
  }

  private static void shuffle(Node node, Random random) {
    if (node instanceof MappingNode map) {
      List<NodeTuple> tuples = new ArrayList<>(map.getValue());
      Collections.shuffle(tuples, random);
      map.setValue(tuples);
      tuples.forEach(t -> shuffle(t.getValueNode(), random));
    } else if (node instanceof SequenceNode list) {
      list.getValue().forEach(n -> shuffle(n, random));
    }
  }
}
