package io.sluice.worker.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkspaceTest {
  @TempDir Path folder;

  /** In a pod the tuner's sidecar starts beside fetch. */
  @Test
  void aTunerThatIsThereAlreadyIsLeftAloneWhileTheWorkspaceIsCleared() throws Exception {
    Workspace workspace = new Workspace(folder.resolve("stage"));
    workspace.clear();
    Files.createDirectories(workspace.tuner().resolve("trials/0"));
    Files.writeString(workspace.tuner().resolve("tell"), "0");
    AtomicBoolean over = new AtomicBoolean();
    Thread tuner =
        Thread.ofPlatform()
            .start(() -> {
              try {
                for (int i = 0; !over.get(); i++) {
                  Path draft = workspace.tuner().resolve("alive.tmp");
                  Files.writeString(draft, Integer.toString(i));
                  Files.move(
                      draft,
                      workspace.tuner().resolve("alive"),
                      StandardCopyOption.REPLACE_EXISTING);
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      for (int i = 0; i < 300; i++) {
        workspace.clear();
      }
    } finally {
      over.set(true);
      tuner.join();
    }
    assertThat(workspace.tuner().resolve("alive")).exists();
    assertThat(workspace.tuner().resolve("trials")).doesNotExist();
    assertThat(workspace.tuner().resolve("tell")).doesNotExist();
  }
}
