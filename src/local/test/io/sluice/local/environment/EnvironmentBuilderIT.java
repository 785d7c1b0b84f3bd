package io.sluice.local.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent.SetUp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
class EnvironmentBuilderIT {
  private static final String LOCK =
      "iniconfig==2.0.0 \\\n"
          + "    --hash=sha256:2d91e135bf72d31a410b17c16da610a82cb55f6b0477d1a902134b24a455b8b3 \\\n"
          + "    --hash=sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374\n";

  @TempDir private Path cache;
  private final List<SetUp> events = Collections.synchronizedList(new ArrayList<>());

  @Test
  void buildsOnceWhoeverAsksAndAgainWhatADeadBuilderLeft() throws Exception {
    EnvironmentRequest request = request("3.11", LOCK);
    List<CompletableFuture<Path>> both = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      both.add(
          CompletableFuture.supplyAsync(() -> {
            try {
              return builder().build(request, events::add);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }));
    }
    Path folder = both.get(0).join();
    assertThat(both.get(1).join()).isEqualTo(folder);
    assertThat(events.stream().filter(e -> e.phase() == SetUp.Phase.DONE)).hasSize(1);
    Process python =
        new ProcessBuilder(
                folder.resolve("bin/python").toString(), "-c", "import iniconfig; print('here')")
            .start();
    assertThat(new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo("here\n");
    Files.delete(folder.resolve("complete.json"));
    Files.writeString(folder.resolve("half"), "built");
    builder().build(request, events::add);
    assertThat(folder.resolve("half")).doesNotExist();
  }

  @Test
  void aWrongHashNamesThePackage() {
    String broken =
        LOCK.replace("sha256:2d91", "sha256:0000").replace("sha256:b6a8", "sha256:0000");
    assertRefused(request("3.11", broken), "SLU-3011", "iniconfig==2.0.0");
  }

  @Test
  void aVersionThatDoesNotExistNamesThePackage() {
    assertRefused(request("3.11", LOCK.replace("2.0.0", "99.0")), "SLU-3012", "iniconfig==99.0");
  }

  @Test
  void aPythonThatIsNotHereNamesThoseThatAre() {
    assertRefused(request("3.99", LOCK), "SLU-3010", "Python 3.99", "found 3.");
  }

  @Test
  void aLockWithoutHashesIsRefusedBeforeAnythingIsFetched() {
    assertRefused(request("3.11", "iniconfig==2.0.0\nattrs>=1\n"), "SLU-3016", "attrs");
    assertThat(cache).isEmptyDirectory();
  }

  private void assertRefused(EnvironmentRequest request, String... parts) {
    assertThatThrownBy(() -> builder().build(request, events::add))
        .isInstanceOf(SluiceException.class)
        .message()
        .contains(parts);
    assertThat(builder().folder(request)).doesNotExist();
  }

  private EnvironmentBuilder builder() {
    return new EnvironmentBuilder(cache, System.getenv(), Clock.systemUTC());
  }

  private static EnvironmentRequest request(String python, String lock) {
    return new EnvironmentRequest("tabular", python, "tabular.lock", lock, Optional.empty());
  }
}
