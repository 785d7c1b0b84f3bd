package io.jenkins.plugins.sluice.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.app.run.RunDefinition;
import io.sluice.app.run.RunState;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a build keeps of a run comes back after a restart. */
class RunFolderTest {
  @TempDir private Path build;

  @Test
  void aBuildWithoutARunHasNothing() {
    RunFolder folder = new RunFolder(build.resolve("sluice/j-1"));
    assertThat(folder.state()).isEmpty();
    assertThat(folder.record()).isEmpty();
    assertThat(folder.snapshot().files()).isEmpty();
  }

  @Test
  void theSourceComesBackByPath() {
    TreeMap<String, byte[]> files = new TreeMap<>();
    files.put("sluice.yaml", "model: m".getBytes(StandardCharsets.UTF_8));
    files.put("envs/tabular.lock", "a==1".getBytes(StandardCharsets.UTF_8));
    new RunFolder(build.resolve("sluice/j-1")).keepSource(files);
    var tree = new RunFolder(build.resolve("sluice/j-1")).snapshot();
    assertThat(tree.files())
        .extracting(f -> f.path())
        .containsExactly("envs/tabular.lock", "sluice.yaml");
    assertThat(tree.read("envs/tabular.lock"))
        .hasValueSatisfying(b -> assertThat(b).asString().isEqualTo("a==1"));
  }

  @Test
  void whereARunOnAnAgentGoesOnComesBack() {
    RunFolder folder = new RunFolder(build.resolve("sluice/j-1"));
    assertThat(folder.workspace()).isEmpty();
    folder.keepWorkspace(new AgentWorkspace("agent-1", "/home/j/workspace/\"a b\""));
    RunFolder back = new RunFolder(build.resolve("sluice/j-1"));
    assertThat(back.workspace())
        .contains(new AgentWorkspace("agent-1", "/home/j/workspace/\"a b\""));
    assertThat(back.run()).isEqualTo(new RunId("j-1"));
    assertThat(new AgentWorkspace("", "/w").toString()).isEqualTo("on the built-in node in /w");
  }

  @Test
  void aRunOfAnotherBuildIsTakenOverWhole() throws Exception {
    TreeMap<String, byte[]> files = new TreeMap<>();
    files.put("sluice.yaml", "model: m".getBytes(StandardCharsets.UTF_8));
    RunFolder original = new RunFolder(build.resolve("1/sluice/j-1"));
    original.keepSource(files);
    RunDefinition order =
        new RunDefinition(
            new RunId("j-1"),
            "sluice.yaml",
            "m",
            Optional.empty(),
            Instant.EPOCH,
            Optional.of("alex"),
            Optional.empty(),
            false,
            Digest.of("code"),
            "target");
    original.save(RunState.opened(order, List.of("a=b")));
    RunFolder own = new RunFolder(build.resolve("2/sluice/j-1"));
    own.adopt(original, original.state().orElseThrow().adopted(Optional.of("robin")));
    assertThat(own.snapshot().files()).hasSize(1);
    assertThat(own.state().orElseThrow().definition().who()).contains("robin");
    assertThat(own.state().orElseThrow().settings()).containsExactly("a=b");
    assertThat(own.state().orElseThrow().definition().run()).isEqualTo(new RunId("j-1"));
  }

  @Test
  void nothingIsKeptOutsideOfTheFolder() {
    TreeMap<String, byte[]> files = new TreeMap<>();
    files.put("../../config.xml", new byte[0]);
    assertThatThrownBy(() -> new RunFolder(build.resolve("sluice/j-1")).keepSource(files))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatWasShownComesBack() {
    RunFolder folder = new RunFolder(build.resolve("sluice/j-1"));
    var seen = folder.logPosition(new RunId("x-1"));
    folder.saveLogPosition(new RunId("x-1"), seen);
    assertThat(folder.logPosition(new RunId("x-1")).json()).isEqualTo(seen.json());
  }
}
