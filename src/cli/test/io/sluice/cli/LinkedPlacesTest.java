package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sluice.app.SourceTree;
import io.sluice.platform.LocalSourceTree;
import io.sluice.platform.PipelineFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders, files and checkouts that are not simply there: links, and what belongs to others. */
class LinkedPlacesTest {
  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Path repository = Path.of("");
  private Path pipeline = Path.of("");
  private Path outside = Path.of("");

  @BeforeEach
  void aRepositoryWithAPipeline() throws Exception {
    repository = Files.createDirectory(folder.resolve("repository")).toRealPath();
    outside = Files.createDirectory(folder.resolve("outside")).toRealPath();
    pipeline = repository.resolve("pipeline");
    assertThat(sluice("init", pipeline.toString())).isZero();
    String spec = Files.readString(pipeline.resolve("sluice.yaml"));
    Files.writeString(
        pipeline.resolve("sluice.yaml"), spec.replace("include: [", "include: [\"tables/**\", "));
    assertThat(Files.readString(pipeline.resolve("sluice.yaml"))).contains("tables/**");
    git("init", "-q");
    Files.createDirectories(pipeline.resolve("tables"));
    Files.writeString(pipeline.resolve("tables/kept.csv"), "a\n");
    git("add", ".");
    git("commit", "-qm", "first");
    out.reset();
  }

  @Test
  void dataThatLinksIntoTheRepositoryAreFilesOfThePipeline() throws IOException {
    Path cache = Files.createDirectories(repository.resolve(".dvc/cache"));
    Files.writeString(cache.resolve("ab"), "product,week\n");
    Files.createSymbolicLink(pipeline.resolve("tables/sales.csv"), cache.resolve("ab"));
    Files.createSymbolicLink(pipeline.resolve("tables/all"), Path.of("../../.dvc/cache"));
    Files.createSymbolicLink(pipeline.resolve("tables/loop"), Path.of("."));
    LocalSourceTree tree = new LocalSourceTree(pipeline);
    assertThat(tree.files())
        .extracting(SourceTree.CodeFile::path)
        .contains("tables/sales.csv", "tables/all/ab")
        .noneMatch(p -> p.contains("loop"));
    assertThat(tree.read("tables/sales.csv"))
        .hasValueSatisfying(
            b -> assertThat(new String(b, StandardCharsets.UTF_8)).contains("week"));
    assertThat(sluice("check", pipeline.toString())).isZero();
  }

  /** An address of a remote may hold a token, and a pull request may name any file as its lock. */
  @Test
  void filesOfTheRepositoryItselfAreNoFilesOfAPipeline() throws Exception {
    git("remote", "add", "origin", "https://user:token-of-ci@forge.test/x.git");
    Files.createSymbolicLink(pipeline.resolve("tables/a.csv"), Path.of("../../.git/config"));
    assertThat(sluice("check", pipeline.toString())).isEqualTo(2);
    assertThat(text(err)).contains("SLU-9008", "tables/a.csv lies in .git of the repository");

    Files.delete(pipeline.resolve("tables/a.csv"));
    LocalSourceTree whole = new LocalSourceTree(repository);
    assertThatThrownBy(() -> whole.read(".git/config")).hasMessageContaining("SLU-9008");
    assertThat(text(err) + text(out)).doesNotContain("token-of-ci");
  }

  @Test
  void linksThatLeadOutOfTheRepositoryOrToNothingAreAllRefusedByName() throws IOException {
    Files.writeString(outside.resolve("secret"), "x");
    Files.createSymbolicLink(pipeline.resolve("tables/a.csv"), outside.resolve("secret"));
    Files.createSymbolicLink(pipeline.resolve("tables/b.csv"), Path.of("../gone"));
    Files.createSymbolicLink(pipeline.resolve("tables/more"), outside);
    assertThat(sluice("check", pipeline.toString())).isEqualTo(2);
    assertThat(text(err).lines().filter(l -> l.startsWith("error[SLU-9008]")).toList())
        .hasSize(3)
        .anyMatch(l -> l.contains("tables/a.csv is a link to " + outside.resolve("secret")))
        .anyMatch(l -> l.contains("tables/b.csv is a link to ../gone, where there is nothing"))
        .anyMatch(l -> l.contains("tables/more is a link to " + outside + ", outside of"));
    assertThat(text(err)).contains("SLUICE_ROOTS").contains("dvc pull");
  }

  @Test
  void aLinkThatNoRunTakesAlongIsNobodysBusiness() throws IOException {
    Files.createSymbolicLink(pipeline.resolve("results"), outside);
    assertThat(sluice("check", pipeline.toString())).isZero();
  }

