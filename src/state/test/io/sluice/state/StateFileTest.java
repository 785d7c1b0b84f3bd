package io.sluice.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file is there whole or not at all. */
class StateFileTest {
  @TempDir private Path folder;

  @Test
  void whatWasNeverWrittenIsNotThere() {
    assertThat(new StateFile(folder.resolve("deep/state.json")).text()).isEmpty();
  }

  @Test
  void theLastOneWrittenIsReadAndNothingLiesBeside() throws Exception {
    StateFile file = new StateFile(folder.resolve("deep/state.json"));
    file.write("one");
    file.write("two");
    assertThat(file.text()).contains("two");
    try (var all = Files.list(folder.resolve("deep"))) {
      assertThat(all).hasSize(1);
    }
  }

  @Test
  void aFolderThatCannotBeIsSaid() throws Exception {
    Files.writeString(folder.resolve("deep"), "a file");
    assertThatThrownBy(() -> new StateFile(folder.resolve("deep/state.json")).write("one"))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-9604");
  }
}
