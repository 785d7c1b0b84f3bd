package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Ids come out the same for who asks from the same place, and differ for all others. */
class IdentityTest {
  private final Identity build = new Identity("controller", "folder/job#12");

  @Test
  void theSamePlaceGivesTheSameId() {
    assertThat(build.run("7")).isEqualTo(new Identity("controller", "folder/job#12").run("7"));
  }

  @Test
  void anotherControllerBuildOrNodeGivesAnother() {
    assertThat(build.run("7"))
        .isNotEqualTo(build.run("8"))
        .isNotEqualTo(build.execution("7"))
        .isNotEqualTo(new Identity("controller", "folder/job#1").run("27"))
        .isNotEqualTo(new Identity("other", "folder/job#12").run("7"));
  }

  @Test
  void partsCannotRunIntoEachOther() {
    assertThat(new Identity("ab", "c").run("d")).isNotEqualTo(new Identity("a", "bc").run("d"));
  }
}