  @Test
  void aPipelineFolderAndASpecMayBeLinks() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), pipeline);
    assertThat(sluice("check", link.toString())).isZero();
    assertThat(new LocalSourceTree(link).files()).isEqualTo(new LocalSourceTree(pipeline).files());
    assertThat(new PipelineFolder(link, PipelineFolder.SPEC).name()).isEqualTo("pipeline");
    Files.move(pipeline.resolve("sluice.yaml"), repository.resolve("shared.yaml"));
    Files.createSymbolicLink(pipeline.resolve("sluice.yaml"), Path.of("../shared.yaml"));
    assertThat(sluice("check", pipeline.toString())).isZero();
    Files.delete(pipeline.resolve("sluice.yaml"));
    Files.copy(repository.resolve("shared.yaml"), outside.resolve("spec.yaml"));
    Files.createSymbolicLink(pipeline.resolve("sluice.yaml"), outside.resolve("spec.yaml"));
    assertThat(sluice("check", pipeline.toString())).isEqualTo(2);
    assertThat(text(err)).contains("SLU-9008").contains("sluice.yaml is a link to " + outside);
  }

  @Test
  void compileDoesNotWriteThroughALinkThatLeadsOutUnlessItWasTold() throws IOException {
    Files.createSymbolicLink(pipeline.resolve("tekton"), outside);
    assertThat(sluice("compile", pipeline.toString())).isEqualTo(2);
    assertThat(text(err)).contains("SLU-9008").contains("tekton is a link to " + outside);
    assertThat(outside).isEmptyDirectory();
    assertThat(sluice("compile", "-o", outside.toString(), pipeline.toString())).isZero();
    assertThat(outside.resolve("pipeline.yaml")).exists();
    Files.delete(pipeline.resolve("tekton"));
    Files.createDirectory(repository.resolve("deploy"));
    Files.createSymbolicLink(pipeline.resolve("tekton"), Path.of("../deploy"));
    assertThat(sluice("compile", pipeline.toString())).isZero();
    assertThat(repository.resolve("deploy/pipeline.yaml")).exists();
  }

  @Test
  void aTargetIsANameAndItsFileStaysInReach() throws IOException {
    String run = folder.resolve("run.yaml").toString();
    for (String path : List.of("../x", "/etc/passwd", "targets/x.yaml")) {
      assertThat(sluice("compile", pipeline.toString(), "--on", path, "--run", run)).isEqualTo(2);
      assertThat(text(err)).contains("SLU-9031").contains(path + " is a path");
      err.reset();
    }
    Files.createDirectory(repository.resolve("targets"));
    Files.writeString(outside.resolve("x.yaml"), "namespace: x\n");
    Files.createSymbolicLink(repository.resolve("targets/x.yaml"), outside.resolve("x.yaml"));
    assertThat(sluice("compile", pipeline.toString(), "--on", "x", "--run", run)).isEqualTo(2);
    assertThat(text(err)).contains("SLU-9008");
  }

  @Test
  void stateIsNoChangeOfACheckout() throws Exception {
    assertThat(commit()).matches("[0-9a-f]{40}");
    Path state = new PipelineFolder(pipeline, PipelineFolder.SPEC).state();
    Files.writeString(Files.createDirectories(state.resolve("runs")).resolve("x"), "x");
    assertThat(state).isEqualTo(repository.resolve(".sluice"));
    assertThat(new LocalSourceTree(repository).commit().orElseThrow().recorded())
        .isEqualTo(commit())
        .matches("[0-9a-f]{40}");
    Files.writeString(pipeline.resolve("new.txt"), "x");
    assertThat(commit()).endsWith("-dirty");
  }

  @Test
  void theCommitOfACheckoutOfAnotherUserIsReadAndWhatIsNotKnownIsTold() throws Exception {
    assumeThat(System.getProperty("user.name")).as("chown needs root").isEqualTo("root");
    String own = commit();
    run("chown", "-R", "12345", repository.toString());
    assertThat(commit()).isEqualTo(own + "-unchecked");
    assertThat(new LocalSourceTree(pipeline).commitTrouble())
        .hasValueSatisfying(t -> assertThat(t).contains("dubious ownership"));
  }

  @Test
  void aFolderWithoutARepositoryHasNoCommitAndNothingToTell() {
    assertThat(new LocalSourceTree(outside).commit()).isEmpty();
    assertThat(new LocalSourceTree(outside).commitTrouble()).isEmpty();
  }

  private String commit() {
    return new LocalSourceTree(pipeline).commit().orElseThrow().recorded();
  }

  private void git(String... arguments) throws Exception {
    List<String> command =
        new java.util.ArrayList<>(
            List.of("git", "-c", "user.name=a", "-c", "user.email=a@example.org"));
    command.addAll(List.of(arguments));
    run(command.toArray(String[]::new));
  }

  private void run(String... command) throws Exception {
    Process process =
        new ProcessBuilder(command).directory(repository.toFile()).inheritIO().start();
    assertThat(process.waitFor()).isZero();
  }

  private int sluice(String... args) {
    return Main.run(args, new Terminal(stream(out), stream(err), false));
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
