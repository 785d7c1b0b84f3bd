package io.sluice.worker.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Secret as the kubelet mounts it, and the registry's variables in one. */
class MountedSecretTest {
  private static final Map<String, String> PROCESS =
      Map.of("MLFLOW_TRACKING_URI", "http://laptop", "MLFLOW_TRACKING_TOKEN", "l", "LANG", "C");

  @TempDir Path folder;
  private Path mount;

  @BeforeEach
  void aMount() throws IOException {
    mount = folder.resolve("registry");
    Files.createDirectories(mount.resolve("..2026_11_24"));
    Files.createSymbolicLink(mount.resolve("..data"), Path.of("..2026_11_24"));
  }

  private void entry(String name, String value) throws IOException {
    Files.writeString(mount.resolve("..2026_11_24").resolve(name), value);
    Files.createSymbolicLink(mount.resolve(name), Path.of("..data", name));
  }

  @Test
  void followsTheKubeletsLinksAndDropsOneLineBreakAtTheEnd() throws IOException {
    entry("a", "value\n");
    entry("b", "value\r\n");
    entry("c", "two\nlines\n\n");
    entry("d", "");
    assertThat(MountedSecret.read(mount, Set.of("a", "b", "c", "d", "absent")))
        .isEqualTo(Map.of("a", "value", "b", "value", "c", "two\nlines\n", "d", ""));
  }

  @Test
  void refusesAMisspeltEntryByNameAndNeverShowsAValue() throws IOException {
    entry("MLFLOW_TRACKING_URI", "http://server");
    entry("MLFLOW_TRACKING_TOKE", "hunter2");
    assertThatThrownBy(() -> RegistrySecret.of(Optional.of(mount), PROCESS))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-4600")
        .hasMessageContaining("MLFLOW_TRACKING_TOKE")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void aCertificateMayStandInTheSecretItself() throws IOException {
    entry("MLFLOW_TRACKING_URI", "https://server");
    entry("MLFLOW_TRACKING_SERVER_CERT_PATH", "ca.pem\n");
    entry("MLFLOW_TRACKING_CLIENT_CERT_PATH", "/etc/ssl/client.pem");
    entry("ca.pem", "-----BEGIN CERTIFICATE-----");
    assertThat(RegistrySecret.of(Optional.of(mount), PROCESS))
        .isEqualTo(
            Map.of(
                "MLFLOW_TRACKING_URI",
                "https://server",
                "MLFLOW_TRACKING_SERVER_CERT_PATH",
                mount.resolve("ca.pem").toString(),
                "MLFLOW_TRACKING_CLIENT_CERT_PATH",
                "/etc/ssl/client.pem",
                "LANG",
                "C"));
    entry("other.pem", "nobody names it");
    assertThatThrownBy(() -> RegistrySecret.of(Optional.of(mount), PROCESS))
        .hasMessageContaining("SLU-4600")
        .hasMessageContaining("other.pem");
  }

  @Test
  void refusesWhatIsTooLargeNoTextOrNoFile() throws IOException {
    entry("large", "x".repeat((64 << 10) + 1));
    assertThatThrownBy(() -> MountedSecret.read(mount, Set.of("large")))
        .hasMessageContaining("SLU-4601")
        .hasMessageContaining("large")
        .hasMessageNotContaining("xxx");
    Files.delete(mount.resolve("large"));
    Files.write(mount.resolve("binary"), new byte[] {(byte) 0xff, 0x41});
    assertThatThrownBy(() -> MountedSecret.read(mount, Set.of("binary")))
        .hasMessageContaining("SLU-4601");
    Files.delete(mount.resolve("binary"));
    Files.createDirectory(mount.resolve("folder"));
    assertThatThrownBy(() -> MountedSecret.read(mount, Set.of("folder")))
        .hasMessageContaining("SLU-4601");
  }

  @Test
  void saysWhenNothingIsMounted() {
    assertThatThrownBy(() -> MountedSecret.read(folder.resolve("absent"), Set.of()))
        .hasMessageContaining("SLU-4602");
  }

  @Test
  void aBoundSecretCountsAloneAndAnUnboundOneLeavesTheProcessItsOwn() throws IOException {
    entry("MLFLOW_TRACKING_URI", "http://cluster");
    assertThat(RegistrySecret.of(Optional.of(mount), PROCESS))
        .isEqualTo(Map.of("MLFLOW_TRACKING_URI", "http://cluster", "LANG", "C"));
    assertThat(RegistrySecret.of(Optional.empty(), PROCESS)).isEqualTo(PROCESS);
  }
}
