package io.sluice.ml;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;

class WheelTest {
  @Test
  void holdsThePackageAndNothingElse() throws IOException {
    List<String> names = new ArrayList<>();
    try (ZipInputStream zip = new ZipInputStream(Wheel.open())) {
      for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry()) {
        names.add(e.getName());
      }
    }

    assertThat(names)
        .contains("sluice_ml/__init__.py", "sluice_ml/panel.py", "sluice_ml/py.typed")
        .allMatch(n -> n.startsWith("sluice_ml/") || n.startsWith("sluice_ml-0.1.0.dist-info/"))
        .noneMatch(n -> n.contains("__pycache__"));
  }

  @Test
  void carriesNoTimeOfItsBuild() throws IOException {
    // one fixed time for all entries: the same sources are the same bytes tomorrow
    try (ZipInputStream zip = new ZipInputStream(Wheel.open())) {
      for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry()) {
        assertThat(e.getTimeLocal().getYear()).as(e.getName()).isEqualTo(1980);
      }
    }
  }

  @Test
  void isNamedByItsDigest() throws IOException {
    try (InputStream in = Wheel.open()) {
      assertThat(Wheel.digest()).isEqualTo(Digest.of(in.readAllBytes()));
    }
  }

  @Test
  void locksTheTunersEnvironmentByHash() {
    List<String> requirements =
        Wheel.lock("tuner").lines().filter(l -> l.matches("^[a-z].*")).toList();

    assertThat(requirements)
        .isNotEmpty()
        .allMatch(l -> l.matches("[a-z0-9-]+==[^ ]+ \\\\"))
        .anyMatch(l -> l.startsWith("optuna==5.0.0"))
        .noneMatch(l -> l.startsWith("torch"));
    assertThat(Wheel.lock("tuner")).contains("--hash=sha256:").doesNotContain("http");
  }
}
