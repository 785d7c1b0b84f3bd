package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a user sees of the audit for leaks in a whole run: a leak is refused, and what could not be
 * audited is never passed over in silence.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LeaksIT {
  private Path folder;
  private ForkedSluice sluice;
  private RegistrySession session;

  @BeforeAll
  void start(@TempDir Path temporary) {
    folder = temporary;
    sluice = new ForkedSluice(folder.resolve("state"));
    session = RegistrySessions.ofThisProcess().open(sluice.state(), event -> {});
  }

  @AfterAll
  void end() {
    session.close();
  }

  private ForkedSluice.Ended run(TinyPipeline pipeline) throws Exception {
    return sluice.run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF);
  }

  private TinyPipeline pipeline(String name, String with) throws IOException {
    return new TinyPipeline(folder.resolve(name)).model(name).audited(with);
  }

  private Version version(String model) {
    return session.registry().version(model, 1).orElseThrow();
  }

  private static void edit(TinyPipeline pipeline, String file, UnaryOperator<String> change)
      throws IOException {
    Path path = pipeline.file(file);
    String before = Files.readString(path);
    assertThat(change.apply(before)).isNotEqualTo(before);
    Files.writeString(path, change.apply(before));
  }

  /**
   * A channel that the log does not have: the same number for everyone, so that it tells nothing.
   */
  private static void addHoliday(TinyPipeline pipeline) throws IOException {
    for (String set : List.of("train", "validation", "holdout")) {
      edit(
          pipeline,
          "src/" + set + "/panel.json",
          s -> s.replace("\"shipped\"]", "\"shipped\",\"holiday\"]"));
      edit(
          pipeline,
          "src/" + set + "/panel.csv",
          s -> s.replaceFirst("\n", ",holiday\n").replaceAll(",50\n", ",50,0\n"));
    }
  }

  @Test
  void aWholeAuditPromotesWithoutAWordAboutIt() throws Exception {
    ForkedSluice.Ended run = run(pipeline("whole", ""));

    assertThat(run.out()).as(run.shown()).contains("PROMOTED whole version 1");
    assertThat(run.shown()).doesNotContain("udited for leaks");
    assertThat(version("whole").tags()).doesNotContainKey("sluice.unaudited");
  }

  @Test
  void aChannelThatTheDataLackHoldsAndIsNamed() throws Exception {
    TinyPipeline pipeline = pipeline("lacking", "");
    addHoliday(pipeline);

    ForkedSluice.Ended run = run(pipeline);

    assertThat(run.code()).as(run.shown()).isZero();
    String named = "the channel `holiday` (the snapshot has no column `holiday`)";
    assertThat(run.shown())
        .contains("HELD lacking")
        .contains("Why: the audit for leaks could not look at " + named)
        .doesNotContain("PROMOTED");
    assertThat(run.out().lines()).contains("not audited for leaks: " + named);
    // the gate is not made again, and the console says it all the same
    assertThat(run(pipeline).out().lines()).contains("not audited for leaks: " + named);
    assertThat(version("lacking").tags()).containsEntry("sluice.unaudited", named);
  }

  @Test
  void aChannelThatTheSpecCallsDerivedIsToldAndPromoted() throws Exception {
    TinyPipeline pipeline = pipeline("declared", ", derived: [holiday]");
    addHoliday(pipeline);

    ForkedSluice.Ended run = run(pipeline);

    assertThat(run.shown())
        .contains("PROMOTED declared version 1")
        .contains("Part of the audit for leaks could not be made (1 check)")
        .contains("Not audited for leaks: the channel `holiday`");
    assertThat(version("declared").tags()).containsKey("sluice.unaudited");
  }

  @Test
  void aVintageLeakIsRefusedBesideAChannelThatTheDataLack() throws Exception {
    TinyPipeline pipeline = pipeline("vintage", ", derived: [holiday]");
    addHoliday(pipeline);
    edit(
        pipeline,
        "src/holdout/panel.csv",
        s -> s.replaceFirst("(P-0,EU,[^,]*,[^,]*),[^,]*,50", "$1,77,50"));

    ForkedSluice.Ended run = run(pipeline);

    assertThat(run.code()).as(run.shown()).isEqualTo(2);
    assertThat(run.shown()).contains("SLU-6032", "holdout/panel.csv, line 2");
    assertThat(session.registry().versions("vintage")).isEmpty();
  }

  @Test
  void aByteOrderMarkNeverTurnsTheAuditOff() throws Exception {
    TinyPipeline pipeline = pipeline("mark", "");
    edit(pipeline, "src/weeks.csv", s -> "\ufeff" + s);

    ForkedSluice.Ended run = run(pipeline);

    assertThat(run.shown())
        .doesNotContain("PROMOTED")
        .containsAnyOf("HELD mark", "byte order mark");
    assertThat(session.registry().promotions("mark").entries()).isEmpty();
  }

  @Test
  void rowsOfTheHoldoutInTrainAreRefused() throws Exception {
    TinyPipeline pipeline = pipeline("seen", "");
    String holdout = Files.readString(pipeline.file("src/holdout/rows.csv"));
    edit(pipeline, "src/train/rows.csv", s -> s + holdout.substring(holdout.indexOf('\n') + 1));

    ForkedSluice.Ended run = run(pipeline);

    assertThat(run.code()).as(run.shown()).isEqualTo(2);
    assertThat(run.shown()).contains("SLU-6045", "also a label of the holdout");
    assertThat(session.registry().versions("seen")).isEmpty();
  }
}
